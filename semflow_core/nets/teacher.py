"""TAESD, a small autoencoder of Stable Diffusion 1.x's latents, which the codec's first channels are distilled from."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors import SafetensorError
from safetensors.torch import load_file

from ..errors import InputError


def load_teacher(folder: str) -> AutoencoderTiny:
    """TAESD from a diffusers folder, or from its two original files, whose keys differ by a prefix.

    Raises:
        InputError: the folder is neither.
    """
    try:
        if (Path(folder) / "config.json").is_file():
            return AutoencoderTiny.from_pretrained(folder).eval()
        teacher = AutoencoderTiny()
        for part in ("encoder", "decoder"):
            original = load_file(Path(folder) / f"taesd_{part}.safetensors")
            layers = getattr(teacher, part).layers
            # the original decoder counts its clamp as layer 0, diffusers does not
            first = min(int(k.split(".")[0]) for k in original) if part == "decoder" else 0
            layers.load_state_dict({f"{int(i) - first}.{rest}": v.float() for i, rest, v in split_keys(original)})
        return teacher.eval()
    except (OSError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"the teacher folder '{folder}' must hold TAESD (config.json of an AutoencoderTiny, or "
            f"taesd_encoder.safetensors and taesd_decoder.safetensors): {reason}"
        ) from None


def split_keys(state: dict[str, torch.Tensor]) -> list[tuple[str, str, torch.Tensor]]:
    return [(*key.split(".", 1), value) for key, value in state.items()]  # type: ignore[misc]
