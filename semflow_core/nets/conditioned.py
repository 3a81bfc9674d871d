"""U-Nets with one input more than the time: a step's size, or the domain.

diffusers' U-Net adds the embedding of that input to the time's. What is the same for all samples therefore only shifts
a bias, and `fold` puts it there: the result is a plain U-Net, which every pipeline can hold.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import UNet2DModel
from torch import nn

from .contracts import TIME_SCALE, Time, UNetVelocity, times
from .placement import dtype_of, in_channels_last
from .unet import UNetConfig


def step_unet(config: UNetConfig, channels: int, side: int) -> UNet2DModel:
    """A U-Net that gets 1000 * step size, and at first ignores it.

    Args:
        channels: of the latents.
        side: of the latents, in cells.
    """
    unet = config.build(channels, channels, side, class_embed_type="timestep")
    last: Any = unet.class_embedding
    nn.init.zeros_(last.linear_2.weight)
    nn.init.zeros_(last.linear_2.bias)
    return unet


def domain_unet(config: UNetConfig, channels: int, side: int, domains: int) -> UNet2DModel:
    """A U-Net that gets the number of a domain, and at first ignores it."""
    unet = config.build(channels, channels, side, num_class_embeds=domains)
    embedding: Any = unet.class_embedding
    nn.init.zeros_(embedding.weight)
    return unet


class ConditionedVelocity(UNetVelocity):
    """v(z, t) under a condition.

    Args:
        module: a U-Net of `step_unet` or `domain_unet`.
        condition: one per sample, (B,), or one for all: a step size as a share of the whole time, with a sign, or a
            domain's number.
    """

    def __init__(self, module: Any, condition: torch.Tensor | float) -> None:
        super().__init__(module)
        self.condition = condition

    def __call__(self, z: torch.Tensor, t: Time, /) -> torch.Tensor:
        condition = torch.as_tensor(self.condition, device=z.device).expand(len(z))
        labels = TIME_SCALE * condition if condition.is_floating_point() else condition
        return self.module(
            in_channels_last(z.to(dtype_of(self.module))), times(t, z), class_labels=labels
        ).sample.float()


@torch.no_grad()
def fold(unet: Any, condition: float | int) -> UNet2DModel:
    """The plain U-Net that `unet` is under one condition: a step size (float), or a domain's number (int)."""
    label = torch.tensor([condition], device=unet.device)
    embedded = unet.class_embedding(
        unet.time_proj(TIME_SCALE * label) if unet.config.class_embed_type else label.long()
    )
    without = {k: v for k, v in unet.config.items() if k not in ("class_embed_type", "num_class_embeds")}
    plain: Any = UNet2DModel.from_config(without)
    state = {k: v for k, v in unet.state_dict().items() if not k.startswith("class_embedding.")}
    state["time_embedding.linear_2.bias"] = state["time_embedding.linear_2.bias"] + embedded[0]
    plain.load_state_dict(state)
    return plain.to(unet.device).eval()
