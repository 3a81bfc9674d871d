"""The public configurations of Stable Diffusion's networks, and what a state dict's shapes say of its own.

Sizes are in the shapes; how many heads its attention has is not, so that is the public configurations': 8 per level in
Stable Diffusion 1.x, one per 64 channels in 2.x. Groups of its norms are 32 in both.
"""

from __future__ import annotations

from typing import Any

from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders import single_file_utils as single_file

from ..errors import InputError
from .checkpoints import State, module_of, renamed
from .symmetric import SymmetricUNet

SD15: dict[str, Any] = {
    "sample_size": 64,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": [320, 640, 1280, 1280],
    "layers_per_block": 2,
    "down_block_types": ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
    "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,  # heads, in spite of its name
}
SD21: dict[str, Any] = {
    **SD15,
    "cross_attention_dim": 1024,
    "attention_head_dim": [5, 10, 20, 20],
    "use_linear_projection": True,
    "upcast_attention": True,
}
VAE: dict[str, Any] = {  # of both, sd-vae-ft-mse's included
    "sample_size": 512,
    "latent_channels": 4,
    "block_out_channels": [128, 256, 512, 512],
    "layers_per_block": 2,
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "norm_num_groups": 32,
    "scaling_factor": 0.18215,
}
LDM_UNET, LDM_VAE, LDM_TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."
CHANNELS_PER_HEAD = 64  # of Stable Diffusion 2.x


def unet_of(state: State, config: dict[str, Any] | None, what: str, heads_of: dict[str, Any] | None = None) -> Any:
    """The U-Net of a state dict with diffusers' keys: a `SymmetricUNet` where it takes twice the latents' channels.

    Args:
        config: its configuration if there is one; its channels in and out are the state dict's all the same.
        heads_of: the public configuration that says what shapes do not; None decides by the shapes.

    Raises:
        InputError: see `checkpoints.module_of`.
    """
    seen = unet_config(state, heads_of)
    channels = seen["in_channels"]
    if channels not in (4, 8) or seen["out_channels"] != channels:
        raise InputError(
            f"{what} takes {channels} channels and returns {seen['out_channels']}; SemFlow's has 4 and 4, SymmFlow's "
            "8 and 8"
        )
    own = {k: v for k, v in (config or seen).items() if not k.startswith("_")}
    kind = SymmetricUNet if channels == 8 else UNet2DConditionModel
    return module_of(kind, {**own, "in_channels": channels, "out_channels": channels}, state, what)


def unet_config(state: State, public: dict[str, Any] | None = None) -> dict[str, Any]:
    """A public configuration with the sizes that a state dict has; where it lacks keys, the public ones."""
    linear = any(k.endswith("attentions.0.proj_in.weight") and v.ndim == 2 for k, v in state.items())
    config = dict(public or (SD21 if linear else SD15))
    crossed = [v.shape[1] for k, v in state.items() if k.endswith("attn2.to_k.weight")]
    if crossed:
        config["cross_attention_dim"] = crossed[0]
    if "conv_in.weight" in state:
        config["in_channels"] = state["conv_in.weight"].shape[1]
    if "conv_out.weight" in state:
        config["out_channels"] = state["conv_out.weight"].shape[0]
    levels = count(state, "down_blocks.{}.resnets.0.conv1.weight")
    if levels and levels == count(state, "up_blocks.{}.resnets.0.conv1.weight"):
        widths = [state[f"down_blocks.{i}.resnets.0.conv1.weight"].shape[0] for i in range(levels)]
        crosses = [f"down_blocks.{i}.attentions.0.proj_in.weight" in state for i in range(levels)]
        config["block_out_channels"] = widths
        config["layers_per_block"] = count(state, "down_blocks.0.resnets.{}.conv1.weight")
        config["down_block_types"] = ["CrossAttnDownBlock2D" if c else "DownBlock2D" for c in crosses]
        config["up_block_types"] = ["CrossAttnUpBlock2D" if c else "UpBlock2D" for c in reversed(crosses)]
        if linear:
            config["attention_head_dim"] = [max(1, w // CHANNELS_PER_HEAD) for w in widths]
    return config


def vae_of(state: State, config: dict[str, Any] | None, what: str) -> Any:
    """The autoencoder of a state dict with diffusers' keys, earlier ones included.

    Raises:
        InputError: see `checkpoints.module_of`.
    """
    state = renamed(state)
    own = {k: v for k, v in (config or vae_config(state)).items() if not k.startswith("_")}
    own.setdefault("scaling_factor", VAE["scaling_factor"])  # configurations from before the key existed
    return module_of(AutoencoderKL, own, state, what)


def vae_config(state: State) -> dict[str, Any]:
    """The public configuration with the sizes that a state dict has."""
    config, levels = dict(VAE), count(state, "encoder.down_blocks.{}.resnets.0.conv1.weight")
    if levels and levels == count(state, "decoder.up_blocks.{}.resnets.0.conv1.weight"):
        config["block_out_channels"] = [
            state[f"encoder.down_blocks.{i}.resnets.0.conv1.weight"].shape[0] for i in range(levels)
        ]
        config["layers_per_block"] = count(state, "encoder.down_blocks.0.resnets.{}.conv1.weight")
        config["down_block_types"] = ["DownEncoderBlock2D"] * levels
        config["up_block_types"] = ["UpDecoderBlock2D"] * levels
    if "post_quant_conv.weight" in state:
        config["latent_channels"] = state["post_quant_conv.weight"].shape[0]
    return config


def from_single_file(state: State, what: str) -> tuple[State, State]:
    """U-Net and autoencoder of a Stable Diffusion file in its authors' layout, with diffusers' keys.

    Raises:
        InputError: a part of it is missing altogether.
    """
    unet = [k[len(LDM_UNET) :] for k in state if k.startswith(LDM_UNET)]
    vae = [k[len(LDM_VAE) :] for k in state if k.startswith(LDM_VAE)]
    for prefix, keys in ((LDM_UNET, unet), (LDM_VAE, vae)):
        if not keys:
            raise InputError(f"{what} is not whole: it has no keys that start with {prefix}")
    blocks = len({k.split(".")[1] for k in unet if k.startswith("input_blocks.")})
    levels = 1 + sum(k.startswith("input_blocks.") and k.endswith(".0.op.weight") for k in unet)
    depth = len({k.split(".")[2] for k in vae if k.startswith("encoder.down.")})
    layers = max(1, blocks // levels - 1)
    types = {"down_block_types": [""] * depth, "up_block_types": [""] * depth}
    return (
        single_file.convert_ldm_unet_checkpoint(state, {"layers_per_block": layers}),
        single_file.convert_ldm_vae_checkpoint(state, types),
    )


def count(state: State, pattern: str) -> int:
    """How many keys there are of a pattern with its place for a number filled with 0, 1, …"""
    n = 0
    while pattern.format(n) in state:
        n += 1
    return n
