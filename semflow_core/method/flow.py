"""The rectified flow between images (t=0) and masks (t=1): path, target, loss, times (Eqs. 9-13)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from ..errors import InputError

Velocity = Callable[[torch.Tensor, float], torch.Tensor]  # v(z, t), z (B, C, H, W), t in [0, 1]

# u in [0, 1] -> 1 - t. Synthesis expands a small perturbation to a whole photo, so its steps belong
# near t=1; segmentation contracts, and even steps are good enough (docs/method.md, "Time grids").
GRIDS: dict[str, Callable[[float], float]] = {
    "uniform": lambda u: u,
    "quadratic": lambda u: u**2,  # t = 1 - u^2
    "cubic": lambda u: u**3,  # t = 1 - u^3
}
TO_IMAGE_GRID, TO_MASK_GRID = "quadratic", "uniform"  # the defaults of synthesis and of segmentation


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


def times_to_mask(steps: int, grid: str = TO_MASK_GRID) -> list[float]:
    """Times of segmentation, 0 -> 1, steps + 1 of them; uniform gives exactly i/N (Eq. 12)."""
    return times_to_image(steps, grid)[::-1]


def times_to_image(steps: int, grid: str = TO_IMAGE_GRID) -> list[float]:
    """Times of synthesis, 1 -> 0, steps + 1 of them (Eq. 13): t_i = 1 - g(i/N).

    Raises:
        InputError: fewer than one step, or no such grid.
    """
    if grid not in GRIDS:
        raise InputError(f"there is no time grid '{grid}'; it is one of {', '.join(GRIDS)}")
    if steps < 1:
        raise InputError(f"the number of steps is {steps}; it must be at least 1")
    if grid == "uniform":
        return [(steps - i) / steps for i in range(steps + 1)]  # 1 - i/N would round twice
    return [1 - GRIDS[grid](i / steps) for i in range(steps)] + [0.0]
