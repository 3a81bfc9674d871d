"""Photos: RGB in sRGB for the model, and what their file was besides, so that an edit is written back as it came.

A photo's file may have another colour space, a camera's turn, EXIF, a resolution and transparency. Work is done in
sRGB; an edited photo is written in the file's own space, where what did not change is the file's to the bit.
"""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from ..errors import InputError
from .cicp import is_srgb
from .color_spaces import ColorSpace, color_space
from .files import ORIENTATION, OpenedPicture, open_large_picture, picture_name, write_atomically
from .strips import rows, strips, upright

SRGB_GAMMA = 0.45455  # as a PNG says that its colours are sRGB's
DARK = 4096  # 16-bit values: what 12 bits reach


@dataclass(frozen=True)
class Photo:
    """A photo and its file.

    Attributes:
        pixels: (H, W, 3) uint8, sRGB, turned upright, what is transparent on white.
        own: (H, W, 3 or 4) uint8: the file's own values, the fourth its opacity; `pixels` itself where they are the
            same; None where the file is not RGB with 8 bits, so that it is written in sRGB.
        space: the file's colour space.
        exif: EXIF without the turn; may be empty.
        dpi: pixels per inch, across and down; None where the file says none.
        turn: the EXIF orientation that was applied, 1 to 8; 1 is none.
        note: what was changed on reading, in sentences; "" if nothing was.
    """

    pixels: np.ndarray
    own: np.ndarray | None
    space: ColorSpace
    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    turn: int = 1
    note: str = ""

    def png(self, edited: np.ndarray) -> bytes:
        """An edit of the photo as the PNG that `save` writes."""
        buffer = io.BytesIO()
        self.save(edited, buffer)
        return buffer.getvalue()

    def save(self, edited: np.ndarray, target: Path | IO[bytes], spend: bool = False) -> None:
        """Write an edit of the photo: a PNG in the file's own colour space, with its profile, EXIF and resolution.

        Args:
            edited: (H, W, 3) uint8, sRGB; pixels equal to `pixels` keep the file's own values.
            target: a path, or an open file.
            spend: whether `own` may be written over, which spares a copy: the photo is of no use afterwards.
        """
        pixels, options = edited, dict[str, Any]()
        if self.own is self.pixels:  # sRGB without opacity, as the edit is
            options["icc_profile"] = self.space.profile or None
        elif self.own is not None:
            pixels = self.own if spend else self.own.copy()
            pixels.setflags(write=True)
            for part in rows(len(pixels)):
                changed, strip = (edited[part] != self.pixels[part]).any(-1), pixels[part]
                strip[changed, :3] = self.space.from_srgb(edited[part][changed][None])[0]
                strip[changed, 3:] = 255
            options["icc_profile"] = self.space.profile or None
        if self.dpi is not None:
            options["dpi"] = self.dpi
        if self.exif:
            options["exif"] = self.exif
        Image.fromarray(pixels).save(target, "PNG", **options)


def open_photo(source: str | os.PathLike[str] | bytes) -> Photo:
    """Any picture file (or its bytes) as a photo.

    A camera's rotation is applied, transparency lies on white, 16 bits become 8, and what has more pixels than the
    bounds allow is reduced by a whole number.

    Raises:
        InputError: not a picture, damaged, or its size is out of bounds; sizes are checked before decoding.
    """
    picture = open_large_picture(source, "photo")
    image, notes, plain = picture.image, _what_is_left_out(picture), True
    profile, dpi, exif, turn = picture.profile, image.info.get("dpi"), b"", 1
    with contextlib.suppress(Exception):  # the picture is whole even if its EXIF is damaged
        tags = image.getexif()
        turn = tags.pop(ORIENTATION, 1)
        exif = tags.tobytes() if len(tags) else b""
    if image.mode == "F":
        raise InputError(
            f"the photo {picture_name(source)} has floating-point pixels; save it with 8 or 16 bits per channel"
        )
    if picture.bits > 8:
        notes.append(f"Its {picture.bits} bits per channel were reduced to 8.")
    mode = "L" if image.mode.startswith("I") else image.mode  # 16 bits per pixel become 8
    space = color_space(profile or b"", mode)
    if profile is not None and not space.profile and space.mode != "LAB":
        notes.append("Its colour profile is damaged, or for other channels than it has, and was left out.")
    if mode not in ("RGB", "RGBA"):
        plain = mode in ("P", "L", "LA", "1") and not space.profile  # then RGB is what it holds, too
    if mode in ("P", "LA", "RGB") and _is_transparent(image, source):  # of RGB one colour may be
        mode = "RGBA"
    elif mode in ("P", "LA"):
        mode = "RGB"
    width, height = (-(-side // picture.reduce_by) for side in image.size)
    if picture.full_size != (width, height):
        notes.append("It has {}x{} pixels and was reduced to {}x{}.".format(*picture.full_size, width, height))
    pixels, as_filed = upright(height, width, 3, turn)
    own, own_as_filed = pixels, as_filed
    if not space.is_srgb or mode == "RGBA":
        own, own_as_filed = upright(height, width, 4 if mode == "RGBA" else 3, turn) if plain else (None, None)
    for at, strip in strips(image, picture.reduce_by):
        strip = _in_mode(strip, mode, source)
        if picture.reduce_by > 1:
            strip = strip.reduce(picture.reduce_by)
        if own_as_filed is not None:
            own_as_filed[at] = np.asarray(strip if mode == "RGBA" else strip.convert("RGB"))
        if own is not pixels:
            shown = space.to_srgb(strip)
            as_filed[at] = _on_white(shown, np.asarray(strip)[..., 3]) if mode == "RGBA" else shown
    if not space.is_srgb:
        notes.append(
            f"Its colours were converted from {space.name} to sRGB{'' if own is not None else ', and stay so'}."
        )
    for array in (pixels, own):
        if array is not None:
            array.setflags(write=False)
    return Photo(pixels, own if plain else None, space, exif, dpi, turn, " ".join(notes))


def _is_transparent(image: Image.Image, source: str | os.PathLike[str] | bytes) -> bool:
    """Whether pixels may be transparent. Raises InputError: the colour table is damaged."""
    try:
        return image.has_transparency_data
    except Exception:  # Pillow raises exceptions of any type at a damaged colour table
        raise InputError(f"the photo {picture_name(source)} has a damaged colour table") from None


def _in_mode(strip: Image.Image, mode: str, source: str | os.PathLike[str] | bytes) -> Image.Image:
    """A strip in another mode of Pillow's.

    Raises:
        InputError: its colour table is damaged.
    """
    if strip.mode.startswith("I"):
        return Image.fromarray(np.clip(np.asarray(strip, np.int64) // 257, 0, 255).astype(np.uint8))
    try:
        return strip if strip.mode == mode else strip.convert(mode)
    except Exception:  # Pillow raises exceptions of any type at a damaged colour table
        raise InputError(f"the photo {picture_name(source)} has a damaged colour table") from None


def _what_is_left_out(picture: OpenedPicture) -> list[str]:
    """Sentences on what the file says and the photo does not show."""
    image, notes = picture.image, list[str]()
    if image.format in ("GIF", "PNG", "WEBP", "TIFF") and picture.pages > 1:  # phones keep more than photos in theirs
        notes.append(f"Only the first of its {picture.pages} pages was read.")
    if image.mode.startswith("I") and 0 < (brightest := int(np.asarray(image).max())) < DARK:
        notes.append(f"Its values are at most {brightest} of 65535: it is nearly black, as 12 bits stored in 16 are.")
    numbers, gamma = picture.color_numbers, float(image.info.get("gamma") or SRGB_GAMMA)
    if numbers and not is_srgb(*numbers) and not picture.profile:
        notes.append(
            f"The colour space that it names by numbers ({numbers[0]} and {numbers[1]} of H.273) was left out: its "
            "colours were taken for sRGB's."
        )
    elif not picture.profile and "srgb" not in image.info and abs(gamma - SRGB_GAMMA) > 0.05:
        notes.append(f"Its gamma of {gamma:g} was left out: its colours were taken for sRGB's.")
    return notes


def read_photo(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """A photo's pixels alone, (H, W, 3) uint8, sRGB.

    Raises:
        InputError: see `open_photo`.
    """
    return open_photo(source).pixels.copy()


def write_photo(path: str | os.PathLike[str], photo: np.ndarray) -> None:
    """Write RGB (H, W, 3) uint8; the suffix names the format.

    Raises:
        InputError: the folder cannot be written to, or the suffix names no format.
    """
    write_atomically(path, lambda temporary: Image.fromarray(photo).save(temporary))


def write_edited(path: str | os.PathLike[str], photo: Photo, edited: np.ndarray) -> None:
    """Write an edit of a photo as the PNG of `Photo.png`. The photo is of no use afterwards (`Photo.save`'s `spend`).

    Raises:
        InputError: the folder cannot be written to.
    """
    write_atomically(path, lambda temporary: photo.save(edited, temporary, spend=True))


def _on_white(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 over white, by opacity (H, W) uint8."""
    over = Image.fromarray(np.dstack([pixels, alpha]))
    return np.asarray(Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB"))
