"""The U-Net of the velocity: its size as configuration, and starting from another one's weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import UNet2DModel

from ..errors import InputError
from .backbone import load_unet


@dataclass(frozen=True)
class UNetConfig:
    widths: list[int] = field(default_factory=lambda: [64, 128, 192, 256])
    layers: int = 2  # residual blocks a level
    attention: list[bool] = field(default_factory=lambda: [False, False, True, True])  # a level
    head_dim: int = 32

    def build(
        self, in_channels: int, out_channels: int, latent_size: int, kind: type[UNet2DModel] = UNet2DModel, **more: Any
    ) -> UNet2DModel:
        if len(self.widths) != len(self.attention):
            raise InputError("the configuration keys unet.widths and unet.attention must have one entry a level each")
        return kind(
            sample_size=latent_size,
            in_channels=in_channels,
            out_channels=out_channels,
            layers_per_block=self.layers,
            block_out_channels=tuple(self.widths),
            down_block_types=tuple("AttnDownBlock2D" if a else "DownBlock2D" for a in self.attention),
            up_block_types=tuple("AttnUpBlock2D" if a else "UpBlock2D" for a in reversed(self.attention)),
            attention_head_dim=self.head_dim,
            **more,
        )


def start_from(model: UNet2DModel, folder: str) -> None:
    """Copy the weights of a saved U-Net into `model`; an embedding or a backbone that `model` has stays as it is.

    Where the two do not see with the same backbone, what is seen counts for nothing at first.

    Raises:
        InputError: the folder is none, or its U-Net has another shape.
    """
    own = model.state_dict()
    stays = {k: v for k, v in own.items() if k.startswith(("class_embedding.", "backbone."))}
    try:
        other = load_unet(folder).float()
        theirs = other.state_dict()
        eyes = {k: theirs.pop(k) for k in list(theirs) if k.startswith("backbone.")}
        same = all(k in own and torch.equal(v, own[k]) for k, v in eyes.items())
        if not eyes or not same or other.config["anchors"] != model.config["anchors"]:
            of_latents = theirs["conv_in.weight"][:, : other.config["in_channels"]]
            theirs["conv_in.weight"] = torch.zeros_like(own["conv_in.weight"])
            theirs["conv_in.weight"][:, : model.config["in_channels"]] = of_latents
        model.load_state_dict(theirs | stays)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"the U-Net in '{folder}' cannot be started from: {str(error).splitlines()[0]}") from None
