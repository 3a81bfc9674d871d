"""A U-Net that sees: beside the latents its first convolution gets what an ImageNet backbone makes of them.

The velocity stays a function of z_t and t alone (Eq. 8), so one network still runs both ways. A few hundred pairs do
not teach a network from scratch what a bus is; ImageNet's million photos, which MobileNetV2 has seen, go a long way.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DModel
from diffusers.models.unets.unet_2d import UNet2DOutput
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from .errors import InputError
from .mobilenet import MobileNetV2Features

# MobileNetV2's layers before the resolution halves, and the last one used: channels at 1/4, 1/8, 1/16, 1/32 of the side
TAPS = {3: 24, 6: 32, 13: 96, 14: 160}
FIRST, LAST = min(TAPS), max(TAPS)
BACKBONE_FILE = "backbone.safetensors"  # of one that was taught by itself
SEEN = 64  # channels of what is seen, a latent cell


class Backbone(nn.Module):
    """Latents (B, latent_channels, h, w) -> what is seen in them, (B, 64, h, w).

    MobileNetV2's layers 4 to 14, their batch normalisation folded into the convolutions. A stem stands in for the slow
    ones before, and nothing need be decoded. A pyramid (Lin et al. 2017) brings the depths together.
    """

    def __init__(self, latent_channels: int, stem: int = 112, width: int = 96) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(latent_channels, stem, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(stem, stem, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(stem, stem, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(stem, 4 * TAPS[FIRST], 3, padding=1),
            nn.PixelShuffle(2),
        )
        self.layers = nn.ModuleList(imagenet_layers(MobileNetV2Features(folded=True)))
        self.laterals = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in list(TAPS.values())[1:])
        self.context = nn.Linear(TAPS[LAST], width)
        self.fine = nn.Conv2d(TAPS[FIRST], width, 3, stride=2, padding=1)
        self.out = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, SEEN, 3, padding=1))

    def depths(self, latents: torch.Tensor) -> list[torch.Tensor]:
        """MobileNetV2's own features at TAPS."""
        x = self.stem(latents)
        found = [x]
        for depth, layer in enumerate(self.layers, start=FIRST + 1):
            x = layer(x)
            if depth in TAPS:
                found.append(x)
        return found

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        finest, *rest = self.depths(latents)
        x = self.context(rest[-1].mean((2, 3)))[:, :, None, None]
        for lateral, found in reversed(list(zip(self.laterals, rest))):
            x = F.silu(F.interpolate(x, found.shape[-2:], mode="nearest") + lateral(found))
        return self.out(F.silu(x + self.fine(finest)))


class SeeingUNet2DModel(UNet2DModel):
    """diffusers' U-Net with a backbone of its own, whose features are further channels of its first convolution.

    Settings and calls are the U-Net's: `in_channels` are the latents'.
    """

    @functools.wraps(UNet2DModel.__init__)
    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        plain: Any = self.conv_in
        self.backbone = Backbone(plain.in_channels)
        self.conv_in = nn.Conv2d(plain.in_channels + SEEN, plain.out_channels, 3, padding=1)

    def forward(self, sample: torch.Tensor, *args: Any, **more: Any) -> UNet2DOutput | tuple[torch.Tensor, ...]:
        return super().forward(torch.cat([sample, self.backbone(sample)], dim=1), *args, **more)


def imagenet_layers(network: MobileNetV2Features) -> list[nn.Module]:
    """Those of `network`'s layers that a backbone has."""
    return list(network.features)[FIRST + 1 : LAST + 1]


def load_unet(folder: str | Path) -> UNet2DModel:
    """A saved U-Net, with a backbone or without.

    Raises:
        OSError, ValueError, RuntimeError: the folder is none, or what is in it does not fit together.
    """
    kinds = {kind.__name__: kind for kind in (UNet2DModel, SeeingUNet2DModel)}
    config: Any = UNet2DModel.load_config(str(folder))
    name = config.get("_class_name", "")
    if name not in kinds:
        raise ValueError(f"it holds a {name}, no {' or '.join(kinds)}")
    return kinds[name].from_pretrained(folder)


def load_backbone(folder: str | Path) -> dict[str, torch.Tensor]:
    """The weights of a backbone: one that was taught by itself, or that of a saved U-Net.

    Raises:
        InputError: there is none in the folder.
    """
    file = Path(folder) / BACKBONE_FILE
    if file.is_file():
        return {k: v.float() for k, v in load_file(file).items()}
    try:
        unet = load_unet(folder)
    except (OSError, ValueError, RuntimeError):
        unet = None
    if not isinstance(unet, SeeingUNet2DModel):
        raise InputError(f"there is no backbone in '{folder}'; train one with kind=backbone, or leave backbone empty")
    return unet.backbone.float().state_dict()
