"""The boundary F-score: how near the borders of the predicted regions are to those of the truth.

Per class (Csurka et al. 2013, "What is a good evaluation measure for semantic segmentation?"): precision is the share
of the prediction's border pixels with one of the truth within a tolerance, recall the reverse. As for mIoU, counts are
summed over pictures, and F averaged over the classes of the truth.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..method.palette import UNLABELLED, Palette

DIAGONAL = 0.0075  # the literature's tolerance as a share of the picture's diagonal
TOLERANCES = ("1 pixel", "0.75 % of the diagonal")


def borders(labels: np.ndarray) -> np.ndarray:
    """Pixels with a neighbour above, below, left or right of another class, (H, W) bool.

    Args:
        labels: class ids (H, W) uint8; 255 has no border, and none is beside it.
    """
    edge = np.zeros(labels.shape, bool)
    for view, of in ((edge, labels), (edge.T, labels.T)):
        above, below = of[:-1], of[1:]
        differ = (above != below) & (above != UNLABELLED) & (below != UNLABELLED)
        view[:-1] |= differ
        view[1:] |= differ
    return edge


def boundary_counts(predicted: np.ndarray, truth: np.ndarray, palette: Palette) -> np.ndarray:
    """Border pixels of one picture by class, (n, tolerances, 4) int64.

    The four are: the prediction's with one of the truth in reach, all of the prediction's; the truth's with one of the
    prediction in reach, all of the truth's.

    Args:
        predicted, truth: class ids (H, W) uint8; where the truth is 255, nothing counts.
    """
    predicted = np.where(truth == UNLABELLED, np.uint8(UNLABELLED), predicted)
    edges, reach = [borders(predicted), borders(truth)], (1.0, DIAGONAL * math.hypot(*truth.shape))
    counts = np.zeros((len(palette.classes), len(reach), 4), np.int64)
    for index, class_id in enumerate(palette.ids):
        found, true = (edge & (labels == class_id) for edge, labels in zip(edges, (predicted, truth)))
        counts[index, :, 1], counts[index, :, 3] = found.sum(), true.sum()
        if found.any() and true.any():
            for column, (border, other) in ((0, (found, true)), (2, (true, found))):
                distance = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[border]
                counts[index, :, column] = [(distance <= r).sum() for r in reach]
    return counts


def boundary_score(counts: np.ndarray) -> np.ndarray:
    """Mean F over the classes with a border in the truth, 0..100, per tolerance; nan where there is none.

    Args:
        counts: (n, tolerances, 4), those of all pictures summed.
    """
    near, found, reached, true = counts.astype(float).transpose(2, 0, 1)
    precision, recall = near / np.maximum(found, 1), reached / np.maximum(true, 1)
    f = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    of_truth = true[:, 0] > 0
    return 100 * f[of_truth].mean(0) if of_truth.any() else np.full(counts.shape[1], np.nan)
