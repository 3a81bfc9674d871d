"""Stable Diffusion's pair of networks with its structure and a few thousand random weights."""

from __future__ import annotations

from typing import Any

from diffusers import AutoencoderKL, UNet2DConditionModel


def small_kl(levels: int = 4) -> Any:
    """An AutoencoderKL of 2 ** (levels - 1) pixels per cell, with SD-1.5's scaling."""
    kind: Any = AutoencoderKL  # its annotations allow for one level only
    return kind(
        block_out_channels=(8,) * levels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        scaling_factor=0.18215,
    )


def small_conditional(size: int, kind: Any = UNet2DConditionModel, channels: int = 4) -> Any:
    """A UNet2DConditionModel for latents of `size` cells per side and prompts of 12 channels."""
    return kind(
        sample_size=size,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=12,
        attention_head_dim=4,
    )
