"""Diversity: differences among the syntheses of one layout with several seeds, or among real photos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SEEDS = 8  # syntheses per layout whose features are compared in pairs
STD_SEEDS = 5  # syntheses per layout for the standard deviation of pixels, as in BBDM


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
