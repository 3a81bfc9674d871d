"""Confidence: does a small margin of the segmentation say which pixels are wrong?

Margins are counted per picture in fine bins, right and wrong pixels apart, from which everything else follows: the
reliability curve and its expected calibration error (Guo et al. 2017, with the margin as the confidence), and how well
the least sure pixels, which the studio shows as unsure, are the wrong ones.
"""

from __future__ import annotations

import numpy as np

from ..method.palette import UNLABELLED
from .bootstrap import bootstrap
from .report import Confidence, MarginBin

FINE = 1000  # steps of the margin from 0 to 1 in which pixels are counted
BINS = 10  # bins of the reliability curve, of equal width
LEAST_SURE = 0.1  # share of all pixels

WRONG, RIGHT = 0, 1


def margin_counts(labels: np.ndarray, margins: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Pixels of one picture by rightness and margin, (2, FINE + 1) int64; those whose truth is 255 are left out.

    Args:
        labels, truth: class ids, any equal shape.
        margins: of the labels, in 0..1.
    """
    valid = truth != UNLABELLED
    fine = np.rint(margins[valid] * FINE).astype(np.int64)
    right = labels[valid] == truth[valid]
    return np.bincount(right * (FINE + 1) + fine, minlength=2 * (FINE + 1)).reshape(2, FINE + 1)


def measure_confidence(labels: np.ndarray, margins: np.ndarray, truth: np.ndarray, seed: int) -> Confidence:
    """The figures of a split.

    Args:
        labels, truth: class ids (N, H, W).
        margins: (N, H, W) in 0..1.
        seed: seed of the bootstrap.
    """
    counts = np.stack([margin_counts(*picture) for picture in zip(labels, margins, truth)])
    n = len(counts)
    return Confidence(
        calibration_error=bootstrap(lambda i: 100 * calibration_error(counts[i].sum(0)), n, seed),
        recall=bootstrap(lambda i: 100 * least_sure(counts[i].sum(0))[0], n, seed),
        precision=bootstrap(lambda i: 100 * least_sure(counts[i].sum(0))[1], n, seed),
        curve=reliability(counts.sum(0)),
    )


def reliability(counts: np.ndarray) -> tuple[MarginBin, ...]:
    """The reliability curve from `margin_counts`: one entry per bin, from the least sure to the surest."""
    pixels, margin, right = _binned(counts)
    total, values = max(int(pixels.sum()), 1), []
    for n, m, r in zip(pixels.tolist(), margin.tolist(), right.tolist()):
        values.append(MarginBin(100 * n / total, 100 * m / n if n else None, 100 * r / n if n else None))
    return tuple(values)


def calibration_error(counts: np.ndarray) -> float:
    """Mean distance, over pixels, of the share of right pixels in a bin from its mean margin, in 0..1; nan for none."""
    pixels, margin, right = _binned(counts)
    return float(np.abs(right - margin).sum() / pixels.sum()) if pixels.sum() else float("nan")


def least_sure(counts: np.ndarray, share: float = LEAST_SURE) -> tuple[float, float]:
    """Recall and precision of "the least sure `share` of all pixels are wrong", in 0..1; nan where nothing is wrong.

    Pixels of one fine bin are equally sure; of the bin that the share ends in, each kind is taken in proportion.
    """
    by_margin, wrong = counts.sum(0), counts[WRONG]
    before = np.cumsum(by_margin) - by_margin
    use = np.clip((share * by_margin.sum() - before) / np.maximum(by_margin, 1), 0, 1)
    hits = float((use * wrong).sum())
    if not wrong.sum():
        return float("nan"), float("nan")
    return hits / int(wrong.sum()), hits / (share * int(by_margin.sum()))


def _binned(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels, the sum of their margins, and right pixels per bin of the curve, (BINS,) each."""
    fine = np.arange(FINE + 1)
    index = np.minimum(fine * BINS // FINE, BINS - 1)
    pixels = counts.sum(0)
    rows = (pixels, pixels * fine / FINE, counts[RIGHT])
    pixels, margin, right = (np.bincount(index, row, minlength=BINS) for row in rows)
    return pixels, margin, right
