"""What an array of pixels says by itself: whether its channels are equal, or its ids were stretched or resized.

No palette is looked at here: `values` decides with these facts.
"""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
from PIL import Image

from ..method.palette import UNLABELLED
from .files import PNG_START
from .strips import rows

PIECE = 1 << 21  # pixels counted at once
SMALLEST_BLENDED = 32  # pixels per side: below, regions of one pixel are common
BLENDED = 0.3  # share of the steps between regions that must lead over a value between for a picture to be resized


def histogram(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different whole numbers of an array of any shape, ascending, and how often each occurs, both int64."""
    flat, counts = values.reshape(-1), dict[int, int]()
    if flat.dtype.kind in "bu" and flat.dtype.itemsize <= 2:
        counted = np.zeros(1 << 8 * flat.dtype.itemsize, np.int64)
        for at in range(0, len(flat), PIECE):
            counted += np.bincount(flat[at : at + PIECE], minlength=len(counted))
        present = counted.nonzero()[0]
        return present, counted[present]
    for at in range(0, len(flat), PIECE):
        for value, count in zip(*(each.tolist() for each in np.unique(flat[at : at + PIECE], return_counts=True))):
            counts[value] = counts.get(value, 0) + count
    return np.array(sorted(counts), np.int64), np.array([counts[value] for value in sorted(counts)], np.int64)


def mapped(values: np.ndarray, table: np.ndarray) -> np.ndarray:
    """`table[values]` in strips: an array of indices is one of 8 bytes per pixel on its way."""
    result = np.empty(values.shape, table.dtype)
    for part in rows(len(values)):
        result[part] = table[values[part]]
    return result


def narrow(numbers: np.ndarray) -> np.ndarray:
    """Whole numbers in the smallest type that holds them: 8, 16 or 32 bits where they are none below 0, else 64."""
    if numbers.dtype in (np.uint8, np.uint16):
        return numbers
    if numbers.dtype == bool:
        return numbers.astype(np.uint8)
    least, most = (numbers.min(), numbers.max()) if numbers.size else (0, 0)
    for kind in (np.uint8, np.uint16, np.uint32):
        if least >= 0 and most <= np.iinfo(kind).max:
            return numbers.astype(kind)
    return numbers.astype(np.int64)


def equal_channels(pixels: np.ndarray) -> np.ndarray | None:
    """The whole numbers of (H, W), or of (H, W, C) whose channels are equal; None where there are none."""
    if pixels.ndim == 3:
        strips = (pixels[part] for part in rows(len(pixels)))
        return pixels[..., 0].copy() if all((strip == strip[..., :1]).all() for strip in strips) else None
    if pixels.dtype.kind == "f":  # floating-point ids, as scientific programs write them
        exact = np.isfinite(pixels).all() and (pixels == np.rint(pixels)).all() and pixels.min() >= 0
        return narrow(pixels) if exact else None
    return narrow(pixels)


def is_blended(ids: np.ndarray) -> bool:
    """Whether many steps between two regions lead over a value between theirs, which one pixel alone has."""
    if min(ids.shape) < SMALLEST_BLENDED:
        return False
    steps = between = 0
    for picture in (ids, ids.T):
        for part in rows(picture.shape[0]):
            left, middle, right = picture[part, :-2], picture[part, 1:-1], picture[part, 2:]
            crossed = left != right
            steps += int((crossed & ((middle == left) | (middle == right))).sum())
            between += int((((left < middle) & (middle < right)) | ((left > middle) & (middle > right))).sum())
    return between > BLENDED * (steps / 2 + between)


def only_channel(pixels: np.ndarray) -> int | None:
    """The one channel of (H, W, 3) that is not black throughout, as CARLA writes its tags; else None."""
    parts = [pixels[part].reshape(-1, pixels.shape[-1]).any(0) for part in rows(len(pixels))]
    lit = np.flatnonzero(np.any(parts, axis=0))
    return int(lit[0]) if len(lit) == 1 else None


def unstretched(ids: np.ndarray) -> tuple[np.ndarray, int]:
    """Whole numbers above 255 that are 8 bits times 257, or 256, divided by that; the factor is 1 for all others."""
    factors = [f for f in (257, 256) if ids.max(initial=0) > UNLABELLED and not (ids % f).any()]
    return (ids // factors[0], factors[0]) if factors else (ids, 1)


def colour_table(image: Image.Image) -> np.ndarray:
    """(n, 3) uint8; black for indices that the table does not reach."""
    table = np.array(image.getpalette() or [], np.uint8).reshape(-1, 3)
    missing = cast(int, cast(tuple[Any, Any], image.getextrema())[1]) + 1 - len(table)
    return np.concatenate([table, np.zeros((max(0, missing), 3), np.uint8)])


def kind(mode: str, deep: bool) -> str:
    """Pillow's mode in words."""
    if deep or mode.startswith("I"):
        return "16-bit grey" if mode.startswith("I") else f"16-bit {mode}"
    return {"1": "black and white", "L": "8-bit grey", "LA": "grey and alpha", "P": "indexed", "F": "float"}.get(
        mode, mode
    )


def deep_pixels(data: bytes) -> np.ndarray | None:
    """(H, W, 3) uint16 of a PNG or TIFF with 16 bits per channel, of which Pillow keeps 8; None of others."""
    if data[:8] == PNG_START and data[24:25] != b"\x10":
        return None
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return pixels[..., :3] if pixels is not None and pixels.dtype == np.uint16 and pixels.ndim == 3 else None
