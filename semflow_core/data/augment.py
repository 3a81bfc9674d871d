"""Augmentation of a pair: one geometric map for photo and labels alike, mirrored with the ids exchanged."""

from __future__ import annotations

import cv2
import numpy as np

from ..palette import Palette


def augment(
    photo: np.ndarray,
    labels: np.ndarray,
    palette: Palette,
    rng: np.random.Generator,
    shift: float = 0.05,
    scale: float = 0.15,
    rotate: float = 8.0,
    mirror: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """A random mirror, rotation, scaling and shift of photo (S, S, 3) and class ids (S, S) together.

    Args:
        shift: most shift, as a share of the side.
        scale: most change of size; 0.15 is 1/1.15 .. 1.15.
        rotate: most rotation, in degrees.

    What comes in from outside is reflected, in both, so that no border is a class of its own.
    """
    if mirror and rng.random() < 0.5:
        photo, labels = photo[:, ::-1], palette.flip(labels)
    size = labels.shape[0]
    zoom = (1 + scale) ** rng.uniform(-1, 1)
    center = (size - 1) / 2
    matrix = cv2.getRotationMatrix2D((center, center), rng.uniform(-rotate, rotate), zoom)
    matrix[:, 2] += rng.uniform(-shift, shift, 2) * size
    border = cv2.BORDER_REFLECT_101
    return (
        cv2.warpAffine(photo, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border),
        cv2.warpAffine(labels, matrix, (size, size), flags=cv2.INTER_NEAREST, borderMode=border),
    )
