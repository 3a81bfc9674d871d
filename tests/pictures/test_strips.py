"""Large photos are worked through in strips: the same pixels, in bounded memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.pictures import files, layouts, photos, planes, strips
from semflow_core.pictures.files import ORIENTATION
from semflow_core.pictures.photos import open_photo

from .memory import IN_PROC, check_memory
from .samples import encoded

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Whether both are there and equal."""
    return one is not None and other is not None and np.array_equal(one, other)


def varied(photo: np.ndarray, mode: str) -> Image.Image:
    """A photo in a mode of Pillow's."""
    if mode == "I;16":
        return Image.fromarray(photo[..., 0].astype(np.uint16) * 257)
    if mode == "RGBA":
        return Image.fromarray(np.dstack([photo, photo[..., 1]]))
    return Image.fromarray(photo).convert(mode)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_strips_give_the_pixels_of_the_whole(
    photo: np.ndarray, mode: str, turn: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    picture = varied(photo[:-11], mode)  # higher than wide would hide a wrong axis
    file = encoded(picture, "PNG", exif=exif)
    monkeypatch.setattr(strips, "ROWS", 7)
    opened = open_photo(file)
    shown = strips.turned(picture, turn)
    if mode in ("LA", "RGBA"):
        rgba = shown.convert("RGBA")
        expected = np.asarray(Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB"))
        assert same(opened.own, np.asarray(rgba))
    elif mode == "I;16":
        expected = np.asarray(strips.turned(Image.fromarray(photo[:-11, :, 0]), turn).convert("RGB"))
    else:
        expected = np.asarray(shown.convert("RGB"))
    assert np.array_equal(opened.pixels, expected)
    assert opened.own is opened.pixels or mode in ("RGBA", "LA", "I;16")


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_strips_of_a_reduced_photo_meet(photo: np.ndarray, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = encoded(varied(photo[:-1, :-1], mode))
    monkeypatch.setattr(files, "MAX_SIDE", 30)
    whole = open_photo(file)
    monkeypatch.setattr(strips, "ROWS", 8)
    in_strips = open_photo(file)
    assert in_strips.pixels.shape == whole.pixels.shape != photo.shape
    assert np.array_equal(in_strips.pixels, whole.pixels) and same(in_strips.own, whole.own)
    size = "{}x{}".format(*whole.pixels.shape[1::-1])
    assert whole.note == f"It has {photo.shape[1] - 1}x{photo.shape[0] - 1} pixels and was reduced to {size}."


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_large_webp_has_the_pixels_that_pillow_gives_it(
    photo: np.ndarray, mode: str, lossless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = encoded(varied(photo, mode), "WEBP", lossless=lossless, exact=True, icc_profile=SRGB)
    small = open_photo(file)
    monkeypatch.setattr(files, "LARGE", 0)
    large = open_photo(file)
    assert np.array_equal(large.pixels, small.pixels) and same(large.own, small.own)
    assert large.space == small.space and large.space.profile == SRGB
    with pytest.raises(InputError, match="damaged or cut off|not a picture that can be read"):
        open_photo(file[: len(file) // 2])


def test_a_large_jpeg_2000_is_halved_where_it_has_levels(photo: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    smooth = Image.fromarray(photo).resize((96, 64), Image.Resampling.BICUBIC)
    monkeypatch.setattr(files, "JP2_MOST", 1000)
    opened = open_photo(encoded(smooth, "JPEG2000"))
    assert opened.pixels.shape == (32, 48, 3)
    assert opened.note == "It has 96x64 pixels and was reduced to 48x32."
    assert open_photo(encoded(smooth, "JPEG2000", num_resolutions=1)).pixels.shape == (64, 96, 3)


def test_a_sample_tells_large_photos_and_layouts_apart(photo: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    palette = load_palette("celebamask_hq")
    ids = np.zeros((96, 64), np.uint8)
    ids[20:70, 10:50], ids[70:] = palette.ids[2], palette.ids[5]
    for pixels in (ids, palette.colorize(ids), ids.astype(np.uint16) * 257):
        file = encoded(Image.fromarray(pixels))
        monkeypatch.setattr(planes, "SAMPLE", 10**6)
        whole = layouts.read_layout(file, palette)
        monkeypatch.setattr(planes, "SAMPLE", 500)
        assert layouts.is_layout(file, palette)
        assert np.array_equal(layouts.read_layout(file, palette), whole)  # which takes all of it
    assert not layouts.is_layout(encoded(Image.fromarray(photo)), palette)


def test_a_photo_out_of_bounds_is_no_layout_and_no_error() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (63, 84, 3), np.uint8)
    large = Image.fromarray(noise).resize((8064, 6048))
    palette, file = load_palette("celebamask_hq"), encoded(large, "JPEG", quality=50)
    assert not layouts.is_layout(file, palette)
    assert photos.open_photo(file).pixels.shape == (3024, 4032, 3)


@pytest.mark.slow
@IN_PROC
@pytest.mark.parametrize(
    "name, mode, options",
    [
        ("a.jpg", "RGB", {"quality": 80}),
        ("a.png", "RGBA", {"compress_level": 1}),
        ("a.webp", "RGBA", {"method": 0}),
        ("a.avif", "RGB", {"speed": 10}),
        ("a.bmp", "P", {}),
    ],
)
def test_40_megapixels_take_bounded_memory(name: str, mode: str, options: dict[str, Any], tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (54, 73, 4), np.uint8)
    picture = Image.fromarray(noise).resize((7300, 5400), Image.Resampling.NEAREST)
    picture = picture if mode == "RGBA" else picture.convert("RGB").convert(mode)
    picture.save(tmp_path / name, **options)
    opened = "0 if is_layout(sys.argv[1], palette) else open_photo(sys.argv[1]).pixels.shape[0]"
    check_memory(tmp_path / name, opened)


def test_a_photo_without_its_colour_table_is_refused_in_a_sentence(photo: np.ndarray) -> None:
    file = encoded(varied(photo, "P"))
    at = file.index(b"PLTE")
    without = file[: at - 4] + file[at + 8 + int.from_bytes(file[at - 4 : at], "big") :]
    with pytest.raises(InputError, match="has a damaged colour table"):
        open_photo(without)
