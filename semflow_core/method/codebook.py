"""The codebook: labels <-> RGB anchors (Eq. 7), and nearest-anchor decoding with its margin.

A label map becomes a *pseudo mask*: every class is painted in its anchor, a colour on a k x k x k
grid with spacing s. Any colour error below s/2 in each channel still decodes to the same class.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
import torch

from ..errors import InputError
from .palette import Palette

PRESETS = {
    "paper": (6, 50),  # 216 anchors, 50 apart: the paper's, for up to 171 classes of COCO-Stuff
    "wide": (3, 125),  # 27 anchors, 125 apart: 2.5 times the margin for label sets of up to 27
}


def anchor_colors(n: int, k: int, s: float) -> np.ndarray:
    """The first n anchors of Eq. 7, (n, 3) float32 in 0..255 units.

    Raises:
        InputError: the grid has fewer than n points, or leaves the range of an image.
    """
    if k < 2 or n < 1 or n > k**3:
        raise InputError(f"a codebook with k={k} has {max(k, 0) ** 3} anchors, {n} classes are wanted")
    if s < 1 or s * (k - 1) > 255:
        raise InputError(f"a codebook with k={k}, s={s} leaves the range 0..255; s may be at most {255 // (k - 1)}")
    c = np.arange(n)
    return s * np.stack([c // k**2, c // k % k, c % k], axis=-1).astype(np.float32)


def spacing_of(colors: np.ndarray) -> float:
    """The s of anchors (n, 3) on no grid: the largest with |eps| < s/2 per channel never nearer to another anchor.

    As in the paper's proof: with d the difference of two anchors, |d - eps| > |eps| where sum d_i (d_i - 2 eps_i) > 0,
    which holds while 2 |eps_i| < |d|^2 / sum |d_i|. On the grid of Eq. 7 that is its s.
    """
    d = (colors[:, None] - colors)[~np.eye(len(colors), dtype=bool)]
    return float((np.square(d).sum(-1) / np.abs(d).sum(-1)).min(initial=255.0))


class Decoded(NamedTuple):
    labels: np.ndarray  # (..., H, W) uint8 class ids
    margin: np.ndarray  # (..., H, W) float32 in [0, 1]: 0 = two classes equally near, 1 = on the anchor or beyond


@dataclass(frozen=True)
class Codebook:
    """The anchors of one palette.

    Attributes:
        palette: the label set.
        k, s: levels per channel and their spacing in 0..255 units (Eq. 7). With `colors`, k is 0, and s what keeps the
            bound of Eq. 14 true: any perturbation below s/2 per channel leaves the nearest anchor the same.
        order: grid position of each class, by class index; () is the paper's 0, 1, 2, …. A searched
            order (training/anchors.py) keeps third anchors off the lines between frequent neighbours,
            because every blur passes along such a line (docs/method.md, "Ghost classes").
        colors: (R, G, B) of each class, by class index, of a model that was trained with anchors on no grid; () is the
            grid's.
    """

    palette: Palette
    k: int = 6
    s: float = 50
    order: tuple[int, ...] = ()
    colors: tuple[tuple[int, int, int], ...] = ()

    def __post_init__(self) -> None:
        n = len(self.palette.classes)
        if self.colors:
            if self.order or len(self.colors) != n or len(set(self.colors)) != n:
                raise InputError(f"the codebook's colors must be {n} different ones, and then it has no order")
            object.__setattr__(self, "k", 0)
            object.__setattr__(self, "s", spacing_of(np.array(self.colors, np.float64)))
            return
        anchor_colors(n, self.k, self.s)  # raises on an impossible grid
        if self.order and (
            len(self.order) != n or len(set(self.order)) != n or not set(self.order) <= set(range(self.k**3))
        ):
            raise InputError(f"the codebook's order must name {n} different grid positions below {self.k**3}")

    @cached_property
    def anchors(self) -> torch.Tensor:
        """Anchors by class index, (n, 3) float32 in 0..255 units."""
        n = len(self.palette.classes)
        with torch.inference_mode(False):  # cached, so that training may use it after inference did
            if self.colors:
                return torch.tensor(self.colors, dtype=torch.float32)
            grid = anchor_colors(self.k**3, self.k, self.s)
            return torch.from_numpy(grid[list(self.order or range(n))])

    @property
    def max_beta(self) -> float:
        """Perturbations must stay below this, in 0..255 units (Eq. 14: beta < s/2)."""
        return self.s / 2

    def encode(self, labels: np.ndarray) -> torch.Tensor:
        """Class ids (B, H, W) -> pseudo masks (B, 3, H, W) float32 in 0..255 units.

        Raises:
            InputError: an id that is no class of the palette.
        """
        index = torch.from_numpy(self.palette.index(labels))
        return self.anchors[index].movedim(-1, 1).contiguous()

    def decode(self, colors: torch.Tensor) -> Decoded:
        """Pseudo masks (B, 3, H, W) in 0..255 units -> class ids by nearest anchor in L2.

        The margin is (d2 - d1) / s, with d1, d2 the distances to the nearest and the second anchor.
        """
        distances = self.distances(colors)  # (B, n, H, W)
        if distances.shape[1] == 1:
            nearest = torch.zeros_like(distances[:, 0], dtype=torch.int64)
            margin = torch.ones_like(distances[:, 0])
        else:
            two = distances.topk(2, dim=1, largest=False)
            nearest = two.indices[:, 0]
            margin = ((two.values[:, 1] - two.values[:, 0]) / self.s).clamp(0, 1)
        return Decoded(self.palette.ids[nearest.cpu().numpy()], margin.cpu().numpy())

    def distances(self, colors: torch.Tensor) -> torch.Tensor:
        """L2 distance to every anchor, (B, 3, H, W) -> (B, n, H, W), in 0..255 units."""
        anchors = self.anchors.to(colors.device)
        flat = colors.float().movedim(1, -1).reshape(-1, 3)
        d = torch.cdist(flat, anchors, compute_mode="donot_use_mm_for_euclid_dist")
        b, _, h, w = colors.shape
        return d.view(b, h, w, -1).movedim(-1, 1)

    def agree(self, *views: torch.Tensor, smooth: float = 0.0) -> torch.Tensor:
        """One table of distances from those of several views of a picture, each (B, n, H, W) in 0..255 units.

        A view gives each class the probability exp(-d^2 / 2 (s/2)^2), normalised over the classes, and the mean
        probability is turned into a distance again. A view that is far from every anchor is nearly uniform, so it
        counts little.

        Args:
            smooth: deviation in pixels of the Gaussian over which neighbours' probabilities are averaged, 0 for none.
        """
        probability = torch.stack([self.probabilities(d) for d in views]).mean(0)
        if smooth:
            planes = probability.flatten(0, 1).cpu().numpy()
            planes = [cv2.GaussianBlur(p, (0, 0), smooth, borderType=cv2.BORDER_REPLICATE) for p in planes]
            probability = torch.from_numpy(np.stack(planes)).view_as(probability).to(probability.device)
        return self.distances_of(probability)

    def probabilities(self, distances: torch.Tensor) -> torch.Tensor:
        """Distances (B, n, H, W) in 0..255 units -> class probabilities: exp(-d^2 / 2 (s/2)^2), normalised."""
        return torch.softmax(-2 * (distances / self.s).square(), 1)

    def distances_of(self, probabilities: torch.Tensor) -> torch.Tensor:
        """Class probabilities (B, n, H, W) -> the distances that have them, in 0..255 units."""
        return self.s / 2 * (-2 * probabilities.clamp(min=1e-12).log()).sqrt()


def to_model(colors: torch.Tensor) -> torch.Tensor:
    """0..255 units -> the [-1, 1] range of images inside the model."""
    return colors / 127.5 - 1


def photos_to_model(photos: np.ndarray) -> torch.Tensor:
    """Photos (B, H, W, 3) uint8 -> (B, 3, H, W) float32 in [-1, 1]."""
    return to_model(torch.from_numpy(np.array(photos)).permute(0, 3, 1, 2).float())


def from_model(x: torch.Tensor) -> torch.Tensor:
    """[-1, 1] -> 0..255 units (not clamped)."""
    return (x + 1) * 127.5
