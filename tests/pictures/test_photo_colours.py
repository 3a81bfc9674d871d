"""Photos whose colours are not plain sRGB: profiles, wide gamuts, and what their numbers mean."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from semflow_core.pictures.photos import open_photo, read_photo

from .samples import encoded


def test_cmyk_jpegs_keep_their_colours(photo: np.ndarray) -> None:
    read = read_photo(encoded(Image.fromarray(photo).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(read.astype(int) - photo).mean() < 10


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


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_an_edit_of_another_mode_is_written_in_srgb(photo: np.ndarray, mode: str) -> None:
    opened = open_photo(encoded(Image.fromarray(photo).convert(mode), "TIFF" if mode == "CMYK" else "PNG"))
    edited = opened.pixels.copy()
    edited[:4] = 90
    assert np.array_equal(read_photo(opened.png(edited)), edited)


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
