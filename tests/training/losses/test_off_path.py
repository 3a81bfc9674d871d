"""States that the network itself reaches must still lead to the ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.training.batch import States

from ..conftest import CPU, Constant

WORDS = ("flow.off_path.samples=2", "flow.endpoint={weight: 0.5, samples: 1}", "optim.batch=7")


def test_off_path_states_lead_to_the_ends(make_task: Callable[..., Any]) -> None:
    objective = make_task(*WORDS).objective
    batch = objective.batch(np.random.default_rng(0), CPU)
    near, far = batch.times.from_photo, batch.times.from_layout
    straight, t = ~(near | far), batch.t.view(-1, 1, 1, 1)
    assert near.sum() == far.sum() == 2 and straight.sum() == 3
    assert batch.t[near].max() < 0.9 and batch.t[far].min() > 0.1
    one = Constant(torch.ones_like(batch.z0))
    path = States.straight(batch)
    states = objective.terms["off_path"].states(path, batch, one)
    assert one.times[0].tolist() == [0, 0, 1, 1]  # one Euler step from each end
    assert torch.allclose(states.zt[near], batch.z0[near] + t[near], atol=1e-5)
    assert torch.allclose(states.zt[near] + (1 - t[near]) * states.target[near], batch.z1[near], atol=1e-4)
    assert torch.allclose(states.zt[far], batch.z1[far] - (1 - t[far]), atol=1e-5)
    assert torch.allclose(states.zt[far] - t[far] * states.target[far], batch.z0[far], atol=1e-4)
    assert torch.equal(states.zt[straight], path.zt[straight])
    assert torch.equal(states.target[straight], path.target[straight])
    # a constant velocity misses both ends by the same, wherever it is asked: every sample counts alike
    expected = (batch.z1 - batch.z0 - 1).square().mean()
    assert torch.allclose(objective.loss(one, batch)["flow"], expected, atol=1e-4)


def test_the_term_has_no_loss_of_its_own_and_no_gradient_through_its_step(make_task: Callable[..., Any]) -> None:
    objective = make_task(*WORDS).objective
    batch = objective.batch(np.random.default_rng(0), CPU)
    scale = torch.ones((), requires_grad=True)
    asked = []

    def velocity(z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        asked.append(torch.is_grad_enabled())
        return scale * torch.ones_like(z)

    parts = objective.loss(velocity, batch)
    assert asked == [False, True] and set(parts) == {"flow", "endpoint", "loss"}


def test_off_path_states_leave_no_gap_in_the_straight_paths_times(make_task: Callable[..., Any]) -> None:
    objective = make_task("flow.off_path.samples=2", "optim.batch=7").objective
    torch.manual_seed(0)
    times = [objective.times() for _ in range(100)]
    t = np.sort(np.concatenate([part.t[~(part.from_photo | part.from_layout)] for part in times]))
    assert np.diff(t, prepend=0, append=1).max() < 0.03


def test_a_negative_count_is_refused(make_task: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="off_path.samples is -1"):
        make_task("flow.off_path.samples=-1")
