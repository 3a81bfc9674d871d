"""Diffusion of latents (the paper's Eqs. 3-6): adding noise on Stable Diffusion's schedule, and removing it."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DDIMScheduler, DDPMScheduler

from .contracts import TIME_SCALE, Velocity

TIMES = int(TIME_SCALE)  # times of the noise schedule
SAMPLERS: dict[str, Any] = {"ddim": DDIMScheduler, "ddpm": DDPMScheduler}
# without clipping, since latents are not pixels
SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": TIMES,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "clip_sample": False,
}


def add_noise(z: torch.Tensor, noise: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Latents (B, C, h, w) with noise of times t (B,) int64, 0 .. 999."""
    scheduler: Any = DDPMScheduler(**SCHEDULE)
    return scheduler.add_noise(z, noise, t)


def remove_noise(
    noise_of: Velocity, z: torch.Tensor, sampler: str, steps: int, generator: torch.Generator
) -> torch.Tensor:
    """Reversed diffusion from pure noise z (B, C, h, w).

    Args:
        noise_of: predicts the noise in (z, t / 1000).
        sampler: "ddim" (Eq. 6 as an ODE) or "ddpm" (as an SDE).
        steps: 1 to 1000.
        generator: of DDPM's noise.
    """
    scheduler = SAMPLERS[sampler](**SCHEDULE)
    scheduler.set_timesteps(steps)
    for t in scheduler.timesteps:
        z = scheduler.step(noise_of(z, float(t) / TIME_SCALE), t, z, generator=generator).prev_sample
    return z
