"""Solvers of dz/dt = v(z, t) (Eq. 11). One loop for both directions: the direction is the order of the times.

A solver is a function `step(v, z, t, dt, state) -> (z, v_at_t, state)`; what it keeps between steps (past
velocities, the leapfrog's second variable) is in `state`, which starts as None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InputError

if TYPE_CHECKING:  # help texts list the solvers, and torch takes a second to import
    import torch

    from .flow import Velocity

OnStep = Callable[[int, float, "torch.Tensor", "torch.Tensor"], None]  # (i, t, z, v at (z, t))


class Step(NamedTuple):
    z: torch.Tensor  # after the step
    v: torch.Tensor  # velocity at the step's start, as far as the solver has evaluated it
    state: Any


def euler(v: Velocity, z: torch.Tensor, t: float, dt: float, state: Any) -> Step:
    """The paper's (Eqs. 12, 13): order 1, one evaluation."""
    k = v(z, t)
    return Step(z + dt * k, k, None)


def ab2(v: Velocity, z: torch.Tensor, t: float, dt: float, state: Any) -> Step:
    """Adams-Bashforth 2 for uneven steps: order 2, one evaluation."""
    k = v(z, t)
    if state is None:
        # an Euler start costs one error of O(dt^2), which order 2 allows
        return Step(z + dt * k, k, (k, dt))
    last, last_dt = state
    r = dt / (2 * last_dt)
    return Step(z + dt * ((1 + r) * k - r * last), k, (k, dt))


def midpoint(v: Velocity, z: torch.Tensor, t: float, dt: float, state: Any) -> Step:
    """Order 2, two evaluations."""
    k = v(z, t)
    return Step(z + dt * v(z + dt / 2 * k, t + dt / 2), k, None)


def heun(v: Velocity, z: torch.Tensor, t: float, dt: float, state: Any) -> Step:
    """The trapezoid with a predicted end: order 2, two evaluations."""
    k = v(z, t)
    return Step(z + dt / 2 * (k + v(z + dt * k, t + dt)), k, None)


def rk4(v: Velocity, z: torch.Tensor, t: float, dt: float, state: Any) -> Step:
    """The classical Runge-Kutta: order 4, four evaluations."""
    k1 = v(z, t)
    k2 = v(z + dt / 2 * k1, t + dt / 2)
    k3 = v(z + dt / 2 * k2, t + dt / 2)
    k4 = v(z + dt * k3, t + dt)
    return Step(z + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), k1, None)


def leapfrog(v: Velocity, z: torch.Tensor, t: float, dt: float, state: Any) -> Step:
    """Asynchronous leapfrog: order 2, one evaluation, exactly reversible when `state` is handed on.

    The state is w, a velocity that runs beside z; the inverse of a step is the same step with -dt.
    """
    w = v(z, t) if state is None else state
    middle = z + dt / 2 * w
    w_next = 2 * v(middle, t + dt / 2) - w
    return Step(middle + dt / 2 * w_next, w, w_next)


def rk45(v: Velocity, z: torch.Tensor, t: float, dt: float, state: Any) -> Step:
    """Dormand-Prince with adaptive steps between the times (torchdiffeq's dopri5).

    Tolerance 1e-3 of a latent's unit variance: the paper's RK45 row, not a reference solution.
    """
    import torch
    import torchdiffeq

    dtype = torch.float32 if z.device.type == "mps" else torch.float64  # Apple's GPUs have no float64
    ends = torch.tensor([t, t + dt], dtype=dtype)
    # step_t: without it the solver oversteps the interval, to times that were never trained, and interpolates
    options = {"dtype": dtype, "step_t": ends[1:]}
    path: Any = torchdiffeq.odeint(
        lambda s, y: v(y, float(s)), z, ends, rtol=1e-3, atol=1e-3, method="dopri5", options=options
    )
    return Step(path[1], v(z, t), None)


SOLVERS: dict[str, Callable[..., Step]] = {
    "euler": euler,
    "ab2": ab2,
    "midpoint": midpoint,
    "heun": heun,
    "rk4": rk4,
    "rk45": rk45,
    "leapfrog": leapfrog,
}


def solve(
    velocity: Velocity,
    z: torch.Tensor,
    times: Sequence[float],
    solver: str = "euler",
    on_step: OnStep | None = None,
    state: Any = None,
) -> tuple[torch.Tensor, Any]:
    """Integrate from times[0] to times[-1].

    Args:
        velocity: v(z, t).
        z: (B, C, H, W), the state at times[0].
        times: strictly ascending (to the mask) or descending (to the image), at least two, in [0, 1].
        solver: a name in SOLVERS.
        on_step: called after each step's evaluation with (i, t, z, v) at the step's *start*; raising stops the solve.
        state: what an earlier solve returned; of use to `leapfrog` only.

    Returns:
        (z at times[-1], the solver's state). A `leapfrog` solve over the reversed times that is given both
        returns the first z to floating-point precision.

    Raises:
        InputError: no such solver, or the times are not strictly monotone.
    """
    if solver not in SOLVERS:
        raise InputError(f"there is no solver '{solver}'; it is one of {', '.join(SOLVERS)}")
    steps = [b - a for a, b in zip(times, times[1:])]
    if not steps or not (all(d > 0 for d in steps) or all(d < 0 for d in steps)):
        raise InputError("the times of a solve must be at least two and strictly ascending or descending")
    advance = SOLVERS[solver]
    for i, (t, dt) in enumerate(zip(times, steps)):
        start = z
        z, v, state = advance(velocity, z, t, dt, state)
        if on_step is not None:
            on_step(i, t, start, v)
    return z, state
