"""Diversity: differences among the syntheses of one layout with several seeds, or among real photos."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..method.palette import UNLABELLED

SEEDS = 8  # syntheses per layout whose features are compared in pairs
STD_SEEDS = 5  # syntheses per layout for the standard deviation of pixels, as in BBDM
LEAST_PIXELS = 50  # pixels of a region in one picture, below which it is left out


def distances(features: np.ndarray) -> np.ndarray:
    """Euclidean distances (n, n) between all rows of features (n, d)."""
    rows = features.astype(float)
    squares = np.square(rows).sum(1)
    d2 = np.maximum(squares[:, None] + squares - 2 * rows @ rows.T, 0)
    np.fill_diagonal(d2, 0)
    return np.sqrt(d2)


def pixel_std(photos: Sequence[np.ndarray]) -> float:
    """Standard deviation of each pixel and channel over the photos, averaged over the picture, 0..255 units (BBDM)."""
    return float(np.stack(photos).astype(float).std(0, ddof=1).mean())


def lab(photos: Sequence[np.ndarray] | np.ndarray, layouts: np.ndarray, class_id: int) -> np.ndarray:
    """Mean CIE Lab colour of a region in each photo, (N, 3); nan where it has too few pixels."""
    rows = np.full((len(photos), 3), np.nan)
    for row, photo, labels in zip(rows, photos, layouts):
        if (labels == class_id).sum() >= LEAST_PIXELS:
            row[:] = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[labels == class_id].mean(0)
    return rows


def spread(colors: np.ndarray) -> float:
    """Root mean square distance of colours (N, 3) from their mean; rows with nan are left out, nan of less than two."""
    colors = colors[~np.isnan(colors).any(1)]
    return float(np.sqrt(np.square(colors - colors.mean(0)).sum(1).mean())) if len(colors) > 1 else float("nan")


def region_spreads(photos: Sequence[np.ndarray], layouts: np.ndarray) -> dict[int, float]:
    """By class id: how far the colours of its regions spread over photos, in Lab; classes with a spread only.

    Args:
        photos: (S, S, 3) uint8.
        layouts: class ids (N, S, S), one per photo.
    """
    ids = np.unique(layouts[layouts != UNLABELLED])
    spreads = {int(i): spread(lab(photos, layouts, int(i))) for i in ids}
    return {i: value for i, value in spreads.items() if value == value}
