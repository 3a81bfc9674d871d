"""Augmentation of a pair: one random geometric map for photo and labels; a mirror exchanges the mirror pairs' ids.

`sloppy` turns an annotated layout into one that could have been painted by hand with a broad brush.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..method.palette import Palette


@dataclass(frozen=True)
class Augmentation:
    """Bounds of the random changes; each change is drawn uniformly, of size on a logarithmic scale."""

    mirror: bool = True  # half of the pairs
    rotate: float = 8.0  # largest angle in degrees; 0 keeps the horizon of streets
    shift: float = 0.05  # largest shift, as a share of the side
    scale: float = 0.15  # largest change of size: 0.15 is 1/1.15 .. 1.15
    crop: bool = False  # a random square along the longer side first; for pairs that are streamed (training/streaming)
    colour: float = 0.0  # largest change of brightness, contrast, saturation and each channel's gain, as a share


def augment(
    photo: np.ndarray, labels: np.ndarray, palette: Palette, rng: np.random.Generator, how: Augmentation
) -> tuple[np.ndarray, np.ndarray]:
    """Mirror, rotate, scale and shift a photo (H, W, 3) uint8 and its class ids (H, W) uint8 together, at random.

    The photo's colours may change too. Pixels from outside are reflections, in both, so that borders are no class of
    their own.
    """
    if how.mirror and rng.random() < 0.5:
        photo, labels = photo[:, ::-1], palette.flip(labels)
    size = labels.shape[1], labels.shape[0]
    zoom = (1 + how.scale) ** rng.uniform(-1, 1)
    center = (size[0] - 1) / 2, (size[1] - 1) / 2
    matrix = cv2.getRotationMatrix2D(center, rng.uniform(-how.rotate, how.rotate), zoom)
    matrix[:, 2] += rng.uniform(-how.shift, how.shift, 2) * np.array(size)
    border = cv2.BORDER_REFLECT_101
    photo = cv2.warpAffine(photo, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    labels = cv2.warpAffine(labels, matrix, size, flags=cv2.INTER_NEAREST, borderMode=border)
    return recolour(photo, rng, how.colour) if how.colour else photo, labels


def crop_square(photo: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A square of the shorter side's length, anywhere along the longer side of both (H, W)."""
    h, w = labels.shape
    side = min(h, w)
    y, x = int(rng.integers(h - side + 1)), int(rng.integers(w - side + 1))
    return photo[y : y + side, x : x + side], labels[y : y + side, x : x + side]


def recolour(photo: np.ndarray, rng: np.random.Generator, most: float) -> np.ndarray:
    """Change saturation, contrast, channel gains and brightness of (S, S, 3) uint8 by at most the share `most` each."""
    saturation, contrast, *gain = 1 + rng.uniform(-most, most, 5).astype(np.float32)
    brightness = 64 * np.float32(rng.uniform(-most, most))
    x = photo.astype(np.float32)
    grey = x.mean(axis=2, keepdims=True)
    x = grey + saturation * (x - grey)
    x = 128 + contrast * (x - 128)
    return (x * np.array(gain) + brightness).clip(0, 255).astype(np.uint8)


def sloppy(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Class ids (S, S) as if painted in a hurry: borders displaced, then blobs, coarse steps or wrong strokes."""
    size = labels.shape[0]
    labels = tremble(labels, rng, most=size / 48)
    way = rng.integers(3)
    if way == 0:  # blobs: at a border the median is the class with more pixels, and thin regions vanish
        return cv2.medianBlur(labels, 2 * int(rng.integers(size // 48, size // 20 + 1)) + 1)
    if way == 1:  # coarse steps
        cells = int(rng.integers(size // 8, size // 3))
        small = cv2.resize(labels, (cells, cells), interpolation=cv2.INTER_NEAREST)
        return cv2.resize(small, (size, size), interpolation=cv2.INTER_NEAREST)
    for _ in range(rng.integers(1, 6)):  # ellipses that take the class of a place nearby
        y, x = rng.integers(size, size=2).tolist()
        a, b = rng.integers(size // 64, size // 14, size=2).tolist()
        dy, dx = rng.integers(-size // 10, size // 10 + 1, size=2).tolist()
        neighbour = int(labels[np.clip(y + dy, 0, size - 1), np.clip(x + dx, 0, size - 1)])
        labels = cv2.ellipse(labels.copy(), (x, y), (a, b), float(rng.uniform(0, 180)), 0, 360, neighbour, -1)
    return labels


def tremble(labels: np.ndarray, rng: np.random.Generator, most: float) -> np.ndarray:
    """Class ids (S, S) displaced by a smooth random field of at most `most` pixels."""
    size = labels.shape[0]
    coarse = rng.uniform(-most, most, (2, 12, 12)).astype(np.float32)
    dy, dx = (cv2.resize(c, (size, size), interpolation=cv2.INTER_LINEAR) for c in coarse)
    grid = np.arange(size, dtype=np.float32)
    border = cv2.BORDER_REFLECT_101
    return cv2.remap(labels, grid[None] + dx, grid[:, None] + dy, cv2.INTER_NEAREST, borderMode=border)
