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
    layers: int = 2  # residual blocks per level
    attention: list[bool] = field(default_factory=lambda: [False, False, True, True])  # per level
    head_dim: int = 32  # channels per attention head

    def build(
        self, in_channels: int, out_channels: int, latent_size: int, kind: type[UNet2DModel] = UNet2DModel, **more: Any
    ) -> UNet2DModel:
        """A U-Net of this size with fresh weights.

        Args:
            latent_size: side of its input, in latent cells.
            kind: its class; `more` are that class's own settings.

        Raises:
            InputError: widths and attention have different lengths.
        """
        if len(self.widths) != len(self.attention):
            raise InputError("the configuration keys unet.widths and unet.attention must have one entry per level each")
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

    Where the two have different backbones, the weights of the backbone's channels start at zero.

    Raises:
        InputError: the folder is none, or its U-Net has another shape.
    """
    state = model.state_dict()
    kept = {k: v for k, v in state.items() if k.startswith(("class_embedding.", "backbone."))}
    try:
        saved = load_unet(folder).float()
        weights = saved.state_dict()
        backbone = {k: weights.pop(k) for k in list(weights) if k.startswith("backbone.")}
        same = all(k in state and torch.equal(v, state[k]) for k, v in backbone.items())
        if not backbone or not same or saved.config["anchors"] != model.config["anchors"]:
            of_latents = weights["conv_in.weight"][:, : saved.config["in_channels"]]
            weights["conv_in.weight"] = torch.zeros_like(state["conv_in.weight"])
            weights["conv_in.weight"][:, : model.config["in_channels"]] = of_latents
        model.load_state_dict(weights | kept)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"the U-Net in '{folder}' cannot be started from: {str(error).splitlines()[0]}") from None
