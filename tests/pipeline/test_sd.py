"""Stable Diffusion's pair of networks in the pipeline: the same code, other adapters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import Perturbation
from semflow_core.nets.contracts import ConditionedUNetVelocity
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import EditRequest, SynthesisRequest, TrajectoryRequest

from ..small import small_conditional, small_kl


@pytest.fixture(scope="module")
def sd() -> SemFlowPipeline:
    """AutoencoderKL and UNet2DConditionModel with random weights and SD-1.5's structure, in the paper's codebook."""
    torch.manual_seed(0)
    codec, unet = small_kl(), small_conditional(4)
    prompt = torch.randn(1, 7, 12).half().float()
    codebook = Codebook(load_palette("celebamask_hq"))
    assert (codebook.k, codebook.s) == (6, 50)
    velocity = ConditionedUNetVelocity(unet.eval(), prompt)
    return SemFlowPipeline(codec, velocity, codebook, Perturbation(6.0, "white"), size=32)


@torch.no_grad()
def test_synthesis_is_equation_13_with_the_empty_prompt(sd: SemFlowPipeline, face_layout: np.ndarray) -> None:
    made = sd.synthesize(SynthesisRequest(layout=face_layout, steps=5, grid="uniform", seed=1))
    unet, prompt = sd.velocity.module, sd.velocity.prompt
    z = made.z1.clone()
    for i in range(5, 0, -1):
        v = unet(z, torch.tensor([1000 * i / 5]), encoder_hidden_states=prompt).sample
        z = z - v / 5
    torch.testing.assert_close(made.z0, z, rtol=0, atol=1e-5)


def test_it_travels_as_a_folder_with_its_prompt(sd: SemFlowPipeline, face_layout: np.ndarray, tmp_path: Path) -> None:
    sd.save_pretrained(tmp_path)
    loaded = SemFlowPipeline.from_pretrained(tmp_path)
    torch.testing.assert_close(loaded.velocity.prompt, sd.velocity.prompt)
    assert loaded.codec.factor == 8 and loaded.codec.channels == 4
    request = SynthesisRequest(layout=face_layout, steps=1)
    made, again = sd.synthesize(request), loaded.synthesize(request)  # float16 weights, maybe bfloat16 arithmetic
    torch.testing.assert_close(again.z1, made.z1, rtol=0.05, atol=0.05)
    assert loaded.trajectory(TrajectoryRequest(layout=face_layout, steps=1, frames=2)).frames.shape == (2, 32, 32, 3)
    edit = EditRequest(photo=made.photo, layout=face_layout, steps=1)
    assert loaded.edit(edit).photo.shape == (32, 32, 3)
