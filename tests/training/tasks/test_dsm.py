"""DSM's sampling, against a predictor of exactly the right noise, and its training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, UNet2DModel
from safetensors.torch import load_file

from semflow_core.errors import InputError
from semflow_core.nets.diffusion import SCHEDULE
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import SynthesisRequest
from semflow_core.training.run import run_training
from semflow_core.training.tasks.dsm import segment_dsm

from ..conftest import CPU


class RightNoise:
    """Predicts exactly the noise that hides z1, and insists on the photo's latents as its condition."""

    def __init__(self, z1: torch.Tensor, z0: torch.Tensor) -> None:
        self.z1, self.z0 = z1, z0
        self.alphas = DDPMScheduler(**SCHEDULE).alphas_cumprod

    def __call__(self, x: torch.Tensor, t: Any) -> torch.Tensor:
        z, z0 = x.chunk(2, dim=1)
        assert torch.equal(z0, self.z0)
        a = self.alphas[round(1000 * t)]
        return (z - a.sqrt() * self.z1) / (1 - a).sqrt()


@pytest.fixture(scope="module")
def pipeline(tiny_model: Path) -> SemFlowPipeline:
    return SemFlowPipeline.from_pretrained(tiny_model)


@pytest.mark.parametrize(("sampler", "steps"), [("ddim", 2), ("ddim", 25), ("ddpm", 5), ("ddpm", 50)])
def test_with_the_right_noise_the_mask_is_found(
    pipeline: SemFlowPipeline, face_layout: np.ndarray, sampler: str, steps: int
) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    z1 = pipeline.encode_layout(SynthesisRequest(layout=face_layout))
    expected = pipeline.codebook.decode(pipeline.decode_masks(z1)).labels
    noise_of = RightNoise(z1, pipeline.encode_photo(photo))
    for seed in (0, 1):
        labels = segment_dsm(pipeline, noise_of, [photo], sampler, steps, seed)
        assert (labels == expected).mean() > 0.95  # the last step leaves noise of 0.03


def test_the_seed_decides_the_segmentation_of_a_predictor_without_a_condition(
    pipeline: SemFlowPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the tiny codec's random weights would give every latent one class
    monkeypatch.setattr(pipeline, "decode_masks", lambda z: 128 + 100 * z[:, :3])
    photo = np.zeros((32, 32, 3), np.uint8)

    def unconditional(x: torch.Tensor, t: Any) -> torch.Tensor:
        return 0.5 * x[:, :4]

    first, again, other = (segment_dsm(pipeline, unconditional, [photo], "ddim", 4, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize(("sampler", "steps"), [("euler", 4), ("ddim", 0), ("ddpm", 1001)])
def test_impossible_sampling_is_refused(pipeline: SemFlowPipeline, sampler: str, steps: int) -> None:
    with pytest.raises(InputError, match="ddim or ddpm"):
        segment_dsm(pipeline, lambda z, t: z, [np.zeros((32, 32, 3), np.uint8)], sampler, steps, 0)


def test_it_is_trained_to_predict_the_noise_in_z1(make_task: Callable[..., Any]) -> None:
    task = make_task("kind=dsm", "optim.batch=8")
    batch = task.batch(np.random.default_rng(0), CPU)
    a = DDPMScheduler(**SCHEDULE).alphas_cumprod[batch.t].view(-1, 1, 1, 1)
    z1 = (batch.noisy - (1 - a).sqrt() * batch.noise) / a.sqrt()
    copies = task.latents.copies
    for one, z0 in zip(z1, batch.z0, strict=True):
        source = (copies.z1.float() - one).abs().amax((1, 2, 3)).argmin()
        assert (copies.z1[source].float() - one).abs().max() < 0.05
        assert torch.equal(copies.z0[source].float(), z0)


def test_it_trains_on_the_flows_file(file: Path) -> None:
    plan = run_training(file, ["kind=dsm"])
    unet = UNet2DModel.from_pretrained(plan.export("dsm") / "unet")
    assert (unet.config["in_channels"], unet.config["out_channels"]) == (8, 4)
    state = load_file(plan.folder("dsm") / "checkpoint" / "model.safetensors")
    assert all(v.isfinite().all() for v in state.values())
    assert "DDIM, 10 steps: segmentation" in (plan.folder("dsm") / "log.jsonl").read_text()
