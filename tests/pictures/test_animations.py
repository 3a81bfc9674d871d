from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image, ImageSequence

from semflow_core.errors import InputError
from semflow_core.pictures.animations import write_frames
from semflow_core.pictures.photos import read_photo


@pytest.fixture
def frames(photo: np.ndarray) -> np.ndarray:
    """(7, 40, 56, 3): a photo that darkens."""
    return np.stack([photo // (i + 1) for i in range(7)])


@pytest.mark.parametrize("suffix, tolerance", [(".gif", 12), (".webp", 0)])
def test_animations_by_pillow(frames: np.ndarray, tmp_path: Path, suffix: str, tolerance: float) -> None:
    write_frames(tmp_path / f"a{suffix}", frames, fps=10)
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert len(list(ImageSequence.Iterator(image))) == 7 and image.info["loop"] == 0
        for i, frame in enumerate(frames):
            image.seek(i)
            assert np.abs(np.asarray(image.convert("RGB")).astype(int) - frame).mean() <= tolerance
            assert image.info["duration"] == 100


def test_what_a_gif_shows_again_has_its_colors_chosen_once(
    frames: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, convert = [], Image.Image.convert

    def count(image: Image.Image, *mode: Any, **how: Any) -> Image.Image:
        if how.get("palette") == Image.Palette.ADAPTIVE:
            chosen.append(image.size)
        return convert(image, *mode, **how)

    monkeypatch.setattr(Image.Image, "convert", count)
    write_frames(tmp_path / "a.gif", np.concatenate([frames, frames[::-1]]))
    assert len(chosen) == 7
    with Image.open(tmp_path / "a.gif") as image:
        assert sum(f.info["duration"] for f in ImageSequence.Iterator(image)) == 14 * 80


def test_animations_as_mp4(frames: np.ndarray, tmp_path: Path) -> None:
    write_frames(tmp_path / "a.mp4", frames, fps=10)
    with av.open(str(tmp_path / "a.mp4")) as container:
        (stream,) = container.streams.video
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p"), "what browsers play"
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "plays before it is all there"
    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    read = []
    while (got := capture.read())[0]:
        read.append(got[1][..., ::-1])
    assert np.stack(read).shape == frames.shape
    assert np.abs(np.stack(read).astype(int) - frames).mean() < 12


def test_a_video_of_odd_sides_loses_one_row_and_column(frames: np.ndarray, tmp_path: Path) -> None:
    write_frames(tmp_path / "a.mp4", frames[:, :39, :55], fps=12.5)
    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert capture.read()[1].shape == (38, 54, 3)


def test_animations_as_a_zip(frames: np.ndarray, tmp_path: Path) -> None:
    write_frames(tmp_path / "a.zip", frames)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == [f"{i:03d}.png" for i in range(7)]
        assert np.array_equal(np.stack([read_photo(archive.read(n)) for n in archive.namelist()]), frames)


def test_animations_as_a_folder(frames: np.ndarray, tmp_path: Path) -> None:
    write_frames(tmp_path / "frames", frames)
    names = sorted(os.listdir(tmp_path / "frames"))
    assert names == [f"{i:03d}.png" for i in range(7)]
    assert np.array_equal(np.stack([read_photo(tmp_path / "frames" / n) for n in names]), frames)
    with pytest.raises(InputError, match="is not empty"):
        write_frames(tmp_path / "frames", frames)
    assert os.listdir(tmp_path) == ["frames"]
