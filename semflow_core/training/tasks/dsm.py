"""Diffusion segmentation (DSM), the paper's baseline (its Eqs. 3-6, Sec. 4.1).

A diffusion model of the mask's latents z1 under the condition of the photo's: the U-Net gets both, channel beside
channel, and the time, and predicts the noise. Sampled as an ODE (DDIM) or an SDE (DDPM) it starts from noise, so
its segmentation depends on a seed, which a flow's does not. It is trained on the latents that the flow of the same file
is trained on, with the file's `optim`; the U-Net has the flow's default size, and `dsm.unet` sets another:

    python -m semflow_core train configs/faces.yaml kind=dsm
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...errors import InputError
from ...nets.contracts import TIME_SCALE, UNetVelocity, Velocity
from ...nets.diffusion import SAMPLERS, TIMES, add_noise, remove_noise
from ...nets.placement import save_half
from ...nets.unet import UNetConfig
from ...pipeline.pipeline import SemFlowPipeline
from ..config import OptimConfig
from ..report import segmentation
from ..task import Context, Task

REPORT_STEPS = 10


@dataclass(frozen=True)
class DSMConfig:
    """The section `dsm`."""

    unet: UNetConfig = field(default_factory=UNetConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)


@torch.inference_mode()
def segment_dsm(
    pipeline: SemFlowPipeline, noise_of: Velocity, photos: Sequence[np.ndarray], sampler: str, steps: int, seed: int
) -> np.ndarray:
    """Class ids (B, size, size) of photos (H, W, 3) uint8, by reversed diffusion.

    Args:
        pipeline: its codec and codebook are used; its flow is not.
        noise_of: predicts the noise in z1, from [z1 with noise | z0] (B, 2C, h, w) and t / 1000.
        sampler: "ddim" (Eq. 6 as an ODE) or "ddpm" (as an SDE).
        steps: 1 to 1000.
        seed: of the start and of DDPM's noise.

    Raises:
        InputError: no such sampler, or the steps are out of bounds.
    """
    if sampler not in SAMPLERS or not 1 <= steps <= 1000:
        raise InputError(f"a DSM is sampled by {' or '.join(SAMPLERS)} in 1 to 1000 steps, not {sampler} in {steps}")
    generator = torch.Generator().manual_seed(seed)
    z0 = torch.cat([pipeline.encode_photo(p) for p in photos])
    start = torch.randn(z0.shape, generator=generator).to(z0.device)
    z = remove_noise(lambda z, t: noise_of(torch.cat([z, z0], 1), t), start, sampler, steps, generator)
    return pipeline.codebook.decode(pipeline.decode_masks(z)).labels


@dataclass(frozen=True)
class DSMBatch:
    noisy: torch.Tensor  # (B, C, h, w): z1 at time t of the diffusion
    z0: torch.Tensor  # the condition
    t: torch.Tensor  # (B,) int64, 0 .. 999
    noise: torch.Tensor  # what is to be predicted


class DSMTask(Task):
    def __init__(self, config: DSMConfig, context: Context) -> None:
        self.config, self.latents = config, context.latents
        channels = self.latents.codec.channels
        self.model: Any = config.unet.build(2 * channels, channels, self.latents.side)

    def batch(self, rng: np.random.Generator, device: torch.device) -> DSMBatch:
        drawn = self.latents.draw(rng, self.config.optim.batch)
        z0, z1 = drawn.z0.to(device).float(), drawn.z1.to(device).float()
        t, noise = torch.randint(TIMES, (len(z0),), device=device), torch.randn_like(z1)
        return DSMBatch(add_noise(z1, noise, t), z0, t, noise)

    def loss(self, model: torch.nn.Module, batch: DSMBatch) -> dict[str, torch.Tensor]:
        predicted = UNetVelocity(model)(torch.cat([batch.noisy, batch.z0], 1), batch.t / TIME_SCALE)
        return {"loss": (predicted - batch.noise).square().mean()}

    def report(self, model: Any, step: int, out: Path) -> str:
        noise_of = UNetVelocity(copy.deepcopy(model))
        noise_of.to(self.latents.device)
        pipeline = self.latents.pipeline(noise_of.module)
        line = segmentation(
            lambda photos: segment_dsm(pipeline, noise_of, photos, "ddim", REPORT_STEPS, seed=0),
            self.latents.dev,
            pipeline.palette,
        )
        return f"DDIM, {REPORT_STEPS} steps: {line}"

    def export(self, model: Any, out: Path) -> None:
        save_half(model, out / "unet")
