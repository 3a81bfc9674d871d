"""What is shared: the clip, the note in its file, layout and photo side by side; and how live mode keeps up."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from app.state.clip import MAX_BYTES, clip_file, side_by_side, there_and_back
from app.state.notes import note_of, with_note
from app.state.pace import FEWEST, LIVE_SECONDS, Pace
from app.state.photos import png_bytes
from app.state.sentences import sentence


def test_a_clip_goes_to_the_layout_and_back_and_rests_at_both_ends() -> None:
    moments = np.stack([np.full((4, 6, 3), v, np.uint8) for v in (0, 100, 200)])
    grey = there_and_back(moments)[:, 0, 0, 0].astype(int)
    assert len(grey) == 36 and (grey[:6] == 0).all() and (grey[18:24] == 200).all()
    assert (np.diff(grey[5:19]) > 0).all() and np.array_equal(grey[24:], grey[6:18][::-1])
    assert grey[6] == round(200 / 13)  # between two moments: a blend


def test_a_clip_of_a_photo_is_as_large_as_the_photo() -> None:
    """Pixel by pixel a WebP of a photo's grain has several times the bytes that a clip may have."""
    grain = np.random.default_rng(0).normal(0, 6, (1, 512, 512, 3))
    slope = np.linspace(60, 200, 512)[None, None, :, None]
    photo = np.clip(slope + grain, 0, 255).astype(np.uint8)
    moments = np.concatenate([photo, np.full_like(photo, 90)])
    data = clip_file(there_and_back(moments), "webp")
    with Image.open(io.BytesIO(data)) as clip:
        assert clip.size == (512, 512) and getattr(clip, "n_frames", 1) > 20 and len(data) <= MAX_BYTES
        difference = np.abs(np.asarray(clip.convert("RGB")).astype(float) - photo[0])
        assert difference.mean() < 8


def test_a_clip_is_small_enough_even_of_noise() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 320, 320, 3), np.uint8)
    data = clip_file(noise, "gif")
    with Image.open(io.BytesIO(data)) as clip:
        assert len(data) <= MAX_BYTES and 128 <= clip.height < 320 and getattr(clip, "n_frames", 1) == 40


def test_pictures_carry_their_note() -> None:
    picture, note = np.full((4, 4, 3), 9, np.uint8), note_of("faces", 7)
    assert "model faces, seed 7" in note and "research only" in note and "seed" not in note_of("faces", None)
    with Image.open(io.BytesIO(with_note(png_bytes(picture), note))) as png:
        assert np.array_equal(np.asarray(png), picture) and png.info["Comment"] == note
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "GIF")
    with Image.open(io.BytesIO(with_note(buffer.getvalue(), note))) as gif:
        gif.load()
        assert note.encode() in buffer.getvalue() + with_note(buffer.getvalue(), note) and gif.size == (4, 4)
    assert with_note(b"anything else", note) == b"anything else"


def test_layout_and_photo_stand_side_by_side() -> None:
    both = side_by_side(np.zeros((2, 4, 3), np.uint8), np.full((4, 8, 3), 255, np.uint8))
    assert both.shape == (4, 16, 3) and not both[:, :8].any() and (both[:, 8:] == 255).all()


def test_live_mode_takes_the_steps_that_the_machine_can() -> None:
    pace = Pace()
    assert pace.live_steps(25) == 25  # nothing is known yet
    for seconds in (1.0, 1.0, 50.0):  # one that was disturbed does not count
        pace.note(seconds, steps=1)
    assert pace.live_steps(25) == int(LIVE_SECONDS) and pace.live_steps(4) == 4
    for _ in range(3):
        pace.note(100.0, steps=1)
    assert pace.live_steps(25) == FEWEST


def test_a_file_keeps_its_name_in_a_sentence() -> None:
    assert sentence(ValueError("bad.png is not a picture")) == "bad.png is not a picture."
    assert sentence(ValueError("the seed is -1.")) == "The seed is -1."
