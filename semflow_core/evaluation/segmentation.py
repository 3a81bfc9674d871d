"""Segmentation figures by torchmetrics: mean IoU and pixel accuracy over a palette's classes."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torchmetrics.classification import MulticlassConfusionMatrix

from ..method.palette import UNLABELLED, Palette


def confusion(predicted: np.ndarray, truth: np.ndarray, palette: Palette) -> torch.Tensor:
    """Confusion counts (n, n), rows are the truth; pixels whose truth is 255 are left out.

    Args:
        predicted, truth: class ids, any equal shape.
    """
    n = len(palette.classes)
    known = truth != UNLABELLED
    metric = MulticlassConfusionMatrix(num_classes=n, validate_args=False)
    return metric(torch.from_numpy(palette.index(predicted[known])), torch.from_numpy(palette.index(truth[known])))


def confusions(predicted: np.ndarray, truth: np.ndarray, palette: Palette) -> torch.Tensor:
    """Confusion counts a picture, (N, n, n), from class ids (N, H, W); a bootstrap resamples pictures."""
    return torch.stack([confusion(p, t, palette) for p, t in zip(predicted, truth)])


def iou(counts: torch.Tensor) -> torch.Tensor:
    """IoU a class from confusion counts, (n,) in 0..1; nan for a class that is in neither."""
    hit = counts.diag().double()
    union = counts.sum(0) + counts.sum(1) - counts.diag()
    return torch.where(union > 0, hit / union.clamp(min=1), torch.nan)


def mean_iou(predicted: np.ndarray, truth: np.ndarray, palette: Palette) -> float:
    """Mean IoU, 0..100, over the classes that the truth has (summed over all pictures, then averaged)."""
    return miou_of(confusion(predicted, truth, palette))


def pixel_accuracy(predicted: np.ndarray, truth: np.ndarray, palette: Palette) -> float:
    """Share of pixels with the right class, 0..100, void left out."""
    return accuracy_of(confusion(predicted, truth, palette))


def miou_of(counts: torch.Tensor) -> float:
    """`mean_iou` from confusion counts (n, n); nan where the truth has no class."""
    return 100 * float(iou(counts)[counts.sum(1) > 0].mean())


def accuracy_of(counts: torch.Tensor) -> float:
    """`pixel_accuracy` from confusion counts (n, n); nan where the truth has no class."""
    return 100 * float(counts.diag().sum() / counts.sum())


def ghosts(predicted: np.ndarray, truth: np.ndarray, reach: int = 3) -> tuple[int, int]:
    """Ghost classes at borders: a colour halfway between two anchors can be a third one's.

    Args:
        predicted, truth: class ids (H, W) uint8.
        reach: pixels; how near to a border of the truth is looked, and how far a class may have moved.

    Returns:
        Pixels with a class that the truth has nowhere within reach, and all that were looked at.
    """
    near = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    border = cv2.dilate(truth, near) != cv2.erode(truth, near)
    known = np.zeros(truth.shape, bool)
    for class_id in np.unique(predicted):
        here = cv2.dilate((truth == class_id).astype(np.uint8), near) > 0
        known |= (predicted == class_id) & here
    return int((border & ~known).sum()), int(border.sum())
