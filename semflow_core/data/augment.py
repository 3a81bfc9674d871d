"""Augmentation of a pair: one geometric map for photo and labels alike, mirrored with the ids exchanged.

`sloppy` turns an annotated layout into one that a hand with a broad brush could have painted.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..method.palette import Palette


@dataclass(frozen=True)
class Augmentation:
    mirror: bool = True
    rotate: float = 8.0  # degrees, the most that a pair is turned; streets have a horizon
    shift: float = 0.05  # the most, as a share of the side
    scale: float = 0.15  # the most change of size: 0.15 is 1/1.15 .. 1.15
    colour: float = 0.0  # the most change of brightness, contrast, saturation and each channel's gain, as a share


def augment(
    photo: np.ndarray, labels: np.ndarray, palette: Palette, rng: np.random.Generator, how: Augmentation
) -> tuple[np.ndarray, np.ndarray]:
    """A random mirror, rotation, scaling and shift of photo (S, S, 3) and class ids (S, S) together.

    The photo's colours may change too. What comes in from outside is reflected, in both, so that no border is a class
    of its own.
    """
    if how.mirror and rng.random() < 0.5:
        photo, labels = photo[:, ::-1], palette.flip(labels)
    size = labels.shape[0]
    zoom = (1 + how.scale) ** rng.uniform(-1, 1)
    center = (size - 1) / 2
    matrix = cv2.getRotationMatrix2D((center, center), rng.uniform(-how.rotate, how.rotate), zoom)
    matrix[:, 2] += rng.uniform(-how.shift, how.shift, 2) * size
    border = cv2.BORDER_REFLECT_101
    photo = cv2.warpAffine(photo, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    labels = cv2.warpAffine(labels, matrix, (size, size), flags=cv2.INTER_NEAREST, borderMode=border)
    return recolour(photo, rng, how.colour) if how.colour else photo, labels


def recolour(photo: np.ndarray, rng: np.random.Generator, most: float) -> np.ndarray:
    """Another light: saturation, contrast, gain of each channel and brightness, each changed by at most that share."""
    saturation, contrast, *gain = 1 + rng.uniform(-most, most, 5).astype(np.float32)
    brightness = 64 * np.float32(rng.uniform(-most, most))
    x = photo.astype(np.float32)
    grey = x.mean(axis=2, keepdims=True)
    x = grey + saturation * (x - grey)
    x = 128 + contrast * (x - 128)
    return (x * np.array(gain) + brightness).clip(0, 255).astype(np.uint8)


def sloppy(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Class ids (S, S) as they come from a hand in a hurry: trembling borders, and blobs, coarse steps or holes."""
    size = labels.shape[0]
    labels = tremble(labels, rng, most=size / 48)
    way = rng.integers(3)
    if way == 0:  # blobs: where two classes meet the median is the one that has more; thin things go under
        return cv2.medianBlur(labels, 2 * int(rng.integers(size // 48, size // 20 + 1)) + 1)
    if way == 1:  # coarse and jagged
        cells = int(rng.integers(size // 8, size // 3))
        small = cv2.resize(labels, (cells, cells), interpolation=cv2.INTER_NEAREST)
        return cv2.resize(small, (size, size), interpolation=cv2.INTER_NEAREST)
    for _ in range(rng.integers(1, 6)):  # strokes that took a neighbour's place, or missed
        y, x = rng.integers(size, size=2).tolist()
        a, b = rng.integers(size // 64, size // 14, size=2).tolist()
        dy, dx = rng.integers(-size // 10, size // 10 + 1, size=2).tolist()
        neighbour = int(labels[np.clip(y + dy, 0, size - 1), np.clip(x + dx, 0, size - 1)])
        labels = cv2.ellipse(labels.copy(), (x, y), (a, b), float(rng.uniform(0, 180)), 0, 360, neighbour, -1)
    return labels


def tremble(labels: np.ndarray, rng: np.random.Generator, most: float) -> np.ndarray:
    """Borders moved by a smooth random field of at most `most` pixels."""
    size = labels.shape[0]
    coarse = rng.uniform(-most, most, (2, 12, 12)).astype(np.float32)
    dy, dx = (cv2.resize(c, (size, size), interpolation=cv2.INTER_LINEAR) for c in coarse)
    grid = np.arange(size, dtype=np.float32)
    border = cv2.BORDER_REFLECT_101
    return cv2.remap(labels, grid[None] + dx, grid[:, None] + dy, cv2.INTER_NEAREST, borderMode=border)
