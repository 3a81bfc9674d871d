"""Batches of a flow, and its loss as the sum of terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.training.losses.registry import Terms

from .conftest import CPU, Constant


def test_a_batch_is_pairs_with_their_own_labels(make_task: Callable[..., Any]) -> None:
    objective = make_task("optim.batch=8").objective
    copies, batch = objective.latents.copies, objective.batch(np.random.default_rng(0), CPU)
    assert len(batch.t) == 8 and batch.z0.dtype == torch.float32
    for i, row in enumerate(batch.index.tolist()):
        assert torch.equal(batch.z0[i], copies.z0[row].float()) and torch.equal(batch.z1[i], copies.z1[row].float())
        assert torch.equal(batch.labels[i], copies.labels[row])
    assert (batch.t.sort().values * 8).floor().tolist() == list(range(8))  # stratified


def test_only_synthesis_gets_rough_layouts(make_task: Callable[..., Any]) -> None:
    objective = make_task("latents.sloppy=1.0", "flow.off_path.samples=2", "optim.batch=12").objective
    copies, batch = objective.latents.copies, objective.batch(np.random.default_rng(0), CPU)
    for i, row in enumerate(batch.index.tolist()):
        straight = not (batch.times.from_photo[i] or batch.times.from_layout[i])
        exact = batch.t[i] < 0.5 if straight else batch.times.from_photo[i]
        assert torch.equal(batch.z1[i], (copies.z1 if exact else objective.latents.painted)[row].float())


def test_the_plain_loss_is_the_squared_error_of_the_velocity(make_task: Callable[..., Any]) -> None:
    objective = make_task().objective
    batch = objective.batch(np.random.default_rng(0), CPU)
    parts = objective.loss(Constant(batch.z1 - batch.z0 + 2), batch)
    assert set(parts) == {"flow", "loss"}
    assert float(parts["flow"]) == pytest.approx(4, rel=1e-4) and float(parts["loss"]) == pytest.approx(4, rel=1e-4)


def test_all_terms_are_off_by_default(make_task: Callable[..., Any]) -> None:
    objective = make_task().objective
    assert list(objective.terms) == ["flow"] and [name for name, _ in Terms().items()] == sorted(
        name for name, _ in Terms().items()
    )


@pytest.mark.parametrize(
    "words",
    [
        ["flow.off_path.samples=2"],  # of a batch of 4
        ["flow.endpoint.weight=1", "flow.endpoint.samples=5"],
        ["flow.off_path.samples=1", "flow.endpoint.weight=1", "flow.endpoint.samples=3"],
    ],
)
def test_terms_must_find_their_samples_in_the_batch(make_task: Callable[..., Any], words: list[str]) -> None:
    with pytest.raises(InputError, match="samples on the straight path, and a batch has"):
        make_task(*words)
