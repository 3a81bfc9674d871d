"""Large pictures, worked through in strips of rows: whole copies of 40 megapixels take 160 MB each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import DTypeLike
from PIL import Image

from .files import LARGE

ROWS = 256  # of a strip
TURNS = {  # EXIF orientation -> what shows the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_AS_FILED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: upright.swapaxes(0, 1)[::-1],
    7: lambda upright: upright.swapaxes(0, 1)[::-1, ::-1],
    8: lambda upright: upright.swapaxes(0, 1)[:, ::-1],
}


def turned(image: Image.Image, turn: int) -> Image.Image:
    """A picture as an EXIF orientation of 1 to 8 shows it."""
    return image.transpose(TURNS[turn]) if turn in TURNS else image


def upright(
    height: int, width: int, channels: int, turn: int, dtype: DTypeLike = np.uint8
) -> tuple[np.ndarray, np.ndarray]:
    """An upright picture to be filled, and the same pixels as the file has them.

    Args:
        height, width: as the file has them.
        turn: the EXIF orientation.
    """
    across = turn in (5, 6, 7, 8)
    pixels = np.empty((width, height, channels) if across else (height, width, channels), dtype)
    return pixels, _AS_FILED.get(turn, lambda same: same)(pixels)


def rows(height: int, multiple: int = 1) -> Iterator[slice]:
    """The rows of strips from top to bottom; all but the last have a multiple of so many."""
    step = max(1, ROWS // multiple) * multiple
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def strips(image: Image.Image, reduce_by: int = 1) -> Iterator[tuple[slice, Image.Image]]:
    """A picture's strips, each with its rows in the picture that is `reduce_by` times smaller."""
    for part in rows(image.height, reduce_by):
        yield (
            slice(part.start // reduce_by, -(-part.stop // reduce_by)),
            image.crop((0, part.start, image.width, part.stop)),
        )


def parts_of(picture: np.ndarray) -> list[slice]:
    """The rows of (H, W, ...) that are worked through together: all, or of a large picture a strip at a time."""
    height, width = picture.shape[:2]
    return list(rows(height)) if height * width > LARGE else [slice(0, height)]


def enlarged(scores: np.ndarray, part: slice, shape: tuple[int, ...]) -> np.ndarray:
    """Some rows of scores at another size, bilinear.

    Args:
        scores: (h, w) float32.
        part: the rows.
        shape: height and width of all.

    Returns:
        (rows, width) float32.
    """
    height, width = shape
    if part == slice(0, height):
        return cv2.resize(scores, (width, height), interpolation=cv2.INTER_LINEAR)
    at = (np.arange(part.start, part.stop) + 0.5) * len(scores) / height - 0.5
    above = np.floor(at)
    share = (at - above).astype(np.float32)[:, None]
    upper, lower = (np.clip(above + k, 0, len(scores) - 1).astype(int) for k in (0, 1))
    first, last = upper[0], lower[-1]
    wide = cv2.resize(scores[first : last + 1], (width, last - first + 1), interpolation=cv2.INTER_LINEAR)
    mixed = wide[upper - first]
    mixed *= 1 - share
    mixed += share * wide[lower - first]
    return mixed
