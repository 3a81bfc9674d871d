"""Photos: RGB, read from and written to picture files."""

from __future__ import annotations

import contextlib
import os

import numpy as np
from PIL import Image, ImageOps

from ..errors import InputError
from .files import open_picture, picture_name, write_atomically


def read_photo(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Any picture file (or its bytes) as RGB, (H, W, 3) uint8.

    A camera's rotation is applied, transparency lies on white, 16 bits become 8.

    Raises:
        InputError: not a picture, damaged, or its size is out of bounds; sizes are checked before decoding.
    """
    image = open_picture(source, "photo")
    if image.mode.startswith("I"):  # 16 bits per pixel
        grey = np.clip(np.asarray(image, np.int64) // 257, 0, 255).astype(np.uint8)
        image = Image.fromarray(grey)
    elif image.mode == "F":
        raise InputError(
            f"the photo {picture_name(source)} has floating-point pixels; save it with 8 or 16 bits per channel"
        )
    with contextlib.suppress(Exception):  # the picture is whole even if its EXIF is damaged
        image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))


def write_photo(path: str | os.PathLike[str], photo: np.ndarray) -> None:
    """Write RGB (H, W, 3) uint8; the suffix names the format.

    Raises:
        InputError: the folder cannot be written to, or the suffix names no format.
    """
    write_atomically(path, lambda temporary: Image.fromarray(photo).save(temporary))
