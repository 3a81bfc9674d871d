"""The rectified flow between images (t=0) and masks (t=1): path, target, loss, times (Eqs. 9-13).

The times of the solvers are in `grids.py`; they are imported here for those who look for them beside the path.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from .grids import GRIDS, TO_IMAGE_GRID, TO_MASK_GRID, times_to_image, times_to_mask

__all__ = [
    "GRIDS",
    "TIME_SAMPLING",
    "TO_IMAGE_GRID",
    "TO_MASK_GRID",
    "PathSample",
    "Velocity",
    "flow_loss",
    "sample_path",
    "stratified_times",
    "times_to_image",
    "times_to_mask",
]

Velocity = Callable[[torch.Tensor, float], torch.Tensor]  # v(z, t), z (B, C, H, W), t in [0, 1]


@dataclass(frozen=True)
class PathSample:
    zt: torch.Tensor  # (B, C, H, W)
    t: torch.Tensor  # (B,) float32
    target: torch.Tensor  # (B, C, H, W) dz/dt = z1 - z0


def sample_path(z0: torch.Tensor, z1: torch.Tensor, t: torch.Tensor) -> PathSample:
    """The straight path z_t = (1 - t) z0 + t z1 and its constant velocity z1 - z0 (Eq. 9)."""
    s = t.view(-1, 1, 1, 1)
    return PathSample((1 - s) * z0 + s * z1, t, z1 - z0)


def flow_loss(v: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean squared error over all elements, in float32 (Eq. 10)."""
    return (v.float() - target.float()).square().mean()


def stratified_times(n: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """n times, uniform on [0, 1), one in each n-th of the interval, (n,) float32, in random order.

    Real-valued: the network gets 1000 t as it is, never rounded to an integer.
    """
    u = torch.rand(n, generator=generator)
    t = (torch.randperm(n, generator=generator) + u) / n
    return t.clamp(max=1 - 2**-24)  # rounding must not reach 1


# stratified u in [0, 1) -> training times: where the loss is taken. Both ends matter here: segmentation starts at
# t=0 and synthesis at t=1, which logit-normal times (made for flows from noise) never reach.
TIME_SAMPLING: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "uniform": lambda u: u,
    "u_shaped": lambda u: torch.sin(0.5 * math.pi * u).square(),  # density 1 / (pi sqrt(t (1 - t)))
    "logit_normal": lambda u: torch.special.ndtri(u.clamp(1e-6, 1 - 1e-6)).sigmoid(),
}
