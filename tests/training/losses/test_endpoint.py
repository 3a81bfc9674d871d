"""Cross-entropy of the decoded mask that the velocity points to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from semflow_core.training.losses.anchors import anchor_cross_entropy

from ..conftest import CPU, Constant


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_the_endpoint_is_scored_as_it_is_decoded(make_task: Callable[..., Any], power: float) -> None:
    settings = f"flow.endpoint={{weight: 0.5, samples: 2, power: {power}}}"
    objective = make_task(settings).objective
    batch = objective.batch(np.random.default_rng(0), CPU)
    chosen = objective.terms["endpoint"].select(batch)
    assert batch.t[chosen].max() <= batch.t.sort().values[1] and len(chosen) == 2
    parts = objective.loss(Constant(batch.z1 - batch.z0), batch)  # as it should be, it points to the mask's own latents
    latents = objective.latents
    masks = latents.codec.decode(batch.z1[chosen])
    labels, rarity = batch.labels[chosen].long(), latents.copies.rarity
    expected = anchor_cross_entropy(masks, [latents.codebook], [labels], [rarity], width=0.4, power=power)
    assert parts["flow"] == 0 and torch.allclose(parts["endpoint"], expected, atol=1e-5)
    assert torch.allclose(parts["loss"], 0.5 * expected, atol=1e-5)


def test_states_that_come_from_the_photo_pay_it_too(make_task: Callable[..., Any]) -> None:
    words = ["flow.endpoint={weight: 1, samples: 1}", "flow.off_path.samples=2", "optim.batch=7"]
    objective = make_task(*words).objective
    batch = objective.batch(np.random.default_rng(0), CPU)
    chosen = objective.terms["endpoint"].select(batch)
    assert len(chosen) == 3 and set(batch.times.from_photo.nonzero()[:, 0].tolist()) < set(chosen.tolist())
