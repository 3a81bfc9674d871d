"""Less memory for more time: activations that are computed again, and autoencoders that work in parts."""

from __future__ import annotations

from typing import Any

from diffusers import AutoencoderKL

from ..errors import InputError
from .contracts import KLCodec


def recompute_activations(module: Any) -> None:
    """Keep no activations inside a network's blocks; the backward pass computes them again (gradient checkpointing).

    Raises:
        InputError: the network cannot.
    """
    if not getattr(module, "_supports_gradient_checkpointing", False):
        raise InputError(f"optim.recompute: a {type(module).__name__} cannot compute its activations again")
    module.enable_gradient_checkpointing()


def work_in_parts(module: Any) -> None:
    """Let Stable Diffusion's autoencoder take pictures one at a time, and large ones in overlapping tiles.

    Raises:
        InputError: the autoencoder is another.
    """
    if not isinstance(module, AutoencoderKL):
        raise InputError("only Stable Diffusion's autoencoder works in parts")
    module.enable_slicing()
    module.enable_tiling()


def in_parts(codec: Any) -> bool:
    """Whether a codec works in parts."""
    return isinstance(codec, KLCodec) and bool(codec.module.use_tiling)
