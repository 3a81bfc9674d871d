"""Losses of a layout reader, and how much rare classes count in them."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

VOID = -100  # index of pixels that no loss counts
DICE_FLOOR = 1.0  # pixels added to both sides of Dice's ratio: a class of a few pixels does not swing it


def class_weights(pixels: np.ndarray, power: float) -> torch.Tensor:
    """Weights of cross-entropy by class, rarity to a power; their mean over all pixels is 1.

    Args:
        pixels: per class, (n,).
    """
    share = np.maximum(pixels / max(pixels.sum(), 1), 1e-6)
    weights = share**-power
    return torch.from_numpy(weights / (weights * share).sum()).float()


def pair_chances(pixels: np.ndarray, power: float) -> np.ndarray:
    """The probability with which each pair is drawn: rarity to a power of the rarest class that it has.

    Args:
        pixels: per pair and class, (N, n).
    """
    has = pixels > 0
    rarity = (np.maximum(has.sum(0), 1) / len(has)) ** -power
    chances = np.where(has, rarity, 0).max(1).clip(1e-6)
    return chances / chances.sum()


def soft_dice(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """1 - the mean Dice coefficient of the classes that a batch has (Milletari et al. 2016), over all its pixels.

    Args:
        scores: (B, n, H, W).
        labels: (B, H, W) class indices; VOID counts nowhere.
    """
    valid = labels != VOID
    truth = F.one_hot(labels.clamp(min=0), scores.shape[1]).movedim(-1, 1) * valid[:, None]
    predicted = scores.softmax(1) * valid[:, None]
    both, sums = ((predicted * truth).sum((0, 2, 3)), (predicted + truth).sum((0, 2, 3)))
    present = truth.sum((0, 2, 3)) > 0
    return 1 - ((2 * both + DICE_FLOOR) / (sums + DICE_FLOOR))[present].mean()
