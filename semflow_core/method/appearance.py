"""Appearance: statistics of the colours of regions, which give a regional offset the meaning of a mean colour.

The paper's perturbation is noise, so a model can only average over the photos that one pseudo mask may stand for. The
regional part (perturbation.py) has room for three numbers per region, though, and a photo has three that matter most:
the region's mean colour. With an appearance, training computes the offsets from each photo instead of drawing them,
and inference draws colours that photos have together:

- per class the colours are whitened (z, unit variance per direction, the most varying one first) and an
  offset is erf(z / sqrt 2), which is uniform on (-1, 1) where z is normal: Eq. 14's bound and distribution hold;
- all classes' z together are drawn as one Gaussian with the correlations of the training photos, so that a neck goes
  with its face. A class takes its part of the draw of its own seed: re-rolling one class leaves the others as they are.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..errors import InputError
from .codebook import Codebook
from .palette import Palette

LEAST_PIXELS = 16  # smallest region whose mean colour is used
LEAST_PHOTOS = 8  # fewest photos with a class for which the class gets its own statistics
SHRINK = 20  # photos without correlation that are added to the estimate of every correlation
# covariance of the colours of a class in too few photos: deviation of 50 grey levels in light, 15 in hue
UNKNOWN = (50.0**2 - 15.0**2) * np.full((3, 3), 1 / 3) + 15.0**2 * np.eye(3)
Offset = tuple[float, float, float]  # the offset of one region, each component in [-1, 1]


class Rgb(NamedTuple):
    """A colour, each channel in 0..255."""

    r: float
    g: float
    b: float


EDGE = 0.998  # largest magnitude of an offset: erf is flat beyond three deviations


@dataclass(frozen=True, eq=False)
class Appearance:
    """Statistics of the mean colours of all classes, by class index.

    Attributes:
        means: (n, 3) float64, RGB in 0..255 units.
        axes: (n, 3, 3) float64; column j is the change of colour by one deviation along direction j.
        joint: (3n, 3n) float64, L with L L^T the correlations of all classes' z.
    """

    means: torch.Tensor
    axes: torch.Tensor
    joint: torch.Tensor

    def offset_of(self, index: int, color: Rgb) -> Offset:
        """The offset that asks for a mean colour (R, G, B in 0..255) of a class, each component in (-1, 1)."""
        r, g, b = self.offsets(torch.tensor(color, dtype=torch.float64).expand(len(self.means), 3))[index].tolist()
        return r, g, b

    def color_of(self, index: int, offset: Offset) -> Rgb:
        """The mean colour that an offset asks for, R, G, B in 0..255."""
        z = math.sqrt(2) * torch.erfinv(torch.tensor(offset, dtype=torch.float64).clamp(-EDGE, EDGE))
        return Rgb(*(self.means[index] + self.axes[index] @ z).clamp(0, 255).tolist())

    def nearest(self, index: int, color: Rgb) -> Rgb:
        """The colour that a class gets when `color` is asked for: it, or the end of the range in the training data."""
        return self.color_of(index, self.offset_of(index, color))

    def offsets(self, colors: torch.Tensor) -> torch.Tensor:
        """Mean colours (..., n, 3) -> offsets (..., n, 3) in (-1, 1); nan stays nan."""
        z = torch.linalg.solve(self.axes, (colors - self.means)[..., None])[..., 0]
        return torch.erf(z / math.sqrt(2)).clamp(-EDGE, EDGE)

    def draw(self, generator: torch.Generator) -> torch.Tensor:
        """Offsets of all classes as one photo may have them together, (n, 3)."""
        z = self.joint @ torch.randn(len(self.joint), generator=generator, dtype=torch.float64)
        return torch.erf(z.view(-1, 3) / math.sqrt(2)).clamp(-EDGE, EDGE)

    def draw_batch(self, photos: int) -> torch.Tensor:
        """As `draw`, of so many photos, (photos, n, 3), from torch's own generator."""
        z = torch.randn(photos, len(self.joint), dtype=torch.float64) @ self.joint.T
        return torch.erf(z.view(photos, -1, 3) / math.sqrt(2)).clamp(-EDGE, EDGE)

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write a safetensors file."""
        save_file({k: getattr(self, k).contiguous() for k in ("means", "axes", "joint")}, file)

    @classmethod
    def load(cls, file: str | os.PathLike[str], classes: int) -> Appearance:
        """The inverse of `save`.

        Raises:
            InputError: the file cannot be read, or holds another number of classes.
        """
        try:
            appearance = cls(**load_file(file))
        except (OSError, SafetensorError, TypeError) as error:
            raise InputError(f"the appearance in '{file}' cannot be read: {str(error).splitlines()[0]}") from None
        shapes = [tuple(part.shape) for part in (appearance.means, appearance.axes, appearance.joint)]
        if shapes != [(classes, 3), (classes, 3, 3), (3 * classes, 3 * classes)]:
            raise InputError(f"the appearance in '{file}' is not that of {classes} classes")
        return appearance


def region_colors(photo: np.ndarray, labels: np.ndarray, palette: Palette) -> np.ndarray:
    """Mean colour of each class's region, (n, 3) float64 by class index; nan where it has too few pixels.

    A mirror pair is one region: two eyes have one colour.

    Args:
        photo: (H, W, 3) uint8.
        labels: class ids (H, W).
    """
    first = palette.first_of_pair
    index, n = first[palette.index(labels)].ravel(), len(palette.ids)
    count = np.bincount(index, minlength=n).astype(float)
    count[count < LEAST_PIXELS] = np.nan
    sums = np.stack([np.bincount(index, photo[..., c].ravel(), n) for c in range(3)], axis=1)
    return (sums / count[:, None])[first]


def region_offsets(
    codebook: Codebook, colors: np.ndarray, labels: np.ndarray, amplitude: float, least: int = 64
) -> dict[int, Offset]:
    """The regional offsets of a decoded pseudo mask: how far each region lies from its anchor.

    Args:
        colors: (H, W, 3) in 0..255 units, the pseudo mask where the flow of a photo ended.
        labels: its class ids (H, W).
        amplitude: that of the regional perturbation that the model was trained with, in 0..255 units.
        least: pixels that a class must have; of fewer no mean is taken.

    Returns:
        class id -> offset, each component in [-1, 1] as a share of the regional amplitude (`perturbation.perturb`).
    """
    offsets: dict[int, Offset] = {}
    for i, class_id in enumerate(codebook.palette.ids.tolist()):
        region = colors[labels == class_id]
        if len(region) >= least and amplitude > 0:
            mean = (region - codebook.anchors[i].numpy()).mean(0) / amplitude
            r, g, b = np.clip(mean, -1, 1).tolist()
            offsets[class_id] = (r, g, b)
    return offsets


def fit_appearance(colors: np.ndarray) -> Appearance:
    """The appearance of many photos, from their region colours (N, n, 3), nan where a photo does not show a class."""
    n = colors.shape[1]
    means, axes = np.full((n, 3), 127.5), np.tile(directions(UNKNOWN), (n, 1, 1))
    colors = colors.copy()
    for i in range(n):
        shown = colors[~np.isnan(colors[:, i, 0]), i]
        if len(shown) >= LEAST_PHOTOS:
            means[i], axes[i] = shown.mean(0), directions(np.cov(shown.T))
        else:
            colors[:, i] = np.nan  # too few for correlations, too
    z = np.linalg.solve(axes, (colors - means)[..., None])[..., 0].reshape(len(colors), -1)
    # outliers must not dominate; a Gaussian's correlations survive the clipping
    z = np.clip(z, -3, 3)
    there = (~np.isnan(z)).astype(float)
    z = np.nan_to_num(z)
    correlation = (z.T @ z) / (there.T @ there + SHRINK)
    np.fill_diagonal(correlation, 1)
    values, vectors = np.linalg.eigh(correlation)
    joint = vectors * np.sqrt(values.clip(1e-6))  # pairs that few photos show together may contradict the others
    joint /= np.sqrt(np.square(joint).sum(1, keepdims=True))
    return Appearance(*(torch.from_numpy(np.ascontiguousarray(part)) for part in (means, axes, joint)))


def directions(covariance: np.ndarray) -> np.ndarray:
    """(3, 3) axes of colours with a covariance: light first, then by variance; columns of one deviation.

    Signs are chosen so that + is lighter in the first, warmer (red, not blue) in the second and greener in the last.
    """
    values, vectors = np.linalg.eigh(covariance + np.eye(3))  # at least the deviation of one grey level
    axes = (vectors * np.sqrt(values))[:, ::-1]
    signs = [axes[:, 0].sum(), axes[0, 1] - axes[2, 1], 2 * axes[1, 2] - axes[0, 2] - axes[2, 2]]
    return axes * np.where(np.array(signs) < 0, -1.0, 1.0)


@lru_cache(maxsize=64)
def offsets_of_seed(appearance: Appearance, state: int) -> tuple[Offset, ...]:
    """The offsets that a generator in `state` draws, one per class, by class index."""
    drawn = appearance.draw(torch.Generator().manual_seed(state)).tolist()
    return tuple((r, g, b) for r, g, b in drawn)
