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
from ..evaluation.features import HOW_TO_GET, IMAGENET_MEAN, IMAGENET_STD, load_mobilenet

LAYERS = {13: 96, 17: 320}  # MobileNetV2's layers that are looked at, and their channels: 1/16 and 1/32 of the side


class PhotoFeatures(nn.Module):
    """What MobileNetV2 sees in photos: (B, 3, S, S) in [-1, 1] -> (B, 416, S/16, S/16).

    At every place two vectors of length 1, of 96 and of 320 numbers.

    Raises:
        InputError: MobileNetV2's weights are not on this machine.
    """

    mean: torch.Tensor  # registered buffers
    std: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        network = load_mobilenet()
        if network is None:
            raise InputError(HOW_TO_GET)
        self.layers = nn.ModuleList(list(network.features)[: max(LAYERS) + 1]).requires_grad_(False)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    @torch.no_grad()
    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        x = ((photos + 1) / 2 - self.mean) / self.std
        side = (-(-photos.shape[-2] // 16), -(-photos.shape[-1] // 16))
        found = []
        for depth, layer in enumerate(self.layers):
            x = layer(x)
            if depth in LAYERS:
                seen = F.interpolate(x.float(), side, mode="bilinear", align_corners=False)
                found.append(F.normalize(seen, dim=1))
        return torch.cat(found, dim=1)


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
