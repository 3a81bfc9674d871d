"""Colours of a picture against a table of class colours: thresholds, and the nearest entry."""

from __future__ import annotations

import numpy as np

LOSSY = ("JPEG", "MPO", "WEBP")

# When colours pass for a palette's, in 0..255 units. Measured on 50 layouts saved as JPEG (quality 50 to 90):
# 56 % of the pixels or more stay within 8, of a photo's at most 11 %; 92 % or more stay within 40.
FLAT, FLAT_SHARE = 8.0, 0.4  # areas of one colour, which a photo does not have
NEAR, NEAR_SHARE, NEAR_SHARE_LOSSY = 40.0, 0.99, 0.9  # borders, which JPEG smears
BESIDE = 5  # side of the square in which a pixel between two colours looks for its class


def nearest_colors(colors: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each of `colors` (m, 3) the nearest row of `table` (n, 3), its distance, and the second nearest's."""
    index = np.empty(len(colors), np.int64)
    distance, second = np.empty((2, len(colors)), np.float32)
    for at in range(0, len(colors), 1 << 16):  # a noisy photo has millions of colours, times 171 classes
        part = colors[at : at + (1 << 16)]
        # |c - t|^2 without |c|^2; float32 is exact, every term is a whole number below 2^24
        d = (table**2).sum(1) - 2 * part @ table.T
        index[at : at + len(part)] = d.argmin(1)
        two = np.sqrt(np.partition(d, 1, axis=1)[:, :2].T + (part**2).sum(1))
        distance[at : at + len(part)], second[at : at + len(part)] = two
    return index, distance, second
