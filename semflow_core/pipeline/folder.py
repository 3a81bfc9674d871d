"""A model folder, read and written: an index and components in the form of a diffusers pipeline folder.

`model_index.json` stands beside one folder per component, each with `config.json` and safetensors weights; the entry of
a component is `["library", "Class"]`. Beside them stands what diffusers has no word for: the codebook, the
perturbation, sizes, and `"shared": {"vae": "../codec"}` for an autoencoder that several models share.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..method.appearance import Appearance
from ..method.codebook import Codebook, to_model
from ..method.palette import load_palette, palette_names
from ..method.perturbation import Perturbation
from ..nets.components import anchors_of, entry_of, known, load_component, load_velocity, save_component
from ..nets.memory import in_parts, work_in_parts
from ..texts import read_text
from .engine import Engine

INDEX = "model_index.json"
SIZES, ASPECTS = (8, 4096), (0.1, 10)  # pixels of the network's square; width over height
APPEARANCE_FILE = "appearance.safetensors"


def load_parts(folder: Path) -> dict[str, Any]:
    """The arguments of an `Engine` from a model folder.

    Raises:
        InputError: the folder is no model of ours, a part of it is missing, or its parts do not belong together.
    """
    try:
        index = json.loads(read_text(folder / INDEX))
        book, label_set = index["codebook"], index["palette"]
        palette = load_palette(beside(folder, label_set) if label_set.endswith(".json") else label_set)
        if "colors" in book:
            codebook = Codebook(palette, colors=tuple((r, g, b) for r, g, b in book["colors"]))
        else:
            codebook = Codebook(palette, book["k"], book["s"], tuple(book["order"]))
        colors = index.get("appearance") or index.get("looks")  # looks: the name in folders that were saved before
        parts = {
            "codec": load_component(*component(index, "vae", folder)),
            "velocity": load_velocity(*component(index, "unet", folder)),
            "renderer": load_component(*component(index, "renderer", folder)) if "renderer" in index else None,
            "reader": load_component(*component(index, "reader", folder)) if "reader" in index else None,
            "guide": load_component(*component(index, "guide", folder)) if "guide" in index else None,
            "codebook": codebook,
            "perturbation": Perturbation(**index["perturbation"]),
            "size": bounded(index, "size", *SIZES),
            "aspect": bounded(index, "aspect", *ASPECTS),
            "width": bounded(index, "width", *SIZES) if index.get("width") is not None else None,
            "name": folder.resolve().name,
            "read_defaults": index.get("read_defaults") or index.get("reading"),
            "appearance": Appearance.load(beside(folder, colors), len(palette.classes)) if colors else None,
        }
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{folder} is no model folder: it needs a {INDEX} and its parts") from None
    except Exception as error:  # a folder may hold anything, and libraries raise what they like at it
        reason = f"it has no {error}" if isinstance(error, KeyError) else " ".join(str(error)[:1000].split())[:200]
        raise InputError(f"the model in {folder} cannot be loaded: {reason or type(error).__name__}") from None
    check_anchors(codebook, parts["velocity"], folder)
    check_reader(codebook, parts["reader"], parts["guide"], folder)
    if index.get("in_parts"):
        work_in_parts(parts["codec"])
    return parts


def component(index: Mapping[str, Any], part: str, folder: Path) -> tuple[str, Path]:
    """(class name, folder) of a component: from `["library", "Class"]`, or `["Class", "folder"]` as it was once."""
    first, second = index[part]
    if known(first):
        return first, beside(folder, second)
    if not known(second):
        raise ValueError(f"its {part} is {first}, {second}, which is no part of a model that is known here")
    return second, beside(folder, index.get("shared", {}).get(part, part))


def beside(folder: Path, name: str) -> Path:
    """What an index names: something in the model's folder, or beside it. It may be a link to anywhere.

    Raises:
        ValueError: it is elsewhere.
    """
    path = Path(os.path.normpath(folder.absolute() / name))
    if not path.is_relative_to(folder.absolute().parent):
        raise ValueError(f"it names {name[:60]}, which is neither in its folder nor beside it")
    return path


def bounded(index: Mapping[str, Any], key: str, low: float, high: float) -> Any:
    """A number of the index.

    Raises:
        ValueError: it is none, or out of bounds.
    """
    value = index[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"its {key} is {str(value)[:60]}; it must be a number from {low:g} to {high:g}")
    return value


def check_anchors(codebook: Codebook, velocity: Any, folder: Path) -> None:
    """Raise InputError unless a network that holds anchors holds those of the codebook: they are one fact."""
    held = anchors_of(velocity)
    if held is None:
        return
    own = to_model(codebook.anchors).numpy()
    if np.shape(held) != own.shape or np.abs(np.array(held) - own).max() > 1e-4:
        raise InputError(
            f"the model in {folder} contradicts itself: the codebook in {INDEX} and the anchors in unet/config.json "
            "differ; they must be those of the training"
        )


def check_reader(codebook: Codebook, reader: Any, guide: Any, folder: Path) -> None:
    """Raise InputError unless reader and guide are both there, or none is, and have the classes of the codebook."""
    if (reader is None) != (guide is None):
        there, missing = ("guide", "reader") if reader is None else ("reader", "guide")
        raise InputError(
            f"the model in {folder} has a {there} and no {missing}; the flow follows a reader by its guide"
        )
    n = len(codebook.palette.classes)
    for part in (reader, guide):
        if part is not None and part.config["classes"] != n:
            raise InputError(
                f"the {type(part).__name__} in {folder} has {part.config['classes']} classes; the palette has {n}"
            )


def anchors_entry(codebook: Codebook) -> dict[str, Any]:
    """The index's entry for the anchors: those of a grid (Eq. 7), or each class's own."""
    if codebook.colors:
        return {"colors": [list(color) for color in codebook.colors]}
    return {"k": codebook.k, "s": codebook.s, "order": list(codebook.order)}


def save(engine: Engine, folder: Path, vae: str = "vae", max_shard_size: str = "") -> None:
    """Write a model folder with float16 weights.

    Args:
        vae: where the autoencoder is, relative to the folder; "vae" saves it inside, anything else
            (such as "../codec") is only referred to.
        max_shard_size: of the weights' files, such as "15MB"; "" is one file per network.

    Raises:
        InputError: the codec or the velocity is no module of a known class.
    """
    entries = {"vae": entry_of(engine.codec), "unet": entry_of(engine.velocity)}
    if engine.learned:
        entries["renderer"] = entry_of(engine.renderer)
    entries |= {n: entry_of(p) for n, p in (("reader", engine.reader), ("guide", engine.guide)) if p is not None}
    folder.mkdir(parents=True, exist_ok=True)
    save_component(engine.velocity, folder / "unet", max_shard_size)  # type: ignore[arg-type]  # entry_of has refused all else
    for part in ("renderer", "reader", "guide"):
        if part in entries:
            save_component(getattr(engine, part), folder / part, max_shard_size)
    if vae == "vae":
        save_component(engine.codec, folder / "vae", max_shard_size)  # type: ignore[arg-type]
    label_set = engine.palette.name
    if label_set not in palette_names() or load_palette(label_set) != engine.palette:
        label_set = "palette.json"  # one of the user's own travels with the model
        (folder / label_set).write_text(engine.palette.to_json(), encoding="utf-8")
    index: dict[str, Any] = {
        "_class_name": "SemFlowPipeline",
        **{part: list(entry) for part, entry in entries.items()},
        **({"shared": {"vae": vae}} if vae != "vae" else {}),
        "palette": label_set,
        "codebook": anchors_entry(engine.codebook),
        "perturbation": asdict(engine.perturbation),
        "size": engine.size,
        "aspect": engine.aspect,
        **({"in_parts": True} if in_parts(engine.codec) else {}),
        **({"width": engine.width} if engine.width != engine.size else {}),
        "read_defaults": engine.read_defaults,
    }
    if engine.appearance is not None:
        index["appearance"] = APPEARANCE_FILE
        engine.appearance.save(folder / APPEARANCE_FILE)
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
