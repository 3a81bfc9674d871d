"""The size of a U-Net as configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from diffusers import UNet2DModel

from ..errors import InputError

GROUPS = 32  # of each group norm


@dataclass(frozen=True)
class UNetConfig:
    """Size of a U-Net.

    Raises:
        InputError: diffusers can build no U-Net of that size.
    """

    widths: list[int] = field(default_factory=lambda: [64, 128, 192, 256])
    layers: int = 2  # residual blocks per level
    attention: list[bool] = field(default_factory=lambda: [False, False, True, True])  # per level
    head_dim: int = 32  # channels per attention head

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.attention) or not self.widths:
            raise InputError("the configuration keys unet.widths and unet.attention must have one entry per level each")
        if any(width < 1 or width % GROUPS for width in self.widths):
            raise InputError(f"unet.widths is {self.widths}; each must be a multiple of {GROUPS}")
        # the middle, which is as wide as the last level, always has attention
        least = min(self.widths[-1:] + [w for w, attends in zip(self.widths, self.attention) if attends])
        if self.layers < 1 or not 1 <= self.head_dim <= least:
            raise InputError(f"unet.layers must be at least 1, and unet.head_dim from 1 to {least}")

    def build(
        self, in_channels: int, out_channels: int, latent_size: int, kind: type[UNet2DModel] = UNet2DModel, **more: Any
    ) -> UNet2DModel:
        """A U-Net of this size with fresh weights.

        Args:
            latent_size: side of its input, in latent cells.
            kind: its class; `more` are that class's own settings.
        """
        return kind(
            sample_size=latent_size,
            in_channels=in_channels,
            out_channels=out_channels,
            layers_per_block=self.layers,
            block_out_channels=tuple(self.widths),
            down_block_types=tuple("AttnDownBlock2D" if a else "DownBlock2D" for a in self.attention),
            up_block_types=tuple("AttnUpBlock2D" if a else "UpBlock2D" for a in reversed(self.attention)),
            attention_head_dim=self.head_dim,
            norm_num_groups=GROUPS,
            **more,
        )
