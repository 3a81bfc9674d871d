"""The pixels of a layout file as arrays, taken from Pillow strip by strip: one copy each, whatever their number."""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..errors import InputError
from .files import ORIENTATION, OpenedPicture, open_large_picture, open_picture_file, picture_name
from .pixels import colour_table, deep_pixels, equal_channels, only_channel
from .strips import strips, upright

SAMPLE = 1_000_000  # pixels by which it is decided whether a picture is a layout


@dataclass(frozen=True)
class Planes:
    """The pixels of a file, turned as its EXIF says.

    Attributes:
        mode, format: as Pillow names them.
        rgb: (H, W, 3) uint8.
        alpha: (H, W) uint8; None where the picture has none.
        only: (H, W), what a grey or indexed picture has; None of others.
        table: (n, 3) uint8, the colours of an indexed one.
        is_deep: whether a picture of colours has 16 bits per channel.
        deep: (H, W, 3) uint16: these, where they may be ids.
        pages: of the file, or frames; the first is read.
        lossy: the file's format changes pixel values.
        turned: whether the file's EXIF turned it.
    """

    mode: str
    format: str
    rgb: np.ndarray
    alpha: np.ndarray | None
    only: np.ndarray | None
    table: np.ndarray | None
    is_deep: bool
    deep: np.ndarray | None
    pages: int
    lossy: bool
    turned: bool


def read_planes(source: str | os.PathLike[str] | bytes, sample: bool) -> Planes:
    """What a layout file has for pixels.

    Args:
        sample: of a large picture take every n-th pixel of every n-th row, and of one out of bounds, too.

    Raises:
        InputError: not a picture, damaged, or its size is out of bounds.
    """
    picture = open_large_picture(source, "layout") if sample else open_picture_file(source, "layout")
    size, turn, pages = picture.image.width * picture.image.height, 1, picture.pages
    every = math.ceil(math.sqrt(size / SAMPLE)) if sample else 1
    with contextlib.suppress(Exception):  # the picture is whole even if its EXIF is damaged
        turn = picture.image.getexif().get(ORIENTATION, 1)
        turn = turn if turn in range(2, 9) else 1
    try:
        rgb, alpha, only, table = _taken(picture, every, turn)
    except Exception:  # Pillow raises exceptions of any type at a damaged colour table
        raise InputError(f"the layout {picture_name(source)} has a damaged colour table") from None
    mode, name, lossy = picture.image.mode, str(picture.image.format), picture.lossy
    is_deep = picture.bits > 8 and mode in ("RGB", "RGBA", "LA") and name in ("PNG", "TIFF")
    data, deep = picture.data, None
    del picture  # and Pillow's pixels
    if is_deep and turn == 1 and (equal_channels(rgb) is not None or only_channel(rgb) is not None):
        # where the upper 8 bits say otherwise, all 16 do
        deep = deep_pixels(data)
        deep = None if deep is None else np.ascontiguousarray(deep[::every, ::every])
    return Planes(mode, name, rgb, alpha, only, table, is_deep, deep, pages, lossy, turn > 1)


def _taken(
    picture: OpenedPicture, every: int, turn: int
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """`Planes.rgb`, `alpha`, `only` and `table`."""
    image, alpha, only = picture.image, None, None
    if every > 1:
        image = image.resize((-(-image.width // every), -(-image.height // every)), Image.Resampling.NEAREST)
    height, width, mode = image.height, image.width, image.mode
    rgb, rgb_as_filed = upright(height, width, 3, turn)
    alpha_as_filed = only_as_filed = rgb_as_filed  # until there are such planes
    if image.has_transparency_data:
        alpha, alpha_as_filed = upright(height, width, 1, turn)
    if mode in ("L", "P", "1", "F") or mode.startswith("I"):
        only, only_as_filed = upright(height, width, 1, turn, np.asarray(image.crop((0, 0, 1, 1))).dtype)
    for at, strip in strips(image):
        rgba = np.asarray(strip.convert("RGBA"))
        rgb_as_filed[at] = rgba[..., :3]
        if alpha is not None:
            alpha_as_filed[at] = rgba[..., 3:]
        if only is not None:
            only_as_filed[at] = np.asarray(strip)[..., None]
    return (
        rgb,
        None if alpha is None else alpha[..., 0],
        None if only is None else only[..., 0],
        colour_table(image) if mode == "P" else None,
    )
