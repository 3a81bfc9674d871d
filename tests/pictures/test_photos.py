from __future__ import annotations

import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from semflow_core.errors import InputError
from semflow_core.pictures.photos import read_photo

from .samples import encoded, png_header

GOOD = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)))


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_photos_are_read_exactly(photo: np.ndarray, format: str) -> None:
    assert np.array_equal(read_photo(encoded(Image.fromarray(photo), format)), photo)


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_lossy_photos_are_read_nearly(photo: np.ndarray, format: str) -> None:
    read = read_photo(encoded(Image.fromarray(photo), format, quality=95))
    assert np.abs(read.astype(int) - photo).mean() < 4


def test_a_photo_is_read_from_a_path_too(photo: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(photo).save(tmp_path / "a.png")
    assert np.array_equal(read_photo(tmp_path / "a.png"), photo)
    read_photo(str(tmp_path / "a.png"))[0, 0] = 0  # writable: callers may draw on it


@pytest.mark.parametrize(
    "orientation, undo",
    [
        (1, lambda a: a),
        (2, np.fliplr),
        (3, lambda a: np.rot90(a, 2)),
        (6, lambda a: np.rot90(a, -1)),
        (8, np.rot90),
    ],
)
def test_the_cameras_rotation_is_applied(photo: np.ndarray, orientation: int, undo) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = read_photo(encoded(Image.fromarray(photo), "PNG", exif=exif))
    assert np.array_equal(read, undo(photo))


def test_transparency_lies_on_white(photo: np.ndarray) -> None:
    alpha = np.full(photo.shape[:2], 255, np.uint8)
    alpha[:20] = 0
    alpha[20:30] = 128
    read = read_photo(encoded(Image.fromarray(np.dstack([photo, alpha]))))
    assert (read[:20] == 255).all()
    assert np.array_equal(read[30:], photo[30:])
    half = photo[20:30] * (128 / 255) + 255 * (127 / 255)
    assert np.abs(read[20:30] - half).max() <= 1


def test_a_palette_pictures_transparent_colour_is_white() -> None:
    image = Image.fromarray(np.repeat([[0, 1]], 16, axis=0).repeat(8, axis=1).astype(np.uint8))
    image.putpalette([255, 0, 0, 0, 0, 255])
    read = read_photo(encoded(image, transparency=0))
    assert (read[:, :8] == 255).all() and (read[:, 8:] == [0, 0, 255]).all()


@pytest.mark.parametrize("mode", ["L", "LA", "1", "CMYK", "YCbCr", "P", "RGBA"])
def test_every_mode_becomes_rgb(photo: np.ndarray, mode: str) -> None:
    format = {"CMYK": "TIFF", "YCbCr": "JPEG"}.get(mode, "PNG")
    read = read_photo(encoded(Image.fromarray(photo).convert(mode), format))
    assert read.shape == photo.shape and read.dtype == np.uint8


def test_cmyk_jpegs_keep_their_colours(photo: np.ndarray) -> None:
    read = read_photo(encoded(Image.fromarray(photo).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(read.astype(int) - photo).mean() < 10


def test_sixteen_bits_become_eight(photo: np.ndarray) -> None:
    grey = photo[..., 0]
    read = read_photo(encoded(Image.fromarray(grey.astype(np.uint16) * 257)))
    assert np.array_equal(read, np.dstack([grey] * 3))
    color = cv2.imencode(".png", photo[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    assert np.array_equal(read_photo(color), photo)


def test_floating_point_photos_are_refused() -> None:
    with pytest.raises(InputError, match="floating-point"):
        read_photo(encoded(Image.fromarray(np.zeros((16, 16), np.float32)), "TIFF"))


def test_damaged_exif_does_not_cost_the_picture(photo: np.ndarray) -> None:
    assert np.array_equal(read_photo(encoded(Image.fromarray(photo), "PNG", exif=b"Exif\0\0nonsense")), photo)


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "is not a picture"),
        (b"hello", "is not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "is not a picture"),
        (GOOD[:20], "is not a picture"),
        (GOOD[: len(GOOD) // 2], "damaged or cut off"),
        (GOOD[:100] + b"\0" * 50 + GOOD[150:], "damaged or cut off"),
        (encoded(Image.new("RGB", (1, 1))), "1x1 pixels; both sides must be at least 16"),
        (encoded(Image.new("RGB", (15, 64))), "15x64 pixels"),
        (png_header(10_000, 10_000), "10000x10000 pixels; the most is"),  # warned of by Pillow
        (png_header(20_000, 20_000), "more pixels than can be handled"),  # refused by Pillow
        (png_header(20_000, 20), "20000x20 pixels; the most is 8192 per side"),
    ],
    ids=[
        "empty",
        "text",
        "postscript",
        "half-a-header",
        "cut-off",
        "damaged",
        "1x1",
        "narrow",
        "100-megapixels",
        "400-megapixels",
        "wide",
    ],
)
def test_bad_photos_are_refused_with_one_sentence_and_no_warning(data: bytes, words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError, match=words) as caught:
            read_photo(data)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file .*gone.png"):
        read_photo(tmp_path / "gone.png")
    with pytest.raises(InputError, match="the photo .* cannot be read: Is a directory"):
        read_photo(tmp_path)
