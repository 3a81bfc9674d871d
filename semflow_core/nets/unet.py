"""The size of a U-Net as configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from diffusers import UNet2DModel

from ..errors import InputError


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
