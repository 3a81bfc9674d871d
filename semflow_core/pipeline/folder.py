"""A model folder, read and written: an index and components in the form of a diffusers pipeline folder.

`model_index.json` stands beside one folder per component, each with `config.json` and safetensors weights; the entry of
a component is `["library", "Class"]`. Beside them stands what diffusers has no word for: the codebook, the
perturbation, sizes, and `"shared": {"vae": "../codec"}` for an autoencoder that several models share.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..method.codebook import Codebook, to_model
from ..method.palette import load_palette, palette_names
from ..nets.components import anchors_of, entry_of, known, load_component, load_velocity, save_component
from ..nets.digests import check_digests, forget_digests, write_digests
from ..nets.memory import in_parts, work_in_parts
from .engine import Engine
from .index import APPEARANCE_FILE, INDEX, beside, facts_of, read_index, refusing


def load_parts(folder: Path) -> dict[str, Any]:
    """The arguments of an `Engine` from a model folder.

    Raises:
        InputError: the folder is no model of ours, a part of it is missing, or its parts do not belong together.
    """
    with refusing(folder):
        index = read_index(folder)
        check_digests(folder)  # of the appearance; the networks' stand beside them
        parts = {
            **facts_of(index, folder),  # first: a wrong index is refused before weights are read
            "codec": load_component(*component(index, "vae", folder)),
            "velocity": load_velocity(*component(index, "unet", folder)),
            "renderer": load_component(*component(index, "renderer", folder)) if "renderer" in index else None,
            "reader": load_component(*component(index, "reader", folder)) if "reader" in index else None,
            "guide": load_component(*component(index, "guide", folder)) if "guide" in index else None,
        }
    codebook = parts["codebook"]
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
        forget_digests(folder)
        engine.appearance.save(folder / APPEARANCE_FILE)
        write_digests(folder)
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
