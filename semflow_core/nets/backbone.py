"""A U-Net with a backbone pre-trained on ImageNet: its first convolution gets the backbone's output beside the latents.

That is the backbone's features, and the layout that its segmentation head predicts, in the codebook's colours. The
velocity stays a function of z_t and t alone (Eq. 8), so one network still runs both ways. A few hundred pairs are too
few to learn from scratch what a bus looks like; MobileNetV2 was trained on ImageNet's million photos.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from diffusers import UNet2DModel
from diffusers.models.unets.unet_2d import UNet2DOutput
from torch import nn
from torch.nn import functional as F

from .guide import LayoutGuide
from .mobilenet import MobileNetV2Features
from .placement import in_channels_last

# MobileNetV2's layers before the resolution halves, and the last one used: channels at 1/4, 1/8, 1/16, 1/32 of the side
TAPS = {3: 24, 6: 32, 13: 96, 14: 160}
FIRST, LAST = min(TAPS), max(TAPS)
BACKBONE_FILE = "backbone.safetensors"  # the weights of a backbone that was trained by itself
FEATURES = 64  # channels of the features, per latent cell
FINE = 4  # pixels of the predicted layout per latent cell and axis
FLOOR = 1e-4  # of a probability whose logarithm is taken
SHARP = 4.0  # power to which its class probabilities are raised: its colours are nearly those of the likeliest class


class Backbone(nn.Module):
    """Latents (B, latent_channels, h, w) -> features (B, 64, h, w) and class scores (B, n, 4h, 4w).

    MobileNetV2's layers 4 to 14, their batch normalisation folded into the convolutions. A stem that takes latents
    replaces the slow layers before them, so nothing is decoded. A pyramid (Lin et al. 2017) joins the depths, and a
    segmentation head scores the classes.
    """

    def __init__(self, latent_channels: int, classes: int, stem: int = 112, width: int = 96) -> None:
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
        self.out = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, FEATURES, 3, padding=1)
        )
        self.head = nn.Conv2d(FEATURES, FINE**2 * classes, 1)

    def depths(self, latents: torch.Tensor) -> list[torch.Tensor]:
        """MobileNetV2's own features at TAPS."""
        x = self.stem(in_channels_last(latents))
        taps = [x]
        for depth, layer in enumerate(self.layers, start=FIRST + 1):
            x = layer(x)
            if depth in TAPS:
                taps.append(x)
        return taps

    def forward(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        finest, *rest = self.depths(latents)
        x = self.context(rest[-1].mean((2, 3)))[:, :, None, None]
        for lateral, tap in reversed(list(zip(self.laterals, rest))):
            x = F.silu(F.interpolate(x, tap.shape[-2:], mode="nearest") + lateral(tap))
        features = self.out(F.silu(x + self.fine(finest)))
        return features, F.pixel_shuffle(self.head(features), FINE)


def passes_on_settings(kind: type, *more: str) -> Callable[[Any], Any]:
    """Give an `__init__` the signature of `kind`'s, and `more`: diffusers reads in it which settings it may load."""

    def decorate(init: Any) -> Any:
        added = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in more]
        signature = inspect.signature(kind.__init__)
        init.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *added])
        return init

    return decorate


class HintedConv2d(nn.Conv2d):
    """A convolution; channels beyond its own are added to what it gives."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        own = input.shape[1] - self.in_channels
        out = super().forward(input[:, : self.in_channels] if own else input)
        return out + input[:, self.in_channels :] if own else out


class BackboneUNet(UNet2DModel):
    """diffusers' U-Net with a backbone, whose features and predicted layout are inputs of its first convolution.

    Settings and calls are the U-Net's: `in_channels` are the latents'. One more, `anchors`, is the colour of each class
    (n, 3) in [-1, 1], in which the predicted layout is painted (`codebook`).
    """

    @passes_on_settings(UNet2DModel, "anchors")
    def __init__(self, *args: Any, anchors: Sequence[Sequence[float]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.register_to_config(anchors=[list(anchor) for anchor in anchors])
        plain: Any = self.conv_in
        self.backbone = Backbone(plain.in_channels, len(anchors))
        self.conv_in = HintedConv2d(plain.in_channels + FEATURES + 3 * FINE**2, plain.out_channels, 3, padding=1)
        self.register_buffer("colors", torch.tensor(anchors), persistent=False)

    def forward(self, sample: torch.Tensor, *args: Any, **more: Any) -> UNet2DOutput | tuple[torch.Tensor, ...]:
        features, scores = self.backbone(sample)
        return super().forward(torch.cat([sample, features, self.painted(scores)], dim=1), *args, **more)

    def follow(self, sample: torch.Tensor, t: torch.Tensor, read: torch.Tensor, guide: LayoutGuide) -> torch.Tensor:
        """The velocity (B, C, h, w) from a photo to the layout that a reader saw in it.

        Args:
            sample, t: as in `forward`.
            read: class probabilities (B, n, 4h, 4w) by the reader, which are the predicted layout instead of the
                backbone's.
            guide: adds what the U-Net does not make of them by itself.
        """
        features, scores = self.backbone(sample)
        hint, correction = guide(read, scores.softmax(dim=1))
        predicted = self.painted(read.clamp(min=FLOOR).log())
        velocity: Any = super().forward(torch.cat([sample, features, predicted, hint], dim=1), t)
        return velocity.sample + correction

    def painted(self, scores: torch.Tensor) -> torch.Tensor:
        """Class scores (B, n, 4h, 4w) -> a layout, the pixels of a cell as its channels, (B, 48, h, w)."""
        probabilities = (SHARP * scores).softmax(dim=1)
        colors = self.colors.to(probabilities.dtype)
        return F.pixel_unshuffle(torch.einsum("bnhw,nc->bchw", probabilities, colors), FINE)


def imagenet_layers(network: MobileNetV2Features) -> list[nn.Module]:
    """The layers of `network` that a backbone takes over."""
    return list(network.features)[FIRST + 1 : LAST + 1]
