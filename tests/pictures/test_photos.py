from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from semflow_core.errors import InputError
from semflow_core.pictures.photos import open_photo, read_photo

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


# ---- files of phones and cameras -------------------------------------------------------------------------------


def display_p3() -> bytes:
    """A profile as phones embed it: Display P3's primaries adapted to D50, with a gamma for its curve."""

    def number(x: float) -> bytes:
        return struct.pack(">i", round(x * 65536))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(number, values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    name = b"desc\0\0\0\0" + struct.pack(">I", 8) + b"Test P3\0" + b"\0" * 78
    tags = {
        b"desc": name,
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.51512, 0.2412, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.1571, 0.06657, 0.78407),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    at, table, data = 128 + 4 + 12 * len(tags), b"", b""
    for key, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        table += key + struct.pack(">II", at + len(data), len(value))
        data += value
    body = struct.pack(">I", len(tags)) + table + data
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + b"\0" * 28
    return (header + number(0.9642) + number(1.0) + number(0.8249)).ljust(128, b"\0") + body


def test_a_wide_gamut_is_converted_for_the_model_and_written_back(photo: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a phone"
    data = encoded(Image.fromarray(photo), icc_profile=display_p3(), exif=exif, dpi=(300, 300))
    opened = open_photo(data)
    own = np.rot90(photo, -1)
    assert np.abs(opened.pixels.astype(int) - own).max() > 10 and "converted from Test P3 to sRGB." in opened.note
    red = encoded(Image.new("RGB", (16, 16), (200, 60, 60)), icc_profile=display_p3())
    assert read_photo(red)[0, 0, 0] > 205, "P3's red is redder than sRGB's"
    edited = opened.pixels.copy()
    edited[10:20, 5:15] = (120, 90, 200)
    with Image.open(io.BytesIO(opened.png(edited))) as written:
        assert written.info["icc_profile"] == display_p3() and round(written.info["dpi"][0]) == 300
        assert written.getexif().get(0x010F) == "a phone" and 0x0112 not in written.getexif()
        pixels = np.asarray(written).copy()
    again = read_photo(opened.png(edited))
    assert np.abs(again[10:20, 5:15].astype(int) - (120, 90, 200)).max() <= 2, "as asked for, in the file's space"
    pixels[10:20, 5:15] = own[10:20, 5:15]
    assert np.array_equal(pixels, own), "all others are the file's own"


def test_srgbs_own_profile_changes_nothing(photo: np.ndarray) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    opened = open_photo(encoded(Image.fromarray(photo), icc_profile=srgb))
    assert np.array_equal(opened.pixels, photo) and opened.note == ""


LEFT_OUT = "Its colour profile is damaged, or for other channels than it has, and was left out."


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_profile_is_used_or_said_to_be_damaged(photo: np.ndarray, format: str, mode: str) -> None:
    pillow_heif.register_heif_opener()
    picture = Image.fromarray(photo).convert(mode)
    plain = open_photo(encoded(picture, format))
    assert plain.note == ""
    for profile in (b"no profile" * 20, display_p3()[:150]):
        broken = open_photo(encoded(picture, format, icc_profile=profile))
        assert broken.note == LEFT_OUT and np.array_equal(broken.pixels, plain.pixels)
    whole = open_photo(encoded(picture, format, icc_profile=display_p3()))  # cameras give it to grey photos, too
    assert "converted from Test P3 to sRGB" in whole.note and not np.array_equal(whole.pixels, plain.pixels)


def test_a_profile_that_cannot_be_unpacked_is_damaged(photo: np.ndarray) -> None:
    png = encoded(Image.fromarray(photo), icc_profile=display_p3())
    at = png.index(b"iCCP")
    end = at + 4 + int.from_bytes(png[at - 4 : at], "big")
    chunk = png[at : end - 20] + b"\0" * 20
    assert open_photo(png[:at] + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[end + 4 :]).note == LEFT_OUT
    jpeg = encoded(Image.fromarray(photo), "JPEG", icc_profile=display_p3() * 200)
    at = jpeg.index(b"ICC_PROFILE\0\x02")  # the second segment of several
    assert open_photo(jpeg[: at - 4] + jpeg[at - 2 + int.from_bytes(jpeg[at - 2 : at], "big") :]).note == LEFT_OUT


def test_the_profile_of_a_jpeg_2000_is_used() -> None:
    red = Image.new("RGB", (64, 64), (200, 60, 60))
    plain = encoded(red, "JPEG2000")
    at = plain.index(b"colr") - 4
    old = int.from_bytes(plain[at : at + 4], "big")
    box = struct.pack(">I4s3s", 11 + len(display_p3()), b"colr", b"\x02\0\0") + display_p3()
    header = plain.index(b"jp2h") - 4
    size = struct.pack(">I", int.from_bytes(plain[header : header + 4], "big") - old + len(box))
    data = plain[:header] + size + plain[header + 4 : at] + box + plain[at + old :]
    assert read_photo(plain)[0, 0, 0] == 200 and read_photo(data)[0, 0, 0] > 205
    assert np.asarray(Image.open(io.BytesIO(open_photo(data).png(read_photo(data)))))[0, 0, 0] == 200


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "jpeg"])
@pytest.mark.parametrize("mode", ["YCbCr", "LAB"])
def test_tiffs_of_other_colour_spaces_are_read(mode: str, compression: str | None) -> None:
    smooth = np.tile(np.linspace(0, 255, 300).astype(np.uint8)[:, None, None], (1, 300, 3))  # more than one strip
    smooth[..., 2] = 255 - smooth[..., 2]
    options = {} if compression is None else {"compression": compression}
    opened = open_photo(encoded(Image.fromarray(smooth).convert(mode), "TIFF", **options))
    assert np.abs(opened.pixels.astype(int) - smooth).mean() < 4
    assert opened.note == ("Its colours were converted from LAB to sRGB, and stay so." if mode == "LAB" else "")


def test_a_tiff_with_fewer_colours_than_brightnesses_is_read() -> None:
    # YCbCr 4:2:0, not compressed: units of four brightnesses and one pair of colours
    left, right = bytes([200, 200, 200, 200, 90, 160]), bytes([60, 60, 60, 60, 150, 100])
    data = (left * 8 + right * 8) * 16
    tags = [(256, 32), (257, 32), (258, None), (259, 1), (262, 6), (273, 8), (277, 3), (278, 32), (279, len(data))]
    table = 8 + len(data)
    entries = b"".join(
        struct.pack("<HHII", tag, 3, 3, table + 2 + 12 * 10 + 4)
        if value is None
        else struct.pack("<HHII", tag, 4, 1, value)
        for tag, value in tags
    ) + struct.pack("<HHIHH", 530, 3, 2, 2, 2)
    file = (
        struct.pack("<2sHI", b"II", 42, table)
        + data
        + struct.pack("<H", 10)
        + entries
        + struct.pack("<I3H", 0, 8, 8, 8)
    )
    pixels = read_photo(file).astype(int)
    expected = [
        np.asarray(Image.new("YCbCr", (1, 1), c).convert("RGB"))[0, 0] for c in ((200, 90, 160), (60, 150, 100))
    ]
    assert np.abs(pixels[:, :16] - expected[0]).max() <= 2 and np.abs(pixels[:, 16:] - expected[1]).max() <= 2


def test_lost_bits_are_said(photo: np.ndarray) -> None:
    tiff = cv2.imencode(".tiff", photo[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    opened = open_photo(tiff)
    assert np.array_equal(opened.pixels, photo) and opened.note == "Its 16 bits per channel were reduced to 8."


def test_transparency_is_written_back(photo: np.ndarray) -> None:
    own = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    own[:10, :, 3] = 40
    opened = open_photo(encoded(Image.fromarray(own)))
    edited = opened.pixels.copy()
    edited[5:15, :9] = (1, 2, 3)
    written = np.asarray(Image.open(io.BytesIO(opened.png(edited))))
    assert (written[5:15, :9] == (1, 2, 3, 255)).all()
    written = written.copy()
    written[5:15, :9] = own[5:15, :9]
    assert np.array_equal(written, own)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_an_edit_of_another_mode_is_written_in_srgb(photo: np.ndarray, mode: str) -> None:
    opened = open_photo(encoded(Image.fromarray(photo).convert(mode), "TIFF" if mode == "CMYK" else "PNG"))
    edited = opened.pixels.copy()
    edited[:4] = 90
    assert np.array_equal(read_photo(opened.png(edited)), edited)


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


@pytest.mark.parametrize(
    "kind, data, words",
    [
        (b"gAMA", struct.pack(">I", 100_000), "Its gamma of 1 was left out"),
        (b"gAMA", struct.pack(">I", 45_455), ""),
        (b"cICP", bytes([9, 16, 0, 1]), "names by numbers (9 and 16 of H.273) was left out"),
        (b"cICP", bytes([12, 13, 0, 1]), "Its colours were converted from Display P3 to sRGB."),
        (b"cICP", bytes([1, 13, 0, 1]), ""),
    ],
)
def test_colours_that_a_png_describes_otherwise(photo: np.ndarray, kind: bytes, data: bytes, words: str) -> None:
    png = encoded(Image.fromarray(photo))
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    note = open_photo(png[:33] + chunk + png[33:]).note
    assert words in note if words else note == ""


@pytest.mark.parametrize("format", ["AVIF", "HEIF", "PNG"])
@pytest.mark.parametrize(
    "numbers, shown",  # by the published matrices from Display P3 and BT.2020 to sRGB
    [((12, 13), (215, 93, 31)), ((9, 13), (241, 76, 29)), ((12, 8), (240, 165, 114)), ((1, 13), (200, 100, 50))],
)
def test_colours_named_by_numbers_are_converted(
    format: str, numbers: tuple[int, int], shown: tuple[int, int, int]
) -> None:
    pillow_heif.register_heif_opener()
    opened = open_photo(numbered(Image.new("RGB", (64, 64), (200, 100, 50)), format, numbers))
    assert np.abs(opened.pixels[32, 32].astype(int) - shown).max() <= 3
    own = np.asarray(Image.open(io.BytesIO(opened.png(opened.pixels))).convert("RGB"))[32, 32].astype(int)
    assert np.abs(own - (200, 100, 50)).max() <= 3, "an edit is written in the file's own space"
    assert ("converted" in opened.note) == (numbers != (1, 13))


@pytest.mark.parametrize("format", ["AVIF", "HEIF", "PNG"])
def test_colours_of_hdr_are_said_to_be_left_out(format: str) -> None:
    pillow_heif.register_heif_opener()
    opened = open_photo(numbered(Image.new("RGB", (64, 64), (200, 100, 50)), format, (9, 16)))
    assert "(9 and 16 of H.273) was left out" in opened.note


def numbered(image: Image.Image, format: str, numbers: tuple[int, int]) -> bytes:
    """A file that names its primaries and its transfer curve."""
    if format == "PNG":
        png, data = encoded(image), bytes([*numbers, 0, 1])
        return png[:33] + struct.pack(">I4s4sI", 4, b"cICP", data, zlib.crc32(b"cICP" + data)) + png[33:]
    data = encoded(image, format, quality=95)
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", *numbers) + data[at + 4 :]


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
