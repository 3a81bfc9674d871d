"""Diffusion segmentation (DSM), the paper's baseline (its Eqs. 3-6, Sec. 4.1).

A diffusion model of the mask's latents z1 under the condition of the photo's: the U-Net is told both, channel beside
channel, and the time, and predicts the noise. Sampled as an ODE (DDIM) or an SDE (DDPM) it starts from noise, so
its segmentation depends on a seed, which a flow's does not. Network, latents, data and optimiser are the flow's own:

    python -m semflow_core train configs/faces.yaml kind=dsm out=runs/faces_dsm
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel

from ...errors import InputError
from ...evaluation.segmentation import mean_iou
from ...nets.placement import save_half
from ...pipeline.pipeline import SemFlowPipeline
from .flow import FlowTask

SAMPLERS: dict[str, Any] = {"ddim": DDIMScheduler, "ddpm": DDPMScheduler}
# Stable Diffusion's schedule; without clipping, since latents are not pixels
SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "clip_sample": False,
}


def segment_dsm(
    pipeline: SemFlowPipeline, unet: Any, photos: Sequence[np.ndarray], sampler: str, steps: int, seed: int
) -> np.ndarray:
    """Class ids (B, size, size) of photos (H, W, 3) uint8, by reversed diffusion.

    Args:
        pipeline: whose codec and codebook are used; its flow is not.
        unet: the noise's predictor, of [z1 with noise | z0] and t.
        sampler: "ddim" (Eq. 6 as an ODE) or "ddpm" (as an SDE).
        steps: 1 to 1000.
        seed: of the start and of DDPM's noise.

    Raises:
        InputError: no such sampler, or the steps are out of bounds.
    """
    if sampler not in SAMPLERS or not 1 <= steps <= 1000:
        raise InputError(f"a DSM is sampled by {' or '.join(SAMPLERS)} in 1 to 1000 steps, not {sampler} in {steps}")
    scheduler = SAMPLERS[sampler](**SCHEDULE)
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        z0 = torch.cat([pipeline.encode_photo(p) for p in photos])
        z = torch.randn(z0.shape, generator=generator).to(z0.device)
        for t in scheduler.timesteps:
            x = torch.cat([z, z0], 1).to(unet.dtype).contiguous(memory_format=torch.channels_last)
            z = scheduler.step(unet(x, t).sample.float(), t, z, generator=generator).prev_sample
        return pipeline.codebook.decode(pipeline.decode_masks(z)).labels


@dataclass(frozen=True)
class DSMBatch:
    noisy: torch.Tensor  # (B, C, h, w): z1 at time t of the diffusion
    z0: torch.Tensor  # the condition
    t: torch.Tensor  # (B,) int64, 0 .. 999
    noise: torch.Tensor  # what is to be predicted


class DSMTask(FlowTask):
    """Training of a DSM on the flow's own latents."""

    def build(self, latent_channels: int) -> UNet2DModel:
        return self.config.unet.build(2 * latent_channels, latent_channels, self.config.size // 8)

    def batch(self, rng: np.random.Generator, device: torch.device) -> Any:
        i = torch.from_numpy(rng.integers(len(self.z0), size=self.config.optim.batch))
        z0, z1 = self.z0[i].to(device).float(), self.z1[i].to(device).float()
        t, noise = torch.randint(1000, (len(i),), device=device), torch.randn_like(z1)
        noisy: Any = DDPMScheduler(**SCHEDULE).add_noise(z1, noise, t)  # type: ignore[arg-type]
        return DSMBatch(noisy, z0, t, noise)

    def loss(self, model: torch.nn.Module, batch: Any) -> dict[str, torch.Tensor]:
        x = torch.cat([batch.noisy, batch.z0], 1).contiguous(memory_format=torch.channels_last)
        return {"loss": (model(x, batch.t).sample.float() - batch.noise).square().mean()}

    def report(self, model: UNet2DModel, step: int, out: Path) -> str:
        pipeline, found = self.pipeline(copy.deepcopy(model)).to(self.device), []
        for i in range(0, len(self.dev), 10):
            found.append(segment_dsm(pipeline, pipeline.unet, list(self.dev.photos[i : i + 10]), "ddim", 10, seed=0))
        miou = mean_iou(np.concatenate(found), self.dev.masks, self.codebook.palette)
        return f"DDIM, 10 steps: segmentation {miou:.1f} mIoU ({len(self.dev)} held-out pairs)"

    def export(self, model: UNet2DModel, out: Path) -> None:
        save_half(model, out / "unet")
