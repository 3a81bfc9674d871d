"""What a published checkpoint holds: its U-Net, and where autoencoder and prompt embedding come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..errors import InputError
from ..nets.checkpoints import State, read_config, read_folder_state, read_state, some, without_prefix
from ..nets.prompt import prompt_of_folder, prompt_of_state
from ..nets.published import LDM_TEXT, LDM_UNET, from_single_file, unet_of, vae_of

# under which a trainer's wrappers put the U-Net's keys: SymmFlow's `unet.`, DDP's `module.`, torch.compile's
PREFIXES = ("", "unet.", "module.", "module.unet.", "_orig_mod.", "model.unet.")


@dataclass(frozen=True)
class Source:
    """Parts of a checkpoint, each read when it is called for.

    Attributes:
        what: its name in messages.
        unet: the module; the argument is the configuration to use, None its own.
        vae, prompt: None where it has none.
        unet_config: the U-Net's own configuration; None where it is only known by its shapes.
    """

    what: str
    unet: Callable[[dict[str, Any] | None], Any]
    vae: Callable[[], Any] | None = None
    prompt: Callable[[], torch.Tensor] | None = None
    unet_config: dict[str, Any] | None = None


def open_source(path: Path) -> Source:
    """A Stable Diffusion folder in diffusers' layout, one file of it in its authors', or a U-Net's state dict.

    Raises:
        InputError: it is none of these.
    """
    if path.is_dir():
        return folder_source(path)
    state, name = read_state(path), path.name
    if any(k.startswith(LDM_UNET) for k in state):
        return single_file_source(state, name)
    unet = without_prefix(state, PREFIXES, "conv_in.weight")
    if unet is None:
        unet = without_prefix(state, PREFIXES, "conv_out.weight")  # a part of one: its missing keys are named later
    if unet is None:
        raise InputError(
            f"{name} is no U-Net of Stable Diffusion, SemFlow or SymmFlow: it has no conv_in.weight, with unet. before "
            f"it or without; it has {some(list(state))}"
        )
    return Source(name, lambda config: unet_of(unet, config, name))


def folder_source(folder: Path) -> Source:
    """A pipeline's folder in diffusers' layout: unet/, vae/, text_encoder/, tokenizer/."""
    if not (folder / "unet").is_dir():
        raise InputError(f"{folder} is no folder of Stable Diffusion: it has no unet/ with a config.json and weights")
    config = read_config(folder / "unet")
    if (folder / "unet" / "prompt.safetensors").is_file():
        raise InputError(f"{folder} is a model folder of this project already; it needs no conversion")
    what = f"the U-Net in {folder / 'unet'}"
    return Source(
        str(folder),
        lambda other: unet_of(read_folder_state(folder / "unet"), other or config, what),
        partial(vae_in, folder / "vae") if (folder / "vae").is_dir() else None,
        partial(prompt_of_folder, folder) if (folder / "text_encoder").is_dir() else None,
        config,
    )


def single_file_source(state: State, name: str) -> Source:
    """One file with the keys of Stable Diffusion's authors: U-Net, autoencoder and text encoder."""
    unet, vae = from_single_file(state, name)
    text = {k[len(LDM_TEXT) :]: v for k, v in state.items() if k.startswith(LDM_TEXT)}
    return Source(
        name,
        lambda config: unet_of(unet, config, f"the U-Net in {name}"),
        lambda: vae_of(vae, None, f"the autoencoder in {name}"),
        lambda: prompt_of_state(text, f"the text encoder in {name}"),
    )


def vae_in(path: Path) -> Any:
    """The autoencoder in a component's folder, in a pipeline's folder, or in one file.

    Raises:
        InputError: there is none.
    """
    if path.is_dir():
        folder = path / "vae" if (path / "vae").is_dir() else path
        return vae_of(read_folder_state(folder), read_config(folder), f"the autoencoder in {folder}")
    state = read_state(path)
    if any(k.startswith(LDM_UNET) for k in state):
        return vae_of(from_single_file(state, path.name)[1], None, path.name)
    return vae_of(state, None, path.name)
