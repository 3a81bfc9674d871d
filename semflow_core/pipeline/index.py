"""What a model folder says of its model without loading a network: its index, its facts, whether files are whole."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..method.appearance import Appearance
from ..method.codebook import Codebook
from ..method.palette import load_palette
from ..method.perturbation import Perturbation
from ..texts import read_text
from .facts import ModelFacts
from .names import INDEX, model_name

PARTS = ("vae", "unet", "renderer", "reader", "guide")  # those that a model may have
SIZES, ASPECTS = (8, 4096), (0.1, 10)  # pixels of the network's square; width over height
APPEARANCE_FILE = "appearance.safetensors"
MAX_HEADER = 10**8  # bytes of a safetensors file's header, as safetensors itself bounds it


def load_facts(folder: Path) -> ModelFacts:
    """What a model is, from its folder. Its networks are not loaded, but their files must be there and whole.

    Raises:
        InputError: the folder is no model of ours, or a file of it is missing or cut.
    """
    with refusing(folder):
        index = read_index(folder)
        facts = ModelFacts(**facts_of(index, folder))
        for part in PARTS:
            if part in index:
                check_files(part_folder(index, part, folder))
    return facts


def read_index(folder: Path) -> dict[str, Any]:
    """The index of a model folder. Raises OSError or ValueError."""
    check_readable(folder)
    return json.loads(read_text(folder / INDEX))


def facts_of(index: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The arguments of `ModelFacts`. Raises whatever a wrong index leads to: see `refusing`."""
    book, label_set = index["codebook"], index["palette"]
    palette = load_palette(beside(folder, label_set) if label_set.endswith(".json") else label_set)
    if "colors" in book:
        codebook = Codebook(palette, colors=tuple((r, g, b) for r, g, b in book["colors"]))
    else:
        codebook = Codebook(palette, book["k"], book["s"], tuple(book["order"]))
    colors = index.get("appearance") or index.get("looks")  # looks: the name in folders that were saved before
    return {
        "codebook": codebook,
        "perturbation": Perturbation(**index["perturbation"]),
        "size": bounded(index, "size", *SIZES),
        "aspect": bounded(index, "aspect", *ASPECTS),
        "width": bounded(index, "width", *SIZES) if index.get("width") is not None else None,
        "name": model_name(folder),
        "read_defaults": index.get("read_defaults") or index.get("reading"),
        "appearance": Appearance.load(beside(folder, colors), len(palette.classes)) if colors else None,
    }


@contextmanager
def refusing(folder: Path) -> Iterator[None]:
    """Whatever goes wrong with a model folder as an InputError that names it."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{folder} is no model folder: it needs a {INDEX} and its parts") from None
    except Exception as error:  # a folder may hold anything, and libraries raise what they like at it
        reason = f"it has no {error}" if isinstance(error, KeyError) else " ".join(str(error)[:1000].split())[:200]
        raise InputError(f"the model in {folder} cannot be loaded: {reason or type(error).__name__}") from None


def part_folder(index: Mapping[str, Any], part: str, folder: Path) -> Path:
    """Where the files of a part are: in the folder of its name, or where the index says.

    Raises:
        ValueError: it is elsewhere.
    """
    found = beside(folder, index.get("shared", {}).get(part, part))
    return found if found.is_dir() else beside(folder, index[part][1])  # ["Class", "folder"], as it was once


def check_files(folder: Path) -> None:
    """Refuse a part without a configuration or weights, or with weights that end too early or too late.

    Raises:
        FileNotFoundError: one is missing.
        ValueError: the weights are not whole.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files or not (folder / "config.json").is_file():
        raise FileNotFoundError(folder)
    for file in files:
        if not is_whole(file):
            raise ValueError(f"{folder.name}/{file.name} is cut or damaged; get it again")


def is_whole(file: Path) -> bool:
    """Whether a safetensors file is as long as its header says."""
    with file.open("rb") as f:
        start = f.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER + 1
        if length > MAX_HEADER:
            return False
        try:
            header = json.loads(f.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
            return file.stat().st_size == 8 + length + max(ends, default=0)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return False


def beside(folder: Path, name: str) -> Path:
    """What an index names: something in the model's folder, or beside it. It may be a link to anywhere.

    Raises:
        ValueError: it is elsewhere.
    """
    path = Path(os.path.normpath(folder.absolute() / name))
    if not path.is_relative_to(folder.absolute().parent):
        raise ValueError(f"it names {name[:60]}, which is neither in its folder nor beside it")
    check_readable(path)
    return path


def check_readable(path: Path) -> None:
    """Raise ValueError if a file, or one of a folder, is neither: to read a pipe or a device may never end."""
    for file in (path, *(path.iterdir() if path.is_dir() else ())):
        if file.exists() and not file.is_file() and not file.is_dir():
            raise ValueError(f"its {file.name} is no file but a pipe or a device")


def bounded(index: Mapping[str, Any], key: str, low: float, high: float) -> Any:
    """A number of the index.

    Raises:
        ValueError: it is none, or out of bounds.
    """
    value = index[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"its {key} is {str(value)[:60]}; it must be a number from {low:g} to {high:g}")
    return value
