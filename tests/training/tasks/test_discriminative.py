"""The discriminative reference: its scores, and its training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file

from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.training.run import run_training
from semflow_core.training.tasks.discriminative import segment_discriminative

from ..conftest import CPU


def test_the_scores_belong_to_their_pixels(tiny_model: Path) -> None:
    """A network that scores class 13 in one latent cell labels that cell's 8x8 pixels and no others."""
    pipeline = SemFlowPipeline.from_pretrained(tiny_model)
    cells = torch.zeros(1, 19 * 64, 4, 4)
    cells[:, :64] = 1.0  # background everywhere
    cells[:, 13 * 64 : 14 * 64, 1, 2] = 2.0
    labels = segment_discriminative(pipeline, lambda z, t: cells, [np.zeros((32, 32, 3), np.uint8)])[0]
    assert (labels[8:16, 16:24] == 13).all() and (labels == 13).sum() == 64


def test_it_is_trained_on_photos_and_their_labels(make_task: Callable[..., Any]) -> None:
    task = make_task("kind=discriminative")
    batch = task.batch(np.random.default_rng(0), CPU)
    copies = task.latents.copies
    for z0, labels in zip(batch.z0, batch.labels, strict=True):
        source = (copies.z0.float() - z0).abs().amax((1, 2, 3)).argmin()
        assert torch.equal(copies.labels[source].long(), labels)


def test_it_trains_on_the_flows_file(file: Path) -> None:
    plan = run_training(file, ["kind=discriminative"])
    unet = UNet2DModel.from_pretrained(plan.export("discriminative") / "unet")
    assert (unet.config["in_channels"], unet.config["out_channels"]) == (4, 64 * 19)
    state = load_file(plan.folder("discriminative") / "checkpoint" / "model.safetensors")
    assert all(v.isfinite().all() for v in state.values())
