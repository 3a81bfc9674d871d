"""SymmFlow's velocity (arXiv 2506.10634): photo and mask in one state, each beside noise at the other's end.

Its time runs from the mask (0) to the photo (1), and its U-Net gets that time as it is, in [0, 1], where ours gets 1000
times it. Here t = 0 is the photo, as everywhere else: v(z, t) = -u(z, 1 - t).
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import UNet2DConditionModel

from .contracts import VELOCITIES, ConditionedUNetVelocity, Time
from .placement import dtype_of, in_channels_last


class SymmetricUNet(UNet2DConditionModel):
    """diffusers' U-Net with twice the latents' channels in and out: [photo; mask]. Its class says how it is asked."""


class SymmetricVelocity(ConditionedUNetVelocity):
    """v(z, t) of states [photo; mask] (B, 2C, h, w).

    Attributes:
        paired: marks a velocity whose states hold both (`pipeline.states`).
    """

    paired = True

    def __call__(self, z: torch.Tensor, t: Time, /) -> torch.Tensor:
        z = in_channels_last(z.to(dtype_of(self.module)))
        prompt = self.prompt.to(z.device, z.dtype).expand(len(z), -1, -1)
        time = 1 - torch.as_tensor(t, dtype=torch.float32, device=z.device).expand(len(z))
        return -self.module(z, time, encoder_hidden_states=prompt).sample.float()


kind: Any = SymmetricVelocity
VELOCITIES[SymmetricUNet] = kind
