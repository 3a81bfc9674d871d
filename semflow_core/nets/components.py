"""The parts of a model folder: which class a part is of, loading and saving it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..errors import InputError
from .backbone import BackboneUNet
from .contracts import ConditionedUNetVelocity, ModuleAdapter, velocity_of
from .digests import check_digests, write_digests
from .guide import LayoutGuide
from .placement import save_half
from .pyramid import PyramidAutoencoder
from .reader import LayoutReader
from .renderer import PhotoRenderer
from .symmetric import SymmetricUNet, SymmetricVelocity

# class name -> (library, class): what a model folder may hold, and the two words that its index has for it
COMPONENTS: dict[str, tuple[str, Any]] = {
    "PyramidAutoencoder": ("semflow_core.nets.pyramid", PyramidAutoencoder),
    "BackboneUNet": ("semflow_core.nets.backbone", BackboneUNet),
    "PhotoRenderer": ("semflow_core.nets.renderer", PhotoRenderer),
    "LayoutGuide": ("semflow_core.nets.guide", LayoutGuide),
    "LayoutReader": ("semflow_core.nets.reader", LayoutReader),
    "SymmetricUNet": ("semflow_core.nets.symmetric", SymmetricUNet),
    "AutoencoderTiny": ("diffusers", diffusers.AutoencoderTiny),
    "AutoencoderKL": ("diffusers", diffusers.AutoencoderKL),
    "UNet2DModel": ("diffusers", diffusers.UNet2DModel),
    "UNet2DConditionModel": ("diffusers", diffusers.UNet2DConditionModel),
}
EARLIER_NAMES = {"SeeingUNet2DModel": "BackboneUNet"}  # of folders that were saved before
MAX_CONFIG = 10**6  # bytes
MAX_CHANNELS, MAX_LAYERS = 16384, 64  # largest numbers in a network's configuration
PROMPT_FILE = "prompt.safetensors"  # embedding of the empty prompt, beside a conditional U-Net's weights


def known(name: str) -> bool:
    """Whether the class of that name can be part of a model folder."""
    return name in COMPONENTS or name in EARLIER_NAMES


def names_of(*kinds: type) -> list[str]:
    """The names of the classes of `COMPONENTS` that are one of `kinds`."""
    return [name for name, (_, kind) in COMPONENTS.items() if issubclass(kind, kinds)]


def is_one_of(name: str, *kinds: type) -> bool:
    """Whether the class of that name, an earlier name included, is one of `kinds`."""
    return EARLIER_NAMES.get(name, name) in names_of(*kinds)


def load_component(name: str, folder: Path) -> Any:
    """A part by the name of its class (`known`), float32 on the CPU.

    Raises:
        OSError, ValueError: the folder does not hold one, or its weights are not what they were when they were saved.
    """
    check_config(folder / "config.json")
    check_digests(folder)
    kind: Any = COMPONENTS[EARLIER_NAMES.get(name, name)][1]
    network, found = kind.from_pretrained(folder, use_safetensors=True, output_loading_info=True)
    if missing := sorted(found["missing_keys"]):  # they would be random numbers
        raise ValueError(f"its {folder.name} has no weights {', '.join(missing[:2])}{', …' * (len(missing) > 2)}")
    return network


def check_config(file: Path) -> None:
    """Refuse a network's configuration that would fill the memory or take forever, before its weights are read.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON object, or a number in it is out of bounds.
    """
    if file.stat().st_size > MAX_CONFIG:
        raise ValueError(f"its {file.parent.name}/config.json is larger than {MAX_CONFIG // 1000} kB")
    config = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(config, dict):
        raise ValueError(f"its {file.parent.name}/config.json holds no keys")
    for key, value in config.items():
        most = MAX_LAYERS if "layers" in key or key.endswith("blocks") else MAX_CHANNELS
        values = value if isinstance(value, list) else [value]
        numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
        if len(values) > MAX_CHANNELS or any(not abs(n) <= most for n in numbers):
            raise ValueError(f"its {file.parent.name}/config.json has a {key[:60]} that is out of bounds")


def load_velocity(name: str, folder: Path) -> Any:
    """A velocity's module in its adapter; a conditional U-Net gets the embedding of the empty prompt in its folder.

    Raises:
        OSError, ValueError: as `load_component`.
        InputError: a conditional U-Net has no embedding of the empty prompt, or one of another size.
    """
    module = load_component(name, folder)
    if isinstance(module, diffusers.UNet2DConditionModel):
        kind = SymmetricVelocity if isinstance(module, SymmetricUNet) else ConditionedUNetVelocity
        return kind(module, load_prompt(folder, int(module.config["cross_attention_dim"])))
    return velocity_of(module)


def load_prompt(folder: Path, channels: int) -> torch.Tensor:
    """The embedding of the empty prompt beside a conditional U-Net's weights, (1, L, channels) float32.

    Raises:
        InputError: there is none, or it has another size.
    """
    file = folder / PROMPT_FILE
    right = f"it must hold the embedding of the empty prompt, key 'prompt', (1, L, {channels}): docs/training.md"
    if not file.is_file():
        raise InputError(f"there is no {file}; {right}")
    try:
        prompt = load_file(file).get("prompt")
    except (OSError, SafetensorError):
        prompt = None
    if prompt is None or prompt.ndim != 3 or (len(prompt), prompt.shape[2]) != (1, channels) or not prompt.shape[1]:
        raise InputError(f"{file} does not fit its U-Net; {right}")
    return prompt.float()


def entry_of(part: Any) -> tuple[str, str]:
    """(library, class) of an adapter's module: its entry in a diffusers pipeline's index.

    Raises:
        InputError: the part is a function or an object of one's own, which no folder can hold.
    """
    kind = type(part.module).__name__ if isinstance(part, ModuleAdapter) else ""
    if kind not in COMPONENTS:
        raise InputError(f"{part!r} cannot be saved; a model folder holds {', '.join(COMPONENTS)}")
    return COMPONENTS[kind][0], kind


def save_component(part: ModuleAdapter, folder: Path, max_shard_size: str = "") -> None:
    """Save an adapter's module in float16, and the prompt embedding that the adapter holds."""
    save_half(part.module, folder, max_shard_size)
    if isinstance(part, ConditionedUNetVelocity):
        save_file({"prompt": part.prompt.contiguous()}, folder / PROMPT_FILE)
        write_digests(folder)


def anchors_of(velocity: Any) -> list[list[float]] | None:
    """The anchors in [-1, 1] that a network with a backbone holds, (n, 3); None for every other velocity."""
    module = velocity.module if isinstance(velocity, ModuleAdapter) else None
    return [list(a) for a in module.config["anchors"]] if isinstance(module, BackboneUNet) else None
