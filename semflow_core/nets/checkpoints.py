"""State dicts as others publish them: files of every kind, their keys, and the module that they fit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from ..errors import InputError

State = dict[str, torch.Tensor]
TENSORS, PICKLES = (".safetensors",), (".pt", ".pth", ".bin", ".ckpt")
WRAPPERS = ("state_dict", "model", "ema", "model_state_dict")  # keys under which trainers keep the state dict
# names that diffusers gave the attention of an autoencoder once, as Stable Diffusion's published files have them
EARLIER_KEYS = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}
SHOWN = 3  # keys that a message names


def read_state(file: Path) -> State:
    """A state dict from a file of safetensors or of torch; pickled code in it is never run.

    Raises:
        InputError: there is no such file, or it holds no state dict.
    """
    if not file.is_file():
        raise InputError(f"there is no file {file}")
    if file.suffix not in TENSORS + PICKLES:
        raise InputError(f"{file.name} is no checkpoint; it must be one of {', '.join(TENSORS + PICKLES)}")
    try:
        loaded: Any = load_file(file) if file.suffix in TENSORS else torch.load(file, "cpu", weights_only=True)
    except UnpicklingError:
        raise InputError(
            f"{file.name} holds more than tensors, which could run code; only plain state dicts are opened"
        ) from None
    except (OSError, SafetensorError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:120]
        raise InputError(f"{file.name} is damaged or cut off: {reason}") from None
    if isinstance(loaded, torch.Tensor):
        return {"": loaded}
    for wrapper in WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            loaded = loaded[wrapper]
    state = {k: v for k, v in loaded.items() if isinstance(v, torch.Tensor)} if isinstance(loaded, Mapping) else {}
    if not state:
        raise InputError(f"{file.name} holds no tensors; it must hold a state dict")
    return state


def read_folder_state(folder: Path) -> State:
    """The state dict of a component's folder in diffusers' or transformers' layout; shards and half variants too.

    Raises:
        InputError: the folder has no weights, or a file of them is missing or damaged.
    """
    for index in sorted(folder.glob("*.index.json")):
        shards = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        return {key: value for shard in shards for key, value in read_state(folder / shard).items()}
    names = ("diffusion_pytorch_model", "model", "pytorch_model")
    for suffix in (".safetensors", ".bin"):
        for name in names:
            for variant in ("", ".fp16"):
                file = folder / f"{name}{variant}{suffix}"
                if file.is_file():
                    return read_state(file)
    raise InputError(f"{folder} has no weights; it needs {names[0]}.safetensors")


def read_config(folder: Path) -> dict[str, Any]:
    """The settings in a component's folder.

    Raises:
        InputError: there is no config.json, or it is none.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder} has no config.json") from None
    except (OSError, ValueError):
        raise InputError(f"{folder / 'config.json'} is not JSON") from None
    return config


def without_prefix(state: State, prefixes: Iterable[str], key: str) -> State | None:
    """The entries below the first of the prefixes under which there is `key`, without that prefix; None if none has."""
    for prefix in prefixes:
        if prefix + key in state:
            return {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
    return None


def renamed(state: State) -> State:
    """An autoencoder's state dict with today's names of its attention's weights."""
    result: State = {}
    for key, value in state.items():
        for earlier, name in EARLIER_KEYS.items():
            key = key.replace(earlier, name)
        result[key] = value[:, :, 0, 0] if ".to_" in key and value.ndim == 4 else value
    return result


def module_of(kind: Any, config: Mapping[str, Any], state: State, what: str) -> Any:
    """A module of diffusers with the weights of a state dict, float32, in evaluation mode.

    Args:
        what: what messages call the state dict.

    Raises:
        InputError: keys are missing or of another shape, or the state dict has more; the first few are named.
    """
    try:
        with torch.device("meta"):  # no random weights, no memory
            module = kind.from_config(dict(config))
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{what}: no {kind.__name__} has its sizes ({str(error).splitlines()[0][:160]}); name a folder with its "
            "config.json as --base"
        ) from None
    expected = module.state_dict()
    missing = [k for k in expected if k not in state]
    if missing:
        raise InputError(f"{what} is not whole: {some(missing)} of its {len(expected)} keys are missing")
    other = [k for k in expected if expected[k].shape != state[k].shape]
    if other:
        sizes = f"{other[0]} is {tuple(state[other[0]].shape)} and must be {tuple(expected[other[0]].shape)}"
        raise InputError(f"{what} does not fit its configuration: {sizes}{more(len(other) - 1)}")
    unknown = [k for k in state if k not in expected]
    if unknown:
        raise InputError(f"{what} has keys that no {kind.__name__} of its configuration has: {some(unknown)}")
    module.load_state_dict({k: state[k].float() for k in expected}, assign=True)
    return module.eval()


def module_keys(module: torch.nn.Module) -> list[str]:
    """The keys of a module's weights."""
    return [k for k in module.state_dict() if not k.endswith("position_ids")]


def some(keys: list[str]) -> str:
    """The first few keys of a list, and how many more there are."""
    return ", ".join(keys[:SHOWN]) + more(len(keys) - SHOWN)


def more(n: int) -> str:
    return f" and {n} more" if n > 0 else ""
