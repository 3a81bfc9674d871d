"""Where the classes of a label set usually lie, and how well a layout agrees with it.

The same picture read in a wrong order of ids has its hair at the mouth. A palette may say which share of each cell of a
6x6 grid its classes have in its data (`Palette.typical`); the grid lies over the part of the layout that is not
background, so that a small face in a large picture counts like a large one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from ..method.palette import UNLABELLED, Palette
from ..method.palette_file import TYPICAL_GRID

SIDE = 8 * TYPICAL_GRID  # pixels per side at which layouts are compared
VOID = 0.05  # what counts as the share of pixels of no class, everywhere
RARE = 0.002  # added to every share: a class may lie where it never lay in the data


def typical_likelihood(labels: np.ndarray, palette: Palette) -> np.ndarray | None:
    """log p(class | cell) of each pixel of a layout at SIDE x SIDE, float64; None where the palette has no `typical`.

    Args:
        labels: (H, W) uint8 class ids.
    """
    if not palette.typical:
        return None
    rows = np.repeat(np.repeat(_log_shares(palette), SIDE // TYPICAL_GRID, 0), SIDE // TYPICAL_GRID, 1)
    return np.take_along_axis(rows, small_foreground(labels, palette.background)[..., None].astype(np.int64), -1)[
        ..., 0
    ]


def small_foreground(labels: np.ndarray, background: int) -> np.ndarray:
    """The smallest part of a layout that holds all its pixels but the background's, (SIDE, SIDE)."""
    rows, columns = ((labels != background).any(axis).nonzero()[0] for axis in (1, 0))
    if len(rows):
        labels = labels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cv2.resize(np.ascontiguousarray(labels), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST_EXACT)


def typical_shares(layouts: Sequence[np.ndarray], palette: Palette) -> dict[str, list[int]]:
    """`Palette.typical` of a data set, by class name: parts per thousand of each cell, row by row."""
    small = np.stack([small_foreground(labels, palette.background) for labels in layouts])
    step = SIDE // TYPICAL_GRID
    cells = small.reshape(len(small), TYPICAL_GRID, step, TYPICAL_GRID, step).transpose(1, 3, 0, 2, 4)
    cells = cells.reshape(TYPICAL_GRID**2, -1)
    return {c.name: [round(1000 * float((cell == c.id).mean())) for cell in cells] for c in palette.classes}


@lru_cache(maxsize=8)
def _log_shares(palette: Palette) -> np.ndarray:
    """(6, 6, 256) float64, by class id."""
    shares = np.zeros((TYPICAL_GRID, TYPICAL_GRID, 256))
    for class_id, thousandths in palette.typical:
        if class_id != UNLABELLED:  # or a reading without any class would be a likely one
            shares[..., class_id] = np.reshape(thousandths, (TYPICAL_GRID, TYPICAL_GRID)) / 1000
    shares[..., UNLABELLED] = VOID
    return np.log(shares + RARE)
