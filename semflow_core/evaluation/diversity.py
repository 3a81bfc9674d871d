"""How much pictures of one layout differ from seed to seed, and real photos from one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SEEDS = 8  # pictures of one layout whose features are compared pair by pair
STD_SEEDS = 5  # pictures of one layout whose pixels' deviation is taken, as BBDM does


def distances(features: np.ndarray) -> np.ndarray:
    """Euclidean distances between all rows of (n, d), (n, n)."""
    rows = features.astype(float)
    squares = np.square(rows).sum(1)
    d2 = np.maximum(squares[:, None] + squares - 2 * rows @ rows.T, 0)
    np.fill_diagonal(d2, 0)
    return np.sqrt(d2)


def pixel_std(photos: Sequence[np.ndarray]) -> float:
    """Deviation of each pixel and channel over the photos, averaged over the picture, in 0..255 units (BBDM)."""
    return float(np.stack(photos).astype(float).std(0, ddof=1).mean())
