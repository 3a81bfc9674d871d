"""Crops of label maps around classes that are drawn evenly."""

from __future__ import annotations

import numpy as np


def pairs_by_class(masks: np.ndarray) -> dict[int, np.ndarray]:
    """Per class id in label maps (N, H, W): the indices of the maps that contain it."""
    present = np.stack([np.bincount(m.ravel(), minlength=256) > 0 for m in masks])  # (N, 256)
    return {int(i): np.flatnonzero(present[:, i]) for i in np.flatnonzero(present.any(0))}


def crop_around_a_class(
    masks: np.ndarray, by_class: dict[int, np.ndarray], size: int, rng: np.random.Generator
) -> np.ndarray:
    """A crop (size, size) around a pixel of a class; the class is drawn evenly, before the map that contains it.

    Small regions are hard for a codec, and rare classes would hardly be in any crop if the map were drawn first.
    """
    class_id = list(by_class)[int(rng.integers(len(by_class)))]
    labels = masks[int(rng.choice(by_class[class_id]))]
    ys, xs = np.nonzero(labels == class_id)
    j = rng.integers(len(ys))
    h, w = labels.shape
    y, x = (
        int(np.clip(at[j] - rng.integers(size // 4, size - size // 4), 0, most - size))
        for at, most in ((ys, h), (xs, w))
    )
    return labels[y : y + size, x : x + size]
