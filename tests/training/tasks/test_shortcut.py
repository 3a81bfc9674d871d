"""A flow with step sizes: a step of d must be the mean of two steps of d/2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from semflow_core.nets.contracts import Velocity
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.training.batch import Batch, Times
from semflow_core.training.run import run_training
from semflow_core.training.tasks import shortcut
from semflow_core.training.tasks.shortcut import consistency

from ..conftest import CPU


class Slope:
    """v = a t, whatever the step's size; keeps the sizes."""

    def __init__(self, a: float) -> None:
        self.a, self.sizes = a, []

    def __call__(self, size: torch.Tensor) -> Velocity:
        self.sizes.append(size)
        return lambda z, t: self.a * torch.as_tensor(t).view(-1, 1, 1, 1) * torch.ones_like(z)


def steps_loss(network: Slope, n: int = 16) -> float:
    torch.manual_seed(0)
    z0, z1, t = torch.randn(n, 4, 2, 2), torch.randn(n, 4, 2, 2), torch.linspace(0, 1, n)
    batch = Batch(z0, z1, Times.straight(t), torch.zeros(n, 16, 16, dtype=torch.uint8), torch.arange(n))
    return float(consistency(network, batch, 0.25))


def test_one_step_must_be_the_mean_of_two_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcut, "STEP_SIZES", (1.0,))
    # from 0 to 1: v(0) = 0 and the halves' mean a/4; from 1 to 0: v(1) = a and the mean 3a/4
    assert steps_loss(Slope(3.0)) == pytest.approx((3 / 4) ** 2)
    assert steps_loss(Slope(0.0)) == 0


def test_steps_have_both_directions_and_half_of_the_smallest_counts_as_none() -> None:
    network = Slope(1.0)
    steps_loss(network, n=256)
    first, second, whole = network.sizes
    assert {float(d) for d in whole} == {s * d for d in shortcut.STEP_SIZES for s in (-1, 1)}
    assert torch.equal(first, second)
    small = whole.abs() == min(shortcut.STEP_SIZES)
    assert torch.equal(first, torch.where(small, 0.0, whole / 2))


def test_its_loss_is_the_flows_and_a_share_of_the_steps(make_task: Callable[..., Any]) -> None:
    task = make_task("kind=shortcut", "shortcut.share=0.5")
    parts = task.loss(task.model, task.batch(np.random.default_rng(0), CPU))
    torch.testing.assert_close(parts["loss"], parts["flow"] + 0.5 * parts["steps"])


def test_it_exports_a_plain_network_per_step_size_and_direction(file: Path) -> None:
    plan = run_training(file, ["kind=shortcut"])
    folders = [plan.export("shortcut")]
    folders += [plan.export("shortcut") / f"to_{end}_{n}" for end in ("photo", "mask") for n in (1, 2, 4, 8)]
    for folder in folders:
        velocity: Any = SemFlowPipeline.from_pretrained(folder).velocity
        assert velocity.module.config["class_embed_type"] is None
