"""A U-Net that sees: beside the latents its first convolution gets what an ImageNet backbone makes of them.

That is its features, and the layout that it guesses from them, in the codebook's colours. The velocity stays a function
of z_t and t alone (Eq. 8), so one network still runs both ways. A few hundred pairs do not teach a network from scratch
what a bus is; ImageNet's million photos, which MobileNetV2 has seen, go a long way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DModel
from diffusers.models.unets.unet_2d import UNet2DOutput
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from ..errors import InputError
from .mobilenet import MobileNetV2Features

# MobileNetV2's layers before the resolution halves, and the last one used: channels at 1/4, 1/8, 1/16, 1/32 of the side
TAPS = {3: 24, 6: 32, 13: 96, 14: 160}
FIRST, LAST = min(TAPS), max(TAPS)
BACKBONE_FILE = "backbone.safetensors"  # of one that was taught by itself
SEEN = 64  # channels of what is seen, a latent cell
FINE = 4  # the guessed layout has so many pixels a cell and axis
SHARP = 4.0  # power to which the chances of the classes are raised there: it says the likeliest, hardly the mean


class Backbone(nn.Module):
    """Latents (B, latent_channels, h, w) -> what is seen in them, (B, 64, h, w), and class scores, (B, n, 4h, 4w).

    MobileNetV2's layers 4 to 14, their batch normalisation folded into the convolutions. A stem stands in for the slow
    ones before, and nothing need be decoded. A pyramid (Lin et al. 2017) brings the depths together.
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
        self.out = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, SEEN, 3, padding=1))
        self.head = nn.Conv2d(SEEN, FINE**2 * classes, 1)

    def depths(self, latents: torch.Tensor) -> list[torch.Tensor]:
        """MobileNetV2's own features at TAPS."""
        x = self.stem(latents)
        found = [x]
        for depth, layer in enumerate(self.layers, start=FIRST + 1):
            x = layer(x)
            if depth in TAPS:
                found.append(x)
        return found

    def forward(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        finest, *rest = self.depths(latents)
        x = self.context(rest[-1].mean((2, 3)))[:, :, None, None]
        for lateral, found in reversed(list(zip(self.laterals, rest))):
            x = F.silu(F.interpolate(x, found.shape[-2:], mode="nearest") + lateral(found))
        seen = self.out(F.silu(x + self.fine(finest)))
        return seen, F.pixel_shuffle(self.head(seen), FINE)


def passes_on_settings(kind: type, *own: str) -> Callable[[Any], Any]:
    """For an `__init__` with settings of its own beside `kind`'s: diffusers finds in its signature what it may load."""

    def tell(init: Any) -> Any:
        more = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in own]
        theirs = inspect.signature(kind.__init__)
        init.__signature__ = theirs.replace(parameters=[*theirs.parameters.values(), *more])
        return init

    return tell


class BackboneUNet(UNet2DModel):
    """diffusers' U-Net with a backbone of its own; what that sees and guesses are channels of its first convolution.

    Settings and calls are the U-Net's: `in_channels` are the latents'. One more, `anchors`, is the colour of each class
    (n, 3) in [-1, 1], in which the guess is shown (`codebook`).
    """

    @passes_on_settings(UNet2DModel, "anchors")
    def __init__(self, *args: Any, anchors: Sequence[Sequence[float]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.register_to_config(anchors=[list(anchor) for anchor in anchors])
        plain: Any = self.conv_in
        self.backbone = Backbone(plain.in_channels, len(anchors))
        self.conv_in = nn.Conv2d(plain.in_channels + SEEN + 3 * FINE**2, plain.out_channels, 3, padding=1)
        self.register_buffer("colors", torch.tensor(anchors), persistent=False)

    def forward(self, sample: torch.Tensor, *args: Any, **more: Any) -> UNet2DOutput | tuple[torch.Tensor, ...]:
        seen, scores = self.backbone(sample)
        return super().forward(torch.cat([sample, seen, self.guess(scores)], dim=1), *args, **more)

    def guess(self, scores: torch.Tensor) -> torch.Tensor:
        """Class scores (B, n, 4h, 4w) -> a layout, the pixels of a cell as its channels, (B, 48, h, w)."""
        chances = (SHARP * scores).softmax(dim=1)
        return F.pixel_unshuffle(torch.einsum("bnhw,nc->bchw", chances, self.colors.to(chances.dtype)), FINE)


def imagenet_layers(network: MobileNetV2Features) -> list[nn.Module]:
    """Those of `network`'s layers that a backbone has."""
    return list(network.features)[FIRST + 1 : LAST + 1]


def load_unet(folder: str | Path) -> UNet2DModel:
    """A saved U-Net, with a backbone or without.

    Raises:
        OSError, ValueError, TypeError, RuntimeError: the folder is none, or what is in it does not fit together.
    """
    kinds: dict[str, type[UNet2DModel]] = {kind.__name__: kind for kind in (UNet2DModel, BackboneUNet)}
    kinds["SeeingUNet2DModel"] = BackboneUNet  # its name in folders that were saved before
    config: Any = UNet2DModel.load_config(str(folder))
    name = config.get("_class_name", "")
    if name not in kinds:
        raise ValueError(f"it holds a {name}, no {' or '.join(kinds)}")
    return kinds[name].from_pretrained(folder)


def start_backbone(backbone: Backbone, folder: str | Path, new_classes: bool = False) -> None:
    """Take over the weights of the backbone in a folder (`load_backbone`).

    Args:
        new_classes: where that one scores other classes, this one's head stays as it is.

    Raises:
        InputError: there is none, or it has another shape.
    """
    theirs, own = load_backbone(folder), backbone.state_dict()
    head = {k: v for k, v in own.items() if k.startswith("head.")}
    if new_classes:
        theirs |= {k: v for k, v in head.items() if k not in theirs or theirs[k].shape != v.shape}
    try:
        backbone.load_state_dict(theirs)
    except RuntimeError:
        classes = head["head.bias"].numel() // FINE**2
        raise InputError(f"the backbone in '{folder}' is not one for these latents and {classes} classes") from None


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
    except (OSError, ValueError, TypeError, RuntimeError):
        unet = None
    if not isinstance(unet, BackboneUNet):
        raise InputError(f"there is no backbone in '{folder}'; train one with kind=backbone, or leave backbone empty")
    return unet.backbone.float().state_dict()
