"""Teach the U-Net to see what an ImageNet network sees in the photo (REPA, Yu et al. 2024), while it trains.

A few hundred pairs do not say what a bus is; ImageNet's million photos do. Nothing of this is left in the model that is
exported: the projection is thrown away.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..errors import InputError
from .perceptual import MobileNetLayers

LAYERS = {13: 96, 17: 320}  # MobileNetV2's layers that are looked at, and their channels: 1/16 and 1/32 of the side


class PhotoFeatures(nn.Module):
    """What MobileNetV2 sees in photos: (B, 3, S, S) in [-1, 1] -> (B, 416, S/16, S/16).

    At every place two vectors of length 1, of 96 and of 320 numbers.

    Raises:
        InputError: MobileNetV2's weights are not on this machine.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = MobileNetLayers(tuple(LAYERS))

    @torch.no_grad()
    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        fine, coarse = self.network(photos)
        coarse = F.interpolate(coarse, fine.shape[-2:], mode="bilinear", align_corners=False)
        return torch.cat([F.normalize(fine, dim=1), F.normalize(coarse, dim=1)], dim=1)


class Alignment(nn.Module):
    """A projection of the U-Net's inner states to those features; it hangs on the U-Net, to be trained with it."""

    def __init__(self, unet: Any) -> None:
        super().__init__()
        if len(unet.up_blocks) < 2:
            raise InputError("align needs a U-Net of two levels or more (unet.widths)")
        # the second level from the top, on the way up: at 1/16 of the picture, and both context and place have come in
        width = unet.config.block_out_channels[1]
        hidden, seen = 2 * width, sum(LAYERS.values())
        self.project = nn.Sequential(nn.Conv2d(width, hidden, 1), nn.SiLU(), nn.Conv2d(hidden, seen, 1))
        self.seen: torch.Tensor | None = None
        unet.up_blocks[-2].resnets[-1].register_forward_hook(self._keep)

    def _keep(self, _module: nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        self.seen = output

    def forward(self, wanted: torch.Tensor) -> torch.Tensor:
        """1 - cosine between `wanted` (B, 416, h, w) and what the states of the U-Net's last call become, 0 to 2."""
        assert self.seen is not None, "the U-Net has not been called"
        found = self.project(self.seen).float()
        self.seen = None
        parts = zip(found.split(list(LAYERS.values()), dim=1), wanted.split(list(LAYERS.values()), dim=1))
        return torch.stack([1 - F.cosine_similarity(a, b, dim=1).mean() for a, b in parts]).mean()
