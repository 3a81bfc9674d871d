"""Picture files: opened with bounds on their size, written atomically.

Opening turns every kind of picture file into a picture or one sentence. A written file appears under its name when it
is whole, never before.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import stat
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from ..errors import InputError, WriteError
from .cicp import numbers_of, profile_of

# the formats are listed because Pillow also opens ones that start other programs (EPS)
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000", "HEIF")
LOSSY = ("JPEG", "MPO", "WEBP", "AVIF", "JPEG2000", "HEIF")  # Pillow's names of the formats that change colours
ORIENTATION = 0x0112  # the EXIF tag of a picture's turn
BITS, PHOTOMETRIC, YCBCR = 258, 262, 6  # a TIFF's tags of bits per channel and colour space, and one of its spaces
JP2_BYTES, JP2_MOST = 5, 550_000_000  # that its decoder takes per value, and may take in all
JP2_HEADER = 1024  # bytes in which the colour box of a JPEG 2000 begins
PNG_START = b"\x89PNG\r\n\x1a\n"  # its header's byte 24 is the number of bits per channel
READABLE = "JPEG, PNG, WebP, HEIC, AVIF, JPEG 2000, TIFF, BMP or GIF"
MIN_SIDE = 16  # pixels of a photo or layout
MAX_SIDE = 8192  # pixels of a photo or layout
MAX_PIXELS = 40_000_000
MAX_DECODED = 64_000_000  # pixels of a photo that is decoded to be reduced
LARGE = 8_000_000  # pixels of a picture whose decoding is worth a thought of its memory
FULL = 1 << 20  # bytes left on a disk where a picture could not be written for want of them
MAX_DECODED_JPEG = 120_000_000  # a JPEG is reduced while it is decoded


@dataclass(frozen=True)
class OpenedPicture:
    """A decoded picture, and the bytes of its file.

    Attributes:
        full_size: width and height as the file states them; `image` may have been reduced on decoding.
        reduce_by: the whole number by which `image` is still too large.
    """

    image: Image.Image
    data: bytes
    full_size: tuple[int, int]
    reduce_by: int = 1

    @property
    def bits(self) -> int:
        """Bits per channel of the file, at least 8; Pillow keeps 8 of a coloured picture's."""
        if self.image.mode.startswith("I"):
            return 16
        if isinstance(self.image, TiffImagePlugin.TiffImageFile):
            return max(8, *self.image.tag_v2.get(BITS, (8,)))
        is_png = self.data[:8] == PNG_START
        return 16 if is_png and self.data[24:25] == b"\x10" else int(self.image.info.get("bit_depth", 8))  # of HEIF

    @property
    def profile(self) -> bytes | None:
        """The file's ICC profile, which may be damaged; b"" where Pillow could not even unpack it, None for none.

        What a file names by numbers instead counts as its profile where it can be made of them.
        """
        if self.image.format == "JPEG2000":  # of which Pillow does not read it: a box "colr" of method 2 or 3
            at = self.data.find(b"colr", 0, JP2_HEADER)
            is_profile = at > 4 and self.data[at + 4 : at + 5] in (b"\x02", b"\x03")
            end = at - 4 + int.from_bytes(self.data[max(0, at - 4) : at], "big")
            return self.data[at + 7 : end] if is_profile else None
        numbers = self.color_numbers
        if numbers and self.image.format == "PNG":  # in which they count before a profile
            return profile_of(*numbers) or self.image.info.get("icc_profile")
        if "icc_profile" in self.image.info:
            return self.image.info["icc_profile"] or b""
        return profile_of(*numbers) if numbers else None

    @property
    def color_numbers(self) -> tuple[int, int] | None:
        """Primaries and transfer curve that the file names by number; None where it names none."""
        return numbers_of(self.data, str(self.image.format))

    @property
    def pages(self) -> int:
        """Pages or frames; 1 where a file that ends early does not say it."""
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.image.format not in ("TIFF", "GIF"):
                return int(getattr(self.image, "n_frames", 1))
            # these are looked for one by one, in a picture of their own: a damaged one would lose the first
            with Image.open(io.BytesIO(self.data), formats=(self.image.format,)) as image:
                return int(getattr(image, "n_frames", 1))
        return 1

    @property
    def lossy(self) -> bool:
        """Whether the file's format changes pixel values."""
        if self.image.format == "WEBP":
            return b"VP8L" not in self.data[:64]
        return self.image.format in LOSSY


def picture_name(source: str | os.PathLike[str] | bytes) -> str:
    """The name by which messages call a picture: its file's, or "file" where only its bytes are there."""
    return "file" if isinstance(source, bytes) else Path(source).name


def open_picture(source: str | os.PathLike[str] | bytes, what: str) -> Image.Image:
    """The picture of `open_picture_file` alone."""
    return open_picture_file(source, what).image


def open_picture_file(source: str | os.PathLike[str] | bytes, what: str) -> OpenedPicture:
    """A decoded picture whose size is in bounds.

    Args:
        source: a file or its bytes.
        what: the picture's part in messages: "photo", "layout".

    Raises:
        InputError: not a picture, damaged, or its size is out of bounds; sizes are checked before decoding.
    """
    image, data, what = _open(source, what)
    check_size(*image.size, what)
    return OpenedPicture(_decoded(image, what, data), data, image.size)


def open_large_picture(source: str | os.PathLike[str] | bytes, what: str) -> OpenedPicture:
    """As `open_picture_file`, but what is out of bounds is left to be reduced, if it can be decoded.

    Raises:
        InputError: as there.
    """
    image, data, what = _open(source, what)
    (width, height), reduce_by = image.size, 1
    most = MAX_DECODED_JPEG if image.format in ("JPEG", "MPO") else MAX_DECODED
    if width * height > most:
        raise InputError(f"the {what} is {width}x{height} pixels; the most is {most // 10**6} megapixels")
    while max(width, height) // reduce_by > MAX_SIDE or width * height // reduce_by**2 > MAX_PIXELS:
        reduce_by += 1
    if min(width, height) // reduce_by < MIN_SIDE:
        check_size(width, height, what)
    if reduce_by > 1:
        image.draft(image.mode, (width // reduce_by, height // reduce_by))  # of a JPEG; other formats ignore it
        reduce_by = max(1, round(reduce_by * image.width / width))
    if image.format == "JPEG2000" and width * height * (JP2_BYTES * len(image.getbands()) + 4) > JP2_MOST:
        reduce_by = _halve_jp2(image, data, reduce_by)
    return OpenedPicture(_decoded(image, what, data), data, (width, height), reduce_by)


def _open(source: str | os.PathLike[str] | bytes, what: str) -> tuple[Image.Image, bytes, str]:
    """A picture that is not decoded yet, its file's bytes, and what messages call it."""
    name = picture_name(source)
    try:
        if not isinstance(source, bytes) and stat.S_IFMT(os.stat(source).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
            raise InputError(f"the {what} {name} is no file but a pipe or a device, which may never end")
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file {source}") from None
    except OSError as error:
        raise InputError(f"the {what} {name} cannot be read: {error.strerror}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # check_size is stricter
            image = Image.open(io.BytesIO(data), formats=readable_formats())
    except Image.DecompressionBombError:
        raise InputError(f"the {what} {name} has more pixels than can be handled (40 megapixels)") from None
    except Exception:  # Pillow raises exceptions of any type at a damaged header
        if data[:64].lstrip()[:1] in (b"{", b"["):
            raise InputError(
                f"the {what} {name} is JSON and no picture; where it holds polygons (LabelMe, COCO), export them as "
                "PNG masks with the tool that drew them"
            ) from None
        raise InputError(f"the {what} {name} is not a picture that can be read ({READABLE})") from None
    _let_libtiff_read(image)
    return image, data, f"{what} {name}"


def _let_libtiff_read(image: Image.Image) -> None:
    """Pillow takes a TIFF's uncompressed YCbCr for RGB; libtiff converts it, whatever its subsampling."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.tag_v2.get(PHOTOMETRIC) != YCBCR:
        return
    if image.tile and image.tile[0].codec_name == "raw":
        image.use_load_libtiff = True
        arguments = ("RGBX", "raw", False, image.tag_v2.offset)
        image.tile = [ImageFile._Tile("libtiff", (0, 0, *image.size), 0, arguments)]


def _decoded(image: Image.Image, what: str, data: bytes) -> Image.Image:
    try:
        if image.format == "WEBP" and image.width * image.height > LARGE and getattr(image, "n_frames", 1) == 1:
            return _decoded_webp(image, data)
        image.load()
    except Exception:  # as above, for damaged data
        raise InputError(f"the {what} is damaged or cut off") from None
    return image


def _halve_jp2(image: Image.Image, data: bytes, reduce_by: int) -> int:
    """Let a JPEG 2000 be decoded without its finest level, if it has several -> by what it is still too large."""
    at = data.find(b"\xff\x52\x00", data.find(b"\xff\x4f\xff\x51"))  # COD, which says how it was coded
    if at < 0 or not data[at + 9]:
        return reduce_by
    cast(Any, image).reduce = 1  # Pillow's name for the number of levels that are left out
    return -(-reduce_by // 2)


def _decoded_webp(image: Image.Image, data: bytes) -> Image.Image:
    """A still WebP's picture: Pillow's decoder, which is made for animations, takes four times its memory."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("cut off")
    for part in pixels:  # rows; OpenCV's order of the channels is blue, green, red
        part[:, :3] = part[:, 2::-1].copy()
    decoded = Image.fromarray(pixels)
    decoded.info, decoded.format = image.info, image.format
    return decoded


@lru_cache
def readable_formats() -> tuple[str, ...]:
    """Those of FORMATS that this installation can read."""
    with contextlib.suppress(ImportError):
        from pi_heif import register_heif_opener

        register_heif_opener()
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def check_size(width: int, height: int, what: str) -> None:
    """Raise InputError unless both sides are 16 .. 8192 pixels and the area at most 40 megapixels."""
    if min(width, height) < MIN_SIDE:
        raise InputError(f"the {what} is {width}x{height} pixels; both sides must be at least {MIN_SIDE}")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        most = f"{MAX_SIDE} per side and {MAX_PIXELS // 10**6} megapixels"
        raise InputError(f"the {what} is {width}x{height} pixels; the most is {most}")


# ---- writing -----------------------------------------------------------------------------------------------


def check_writable(folder: str | os.PathLike[str]) -> None:
    """Raise InputError unless `folder` exists or can be made, and can be written to. Creates nothing."""
    at = Path(folder).absolute()
    while not at.exists() and at != at.parent:
        at = at.parent
    if not at.is_dir() or not os.access(at, os.W_OK | os.X_OK):
        raise InputError(f"the folder {folder} cannot be written to")


def write_atomically(path: str | os.PathLike[str], write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in its place in one step.

    Raises:
        WriteError: the folder cannot be made or written to, or its disk is full.
        InputError: the suffix names no picture format.
    """
    path = Path(path)
    temporary = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        reason = _reason(error, path.parent)
        raise WriteError(f"{path} cannot be written: {reason.strerror or reason}", reason) from None
    except ValueError as error:  # Pillow: unknown file extension
        raise InputError(f"{path} cannot be written: {error}") from None
    finally:
        with contextlib.suppress(OSError):  # the folder may be what failed
            temporary.unlink(missing_ok=True)


def _reason(error: OSError, folder: Path) -> OSError:
    """The system's error. Pillow's encoders only say that they failed: then it is looked whether the disk is full."""
    with contextlib.suppress(OSError):
        if error.errno is None and shutil.disk_usage(folder).free < FULL:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return error
