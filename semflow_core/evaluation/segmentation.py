"""Segmentation figures: mean IoU and pixel accuracy over a palette's classes, and ghost classes at borders."""

from __future__ import annotations

import cv2
import numpy as np

from ..method.palette import UNLABELLED, Palette


def confusion(predicted: np.ndarray, truth: np.ndarray, palette: Palette) -> np.ndarray:
    """Confusion counts (n, n) int64, rows are the truth; pixels whose truth is 255 are left out.

    Args:
        predicted, truth: class ids, any equal shape.

    Raises:
        InputError: an id is no class of the palette.
    """
    n = len(palette.classes)
    valid = truth != UNLABELLED
    columns, rows = palette.index(predicted[valid]), palette.index(truth[valid])
    return np.bincount(n * rows + columns, minlength=n * n).reshape(n, n)


def confusions(predicted: np.ndarray, truth: np.ndarray, palette: Palette) -> np.ndarray:
    """Confusion counts per picture, (N, n, n) int64, from class ids (N, H, W); a bootstrap resamples pictures."""
    return np.stack([confusion(p, t, palette) for p, t in zip(predicted, truth)])


def iou(counts: np.ndarray) -> np.ndarray:
    """IoU per class from confusion counts (n, n): (n,) float64 in 0..1; nan for a class that neither has."""
    hits = counts.diagonal()
    union = counts.sum(0) + counts.sum(1) - hits
    return np.divide(hits, union, out=np.full(len(hits), np.nan), where=union > 0)


def mean_iou(predicted: np.ndarray, truth: np.ndarray, palette: Palette) -> float:
    """Mean IoU, 0..100, over the classes that the truth has (summed over all pictures, then averaged)."""
    return miou_of(confusion(predicted, truth, palette))


def pixel_accuracy(predicted: np.ndarray, truth: np.ndarray, palette: Palette) -> float:
    """Share of pixels with the right class, 0..100, void left out."""
    return accuracy_of(confusion(predicted, truth, palette))


def miou_of(counts: np.ndarray) -> float:
    """`mean_iou` from confusion counts (n, n); nan where the truth has no class."""
    of_truth = iou(counts)[counts.sum(1) > 0]
    return 100 * float(of_truth.mean()) if len(of_truth) else float("nan")


def foreground_miou_of(counts: np.ndarray, background: int) -> float:
    """`mean_iou` as SymmFlow computes it: pixels of the background are left out, and it is not in the mean.

    What is predicted on background costs nothing then, so this is no stricter figure, only another
    (caetas/SymmetricFlow: `pred[gt == 0] = 0`, `JaccardIndex(ignore_index=0)`).

    Args:
        counts: (n, n).
        background: class index (`background_index`).
    """
    others = counts.copy()
    others[background] = 0
    return miou_of(others)


def background_index(palette: Palette) -> int | None:
    """The index of the class that is named background; None where the palette has none, as Cityscapes'."""
    return next((i for i, c in enumerate(palette.classes) if c.name == "background"), None)


def accuracy_of(counts: np.ndarray) -> float:
    """`pixel_accuracy` from confusion counts (n, n); nan where the truth has no class."""
    total = int(counts.sum())
    return 100 * int(counts.trace()) / total if total else float("nan")


def ghosts(predicted: np.ndarray, truth: np.ndarray, reach: int = 3) -> tuple[int, int]:
    """Count ghost classes at borders: a colour halfway between two anchors can be that of a third class.

    Args:
        predicted, truth: class ids (H, W) uint8.
        reach: pixels; the width of the zone beside a border of the truth, and how far a class may have moved.

    Returns:
        The number of pixels whose class the truth does not have within reach, and of all pixels in the zone.
    """
    near = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    border = cv2.dilate(truth, near) != cv2.erode(truth, near)
    explained = np.zeros(truth.shape, bool)
    for class_id in np.unique(predicted):
        class_near = cv2.dilate((truth == class_id).astype(np.uint8), near) > 0
        explained |= (predicted == class_id) & class_near
    return int((border & ~explained).sum()), int(border.sum())
