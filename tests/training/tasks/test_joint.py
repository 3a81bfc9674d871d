"""One network for several domains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from semflow_core.training.latents import LatentPairs
from semflow_core.training.tasks import joint
from semflow_core.training.tasks.flow import FlowConfig
from semflow_core.training.tasks.joint import JointTask

from ..conftest import CPU, UNET


def test_a_joint_network_gets_the_batchs_domain(
    make_latents: Callable[..., LatentPairs], monkeypatch: pytest.MonkeyPatch
) -> None:
    from semflow_core.nets.unet import UNetConfig
    from semflow_core.training.config import OptimConfig

    config = FlowConfig(unet=UNetConfig(**UNET), optim=OptimConfig(batch=3))
    domains = {"faces": make_latents(), "others": make_latents("latents.beta=20")}
    task = JointTask(config, domains)
    conditions = []

    class Recorded:
        def __init__(self, model: Any, condition: int) -> None:
            conditions.append(condition)

        def __call__(self, z: torch.Tensor, t: Any) -> torch.Tensor:
            return z

    monkeypatch.setattr(joint, "ConditionedVelocity", Recorded)
    drawn = []
    for seed in range(8):
        domain, samples = task.batch(np.random.default_rng(seed), CPU)
        drawn.append(domain)
        z1 = list(domains.values())[domain].copies.z1
        assert torch.equal(samples.z1, z1[samples.index].float())
        task.loss(task.model, (domain, samples))
    assert conditions == drawn and set(drawn) == {0, 1}
