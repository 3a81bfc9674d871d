"""A reflow round is trained on the model's own pairs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from semflow_core.method.flow import times_to_image
from semflow_core.method.solvers import solve
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.training.run import run_training

from ..conftest import CPU


def test_a_reflow_round_is_trained_on_the_models_own_pairs(
    file: Path, tmp_path: Path, make_task: Callable[..., Any]
) -> None:
    first = run_training(file, [f"out={tmp_path / 'first'}"]).export("flow")
    words = [f"flow.reflow={{model: {first}, steps: 2}}", f"flow.init={first / 'unet'}", "optim.batch=8"]
    task = make_task(*words, "flow.time_sampling=u_shaped")
    copies, reflow = task.latents.copies, task.objective.terms["reflow"]
    teacher = SemFlowPipeline.from_pretrained(first)
    with torch.no_grad():
        expected = solve(teacher.velocity, copies.z1.float(), times_to_image(2))[0]
    assert torch.allclose(reflow.z0.float(), expected, atol=5e-2)
    batch = task.batch(np.random.default_rng(0), CPU)
    for t, z0, row in zip(batch.t, batch.z0, batch.index.tolist()):
        source = copies.z0 if t < 0.25 else reflow.z0
        assert torch.equal(source[row].float(), z0)


def test_a_run_may_start_from_another_ones_weights(file: Path, tmp_path: Path, make_task: Callable[..., Any]) -> None:
    first = run_training(file, [f"out={tmp_path / 'first'}"]).export("flow")
    task = make_task(f"flow.init={first / 'unet'}")
    saved: Any = SemFlowPipeline.from_pretrained(first).velocity
    for name, value in saved.module.state_dict().items():
        assert torch.allclose(task.model.state_dict()[name], value.float(), atol=1e-2), name
