"""Loading a codec for training: any class that the contracts have an adapter for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from ..errors import InputError
from .components import load_component
from .contracts import CODECS, Codec, ModuleAdapter, codec_of
from .pyramid import PyramidAutoencoder


def load_codec(folder: str | Path, device: str | torch.device = "cpu") -> Codec:
    """The codec in an autoencoder's folder, float32, with frozen weights.

    Raises:
        InputError: the folder is none, or holds a class that is no codec.
    """
    file = Path(folder) / "config.json"
    if not file.is_file():
        raise InputError(f"'{folder}' is no autoencoder's folder; it needs a config.json and its weights")
    kinds = [kind.__name__ for kind in CODECS]
    try:
        name = json.loads(file.read_text(encoding="utf-8")).get("_class_name")
        if name not in kinds:
            raise InputError(f"'{folder}' holds a {name}; a codec is one of {', '.join(kinds)}")
        codec = codec_of(load_component(name, Path(folder)).eval().requires_grad_(False))
    except (OSError, ValueError) as error:
        raise InputError(f"the autoencoder in '{folder}' cannot be loaded: {str(error).splitlines()[0]}") from None
    if isinstance(codec, ModuleAdapter):
        codec.to(device)  # in float32
    return codec


def load_pyramid(folder: str | Path) -> PyramidAutoencoder:
    """A `PyramidAutoencoder` to train on.

    Raises:
        InputError: the folder is none, or holds another class.
    """
    codec: Any = load_codec(folder)
    if not isinstance(codec.module, PyramidAutoencoder):
        raise InputError(f"'{folder}' holds a {type(codec.module).__name__}; only a PyramidAutoencoder is trained on")
    return codec.module.requires_grad_(True)
