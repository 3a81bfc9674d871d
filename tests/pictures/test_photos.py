"""Photos of any file: the pixels that are read, their orientation and transparency, and what is refused."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from semflow_core.errors import InputError
from semflow_core.pictures.photos import open_photo, read_photo, write_edited

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


def test_lost_bits_are_said(photo: np.ndarray) -> None:
    tiff = cv2.imencode(".tiff", photo[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    opened = open_photo(tiff)
    assert np.array_equal(opened.pixels, photo) and opened.note == "Its 16 bits per channel were reduced to 8."


def test_transparency_is_written_back(photo: np.ndarray, tmp_path: Path) -> None:
    own = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    own[:10, :, 3] = 40
    opened = open_photo(encoded(Image.fromarray(own)))
    edited = opened.pixels.copy()
    edited[5:15, :9] = (1, 2, 3)
    png = opened.png(edited)
    assert opened.png(edited) == png  # the photo is as it was
    write_edited(tmp_path / "edited.png", opened, edited)
    assert (tmp_path / "edited.png").read_bytes() == png
    written = np.asarray(Image.open(io.BytesIO(png)))
    assert (written[5:15, :9] == (1, 2, 3, 255)).all()
    written = written.copy()
    written[5:15, :9] = own[5:15, :9]
    assert np.array_equal(written, own)


@pytest.mark.parametrize("format", ["HEIF", "AVIF", "JPEG2000"])
def test_photos_of_phones_and_scanners_are_read(format: str) -> None:
    smooth = np.tile(np.linspace(0, 255, 64).astype(np.uint8)[:, None, None], (1, 96, 3))
    pillow_heif.register_heif_opener()
    read = read_photo(encoded(Image.fromarray(smooth), format, quality=90))
    assert read.shape == smooth.shape and np.abs(read.astype(int) - smooth).mean() < 4


def test_a_photo_of_48_megapixels_is_reduced() -> None:
    large = encoded(Image.new("RGB", (8064, 6048), (90, 120, 40)), "JPEG")
    opened = open_photo(large)
    assert opened.pixels.shape == (3024, 4032, 3) and np.abs(opened.pixels[5, 5] - (90, 120, 40.0)).max() <= 3
    assert opened.note == "It has 8064x6048 pixels and was reduced to 4032x3024."
    panorama = encoded(Image.new("L", (9000, 400), 7))
    assert read_photo(panorama).shape == (200, 4500, 3)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_of_several_pages_is_said_to_be_that(photo: np.ndarray, format: str) -> None:
    first, second = Image.fromarray(photo), Image.fromarray(255 - photo)
    options = {"lossless": True} if format == "WEBP" else {}
    opened = open_photo(encoded(first, format, save_all=True, append_images=[second], **options))
    assert opened.note == "Only the first of its 2 pages was read."
    assert np.abs(opened.pixels.astype(int) - photo).mean() < (20 if format == "GIF" else 1)
    assert open_photo(encoded(first, "MPO", save_all=True, append_images=[second])).note == ""


def test_twelve_bits_in_sixteen_are_said(photo: np.ndarray) -> None:
    grey = photo[..., 0].astype(np.uint16)
    assert f"at most {int(grey.max()) * 16} of 65535" in open_photo(encoded(Image.fromarray(grey * 16))).note
    assert "at most" not in open_photo(encoded(Image.fromarray(grey * 257))).note


@pytest.mark.parametrize("format", ["GIF", "TIFF"])
def test_a_first_page_is_read_where_a_later_one_is_cut_off(photo: np.ndarray, format: str) -> None:
    pages = [Image.fromarray(photo), *(Image.fromarray(np.rot90(photo, i).copy()) for i in (1, 2, 3))]
    whole, pages = encoded(pages[0], format, save_all=True, append_images=pages[1:]), 0
    for length in range(len(whole), len(whole) // 4, -97):
        try:
            opened = open_photo(whole[:length])
        except InputError as error:
            assert "damaged or cut off" in str(error) or "not a picture" in str(error)
        else:
            assert np.abs(opened.pixels.astype(int) - photo).mean() < (20 if format == "GIF" else 1)
            pages += 1
    assert pages > 3
