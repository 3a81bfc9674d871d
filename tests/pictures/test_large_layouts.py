"""Large layouts are read in strips: the same classes, in bounded memory and time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.pictures import colours, layouts, pixels, strips
from semflow_core.pictures.files import ORIENTATION
from semflow_core.pictures.values import color_map

from .memory import IN_PROC, check_memory
from .samples import encoded

KINDS = ["RGB", "RGBA", "L", "P", "16 bits", "JPEG", "exchanged", "packed anew", "VOC", "equal"]


@pytest.mark.parametrize("turn", [1, 3, 6])
@pytest.mark.parametrize("kind", KINDS)
def test_strips_give_the_layout_of_the_whole(kind: str, turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    palette, exif = load_palette("celebamask_hq"), Image.Exif()
    exif[ORIENTATION] = turn
    ids = np.random.default_rng(3).choice(palette.ids[:9], (3, 4)).repeat(18, 0).repeat(18, 1)
    colors = palette.colorize(ids)
    alpha = np.where(np.arange(54)[:, None] + np.arange(72) < 30, 0, 255).astype(np.uint8)
    pictures = {
        "RGB": colors,
        "RGBA": np.dstack([colors, alpha]),
        "L": ids,
        "P": ids,
        "16 bits": ids.astype(np.uint16) * 257,
        "JPEG": colors,
        "exchanged": colors[..., ::-1],
        "packed anew": colors,
        "VOC": color_map().colors[ids],
        "equal": np.dstack([ids] * 3),
    }
    picture = Image.fromarray(np.ascontiguousarray(pictures[kind]))
    if kind == "P":
        picture.putpalette(palette.color_of_id.tobytes())
    picture = picture.quantize(64) if kind == "packed anew" else picture
    file = encoded(picture, "JPEG" if kind == "JPEG" else "PNG", exif=exif)
    upright = np.where(alpha, ids, palette.background) if kind == "RGBA" else ids
    upright = np.asarray(strips.turned(Image.fromarray(upright.astype(np.uint8)), turn))
    whole = layouts.open_layout(file, palette)
    monkeypatch.setattr(strips, "ROWS", 7)
    in_strips = layouts.open_layout(file, palette)
    assert np.array_equal(in_strips.labels, whole.labels) and in_strips.note == whole.note
    assert in_strips.labels.dtype == np.uint8 and (in_strips.labels == upright).mean() >= (0.9 if kind == "JPEG" else 1)
    assert ("lie between two colours" in whole.note) == (kind == "JPEG")  # which look at the rows of other strips


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_a_histogram_counts_what_numpy_counts(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.random.default_rng(0).integers(0, 200, (40, 30)).astype(dtype)
    monkeypatch.setattr(pixels, "PIECE", 77)
    for mine, numpys in zip(pixels.histogram(numbers), np.unique(numbers, return_counts=True)):
        assert np.array_equal(mine, numpys)


def test_a_large_photo_is_refused_as_a_layout_by_some_of_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    palette, rng = load_palette("celebamask_hq"), np.random.default_rng(0)
    noise, ids = rng.integers(0, 255, (64, 96, 3), np.uint8), rng.choice(palette.ids[:5], (4, 6))
    layout = palette.colorize(ids.repeat(16, 0).repeat(16, 1))
    monkeypatch.setattr(colours, "LARGE", 1000)
    monkeypatch.setattr(colours, "SOME", 1500)
    looks = list[int]()
    count = colours.color_counts
    monkeypatch.setattr(colours, "color_counts", lambda rgb: looks.append(rgb.shape[0] * rgb.shape[1]) or count(rgb))
    with pytest.raises(InputError, match="has colours that are no class of celebamask_hq, on .* far from any"):
        layouts.open_layout(encoded(Image.fromarray(noise)), palette)
    assert len(looks) == 1 and looks[0] == 704
    read = layouts.open_layout(encoded(Image.fromarray(layout)), palette)
    assert np.array_equal(palette.colorize(read.labels), layout) and looks[1:] == [704, 6144]


def test_a_layout_without_its_colour_table_is_refused_in_a_sentence(photo: np.ndarray) -> None:
    file = encoded(Image.fromarray(photo).convert("P"))
    at = file.index(b"PLTE")
    without = file[: at - 4] + file[at + 8 + int.from_bytes(file[at - 4 : at], "big") :]
    with pytest.raises(InputError, match="has a damaged colour table"):
        layouts.open_layout(without, load_palette("celebamask_hq"))


@pytest.mark.slow
@IN_PROC
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "I;16"])
def test_a_layout_of_40_megapixels_takes_bounded_memory(mode: str, tmp_path: Path) -> None:
    palette = load_palette("celebamask_hq")
    ids = np.random.default_rng(0).choice(palette.ids, (54, 73))
    small = Image.fromarray(np.dstack([palette.colorize(ids), ids * 0 + 255]) if mode == "RGBA" else ids)
    small = Image.fromarray(palette.colorize(ids)) if mode == "RGB" else small
    picture = small.resize((7300, 5400), Image.Resampling.NEAREST)
    if mode == "P":
        picture.putpalette(palette.color_of_id.tobytes())
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture).astype(np.uint16))
    picture.save(tmp_path / "a.png", compress_level=1)
    check_memory(tmp_path / "a.png", "open_layout(sys.argv[1], palette).labels.shape[0]")
