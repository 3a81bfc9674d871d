"""Path, target, loss and times (Eqs. 9-13)."""

import math

import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.method.flow import (
    GRIDS,
    TIME_SAMPLING,
    flow_loss,
    sample_path,
    stratified_times,
    times_to_image,
    times_to_mask,
)


def test_the_path_is_straight_and_its_velocity_is_the_target() -> None:
    z0, z1 = torch.randn(3, 4, 2, 2), torch.randn(3, 4, 2, 2)
    t = torch.tensor([0.0, 0.25, 1.0])
    s = sample_path(z0, z1, t)
    torch.testing.assert_close(s.zt[0], z0[0])
    torch.testing.assert_close(s.zt[1], 0.75 * z0[1] + 0.25 * z1[1])
    torch.testing.assert_close(s.zt[2], z1[2])
    torch.testing.assert_close(s.target, z1 - z0)


def test_swapping_the_ends_negates_the_target() -> None:
    """Time symmetry (Eq. 10): the same states, the other way round."""
    z0, z1, t = torch.randn(2, 4, 2, 2), torch.randn(2, 4, 2, 2), torch.tensor([0.25, 0.5])
    forward, backward = sample_path(z0, z1, t), sample_path(z1, z0, 1 - t)
    torch.testing.assert_close(forward.zt, backward.zt)
    torch.testing.assert_close(forward.target, -backward.target)


def test_the_loss_is_the_mean_square_in_float32() -> None:
    v = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=torch.bfloat16)
    loss = flow_loss(v, torch.tensor([[0.0, 2.0], [1.0, 1.0]]))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx((1 + 0 + 4 + 16) / 4)


@pytest.mark.parametrize("n", [1, 3, 6, 7, 16, 30, 1000])
def test_uniform_times_are_exactly_i_over_n(n: int) -> None:
    """Also for N that do not divide 1000, where the released code is wrong."""
    assert times_to_mask(n) == [i / n for i in range(n + 1)]
    assert times_to_image(n, "uniform") == [(n - i) / n for i in range(n + 1)]


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("n", [1, 2, 8, 25])
def test_every_grid_runs_the_whole_way(grid: str, n: int) -> None:
    down, up = times_to_image(n, grid), times_to_mask(n, grid)
    assert (down[0], down[-1], len(down)) == (1.0, 0.0, n + 1)
    assert all(a > b for a, b in zip(down, down[1:]))
    assert up == down[::-1]


def test_warped_grids_are_dense_near_the_mask() -> None:
    assert times_to_image(4, "quadratic") == [1 - (i / 4) ** 2 for i in range(5)]
    assert times_to_image(4, "cubic") == [1 - (i / 4) ** 3 for i in range(5)]


@pytest.mark.parametrize(("n", "grid"), [(0, "uniform"), (-1, "quadratic"), (4, "logit")])
def test_impossible_times_are_refused(n: int, grid: str) -> None:
    with pytest.raises(InputError):
        times_to_image(n, grid)


def test_stratified_times_have_one_in_each_part() -> None:
    t = stratified_times(16, torch.Generator().manual_seed(0))
    assert t.dtype == torch.float32
    assert sorted((t * 16).long().tolist()) == list(range(16))
    assert ((t * 1000) % 1 != 0).any()  # real-valued, not thousandths
    assert t.tolist() != sorted(t.tolist())


@pytest.mark.parametrize(
    ("name", "below"),  # the share of times below 1/4, from each density's closed form
    [("uniform", 1 / 4), ("u_shaped", 1 / 3), ("logit_normal", 0.5 * (1 + math.erf(math.log(1 / 3) / math.sqrt(2))))],
)
def test_training_times_have_the_density_that_they_are_named_for(name: str, below: float) -> None:
    t = TIME_SAMPLING[name](stratified_times(10_000, torch.Generator().manual_seed(0)))
    assert t.min() >= 0 and t.max() <= 1 and t.dtype == torch.float32
    assert abs((t < 0.25).float().mean() - below) < 1e-3
    assert abs((t > 0.75).float().mean() - below) < 1e-3
