"""Where and how networks compute: device, precision and memory format, each decided here and nowhere else."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from .digests import forget_digests, write_digests
from .order import steady


def place(module: Any, device: torch.device, fast: bool) -> None:
    """Move a module to a device, its layers as `steady` has them.

    Args:
        fast: compute in bfloat16 where the hardware does, instead of in float32.
    """
    steady(module)
    # torch's own `to`: that of diffusers warns of every change of precision
    channels_last(torch.nn.Module.to(module, device, fast_dtype(device) if fast else torch.float32))


def device_of(module: Any) -> torch.device:
    """The device of a module's parameters."""
    return next(module.parameters()).device


def dtype_of(module: Any) -> torch.dtype:
    """The precision of a module's parameters."""
    return next(module.parameters()).dtype


def in_channels_last(x: torch.Tensor) -> torch.Tensor:
    """A batch of pictures or latents (B, C, H, W) in the memory format of `channels_last`."""
    return x.contiguous(memory_format=torch.channels_last)


def channels_last(module: Any) -> Any:
    """The memory format in which convolutions are fastest, on both kinds of device."""
    return module.to(memory_format=torch.channels_last)


def autocast(device: torch.device, fast: bool) -> torch.autocast:
    """A context in which networks compute in bfloat16, or, where not `fast`, in the precision of their weights."""
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)


def has_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 natively."""
    return fast_dtype(device) is torch.bfloat16


def compact(z: torch.Tensor) -> torch.Tensor:
    """Latents as they are kept in memory and in files: float16, on the CPU."""
    return z.half().cpu()


def save_half(module: Any, folder: Path, max_shard_size: str = "") -> None:
    """Save a diffusers component in float16 without changing it, in files of at most such a size ("15MB")."""
    sizes = {"max_shard_size": max_shard_size} if max_shard_size else {}
    forget_digests(folder)
    copy.deepcopy(module).half().save_pretrained(folder, **sizes)
    write_digests(folder)


def save_half_weights(module: torch.nn.Module, file: Path) -> None:
    """Save the weights of a module that is no diffusers component in one file, in float16."""
    save_file({name: value.half().contiguous() for name, value in module.state_dict().items()}, file)


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it natively, else float32 (emulated bfloat16 is slower)."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    native = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32
