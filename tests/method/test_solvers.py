"""Solvers against closed forms: constant, linear and Gaussian fields, order of convergence, exact reversal."""

import math

import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.method.flow import times_to_image, times_to_mask
from semflow_core.method.solvers import SOLVERS, solve

FIXED = {"euler": 1, "ab2": 2, "midpoint": 2, "heun": 2, "rk4": 4, "leapfrog": 2}  # order of convergence


def state(*shape: int) -> torch.Tensor:
    return torch.randn(shape or (2, 3, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def linear(z: torch.Tensor, t: float) -> torch.Tensor:
    """dz/dt = (1 + t) z, so z(1) = z(0) exp(3/2)."""
    return (1 + t) * z


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("steps", [1, 3, 7])
def test_a_constant_field_is_solved_exactly_in_both_directions(solver: str, steps: int) -> None:
    z, v = state(), state() * 2 + 1
    there, _ = solve(lambda z, t: v, z, times_to_mask(steps), solver)
    back, _ = solve(lambda z, t: v, there, times_to_image(steps), solver)
    torch.testing.assert_close(there, z + v, rtol=0, atol=1e-12)
    torch.testing.assert_close(back, z, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("solver", "order"), FIXED.items())
def test_order_of_convergence(solver: str, order: int) -> None:
    z = state()
    exact = z * math.exp(1.5)
    errors = [(solve(linear, z, times_to_mask(n), solver)[0] - exact).abs().max().item() for n in (16, 32, 64)]
    measured = [math.log2(a / b) for a, b in zip(errors, errors[1:])]
    assert measured[-1] == pytest.approx(order, abs=0.2), measured


@pytest.mark.parametrize("solver", ["ab2", "heun", "rk4", "leapfrog"])
def test_order_holds_on_the_uneven_grid(solver: str) -> None:
    z = state() * math.exp(1.5)
    errors = [
        (solve(linear, z, times_to_image(n, "quadratic"), solver)[0] - z * math.exp(-1.5)).abs().max().item()
        for n in (32, 64)
    ]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(FIXED[solver], abs=0.3)


def test_rk45_meets_its_tolerance_in_one_interval() -> None:
    z = state()
    end, _ = solve(linear, z, [0.0, 1.0], "rk45")
    torch.testing.assert_close(end, z * math.exp(1.5), rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize("times", [times_to_mask(8), times_to_image(8, "quadratic")])
def test_rk45_never_leaves_its_interval(times: list[float]) -> None:
    """Outside [0, 1] a network has learnt nothing."""
    seen: list[float] = []

    def v(z: torch.Tensor, t: float) -> torch.Tensor:
        seen.append(t)
        return z

    solve(v, state(), times, "rk45")
    assert min(seen) >= -1e-9 and max(seen) <= 1 + 1e-9


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_gaussian_to_gaussian_follows_its_exact_map(sigma: float) -> None:
    """Independent N(0, 1) at t=0 and N(m, sigma^2) at t=1: the flow's map is the affine one, z -> m + sigma z."""
    m = 0.7

    def v(z: torch.Tensor, t: float) -> torch.Tensor:
        # E[z1 - z0 | zt], worked out from the joint Gaussian of (z0, z1, zt)
        variance = (1 - t) ** 2 + (t * sigma) ** 2
        slope = (t * sigma**2 - (1 - t)) / variance
        return m + slope * (z - t * m)

    z = state()
    end, _ = solve(v, z, times_to_mask(100), "rk4")
    torch.testing.assert_close(end, m + sigma * z, rtol=1e-4, atol=1e-4)
    start, _ = solve(v, m + sigma * z, times_to_image(100, "uniform"), "rk4")
    torch.testing.assert_close(start, z, rtol=1e-4, atol=1e-4)


def field(z: torch.Tensor, t: float) -> torch.Tensor:
    """A nonlinear field that mixes the elements."""
    return torch.tanh(2 * z.roll(1, -1)) + torch.sin(3 * z + t)


@pytest.mark.parametrize("grid", ["uniform", "quadratic"])
def test_leapfrog_is_reversible_in_float32(grid: str) -> None:
    z = state(2, 4, 8, 8).float()
    times = times_to_mask(8, grid)
    end, w = solve(field, z, times, "leapfrog")
    back, _ = solve(field, end, times[::-1], "leapfrog", state=w)
    assert (back - z).abs().max() <= 1e-5
    assert (end - z).abs().max() > 0.1  # it went somewhere


def test_euler_is_not_reversible() -> None:
    """The reason why leapfrog is there: forward Euler looks at the left end, backward Euler at the right."""
    z = state()
    end, _ = solve(field, z, times_to_mask(8), "euler")
    back, _ = solve(field, end, times_to_image(8, "uniform"), "euler")
    assert (back - z).abs().max() > 1e-2


@pytest.mark.parametrize("solver", SOLVERS)
def test_on_step_sees_the_start_of_every_step(solver: str) -> None:
    seen = []
    times = times_to_image(5, "cubic")
    z = state()
    solve(linear, z, times, solver, on_step=lambda i, t, zt, v: seen.append((i, t, zt, v)))
    assert [(i, t) for i, t, _, _ in seen] == list(enumerate(times[:-1]))
    torch.testing.assert_close(seen[0][2], z)
    torch.testing.assert_close(seen[0][3], linear(z, times[0]))


def test_on_step_can_stop_the_solve() -> None:
    calls = []

    def stop(i: int, t: float, z: torch.Tensor, v: torch.Tensor) -> None:
        calls.append(i)
        if i == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        solve(linear, state(), times_to_mask(10), on_step=stop)
    assert calls == [0, 1, 2]


@pytest.mark.parametrize("times", [[], [0.5], [0.0, 0.0], [0.0, 1.0, 0.5]])
def test_times_that_do_not_run_one_way_are_refused(times: list[float]) -> None:
    with pytest.raises(InputError, match="strictly"):
        solve(linear, state(), times)


def test_an_unknown_solver_is_named() -> None:
    with pytest.raises(InputError, match="'ddim'.*euler"):
        solve(linear, state(), [0.0, 1.0], "ddim")
