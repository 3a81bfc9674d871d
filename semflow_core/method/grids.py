"""Time grids: where between t=0 (photo) and t=1 (mask) the steps of a solver begin and end (Eqs. 12, 13).

Free of torch, so that help texts list the grids at once.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import InputError

# u in [0, 1] -> 1 - t. Synthesis expands a small perturbation to a whole photo, so its steps belong
# near t=1; segmentation contracts, and even steps are good enough (docs/method.md, "Time grids").
GRIDS: dict[str, Callable[[float], float]] = {
    "uniform": lambda u: u,
    "quadratic": lambda u: u**2,  # t = 1 - u^2
    "cubic": lambda u: u**3,  # t = 1 - u^3
}
TO_IMAGE_GRID, TO_MASK_GRID = "quadratic", "uniform"  # the defaults of synthesis and of segmentation


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
