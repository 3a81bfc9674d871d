"""Layouts: class ids, read from every kind of picture that holds them and written as index PNGs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..assets import asset
from ..errors import InputError
from ..method.codebook import Codebook
from ..method.palette import UNLABELLED, Palette
from .colours import LOSSY, ids_of_colors
from .files import open_picture, picture_name, write_atomically
from .foreign import translate
from .parts import part_of, read_parts

LAYOUT_DIR = asset("layouts")
MOST_IDS = 35  # different values of a picture that may hold ids at least; a grey photo has more


@dataclass(frozen=True)
class Layout:
    labels: np.ndarray  # (H, W) uint8 class ids
    note: str  # what was assumed or could not be read for certain, in sentences; "" if nothing


@dataclass(frozen=True)
class Example:
    """A layout that ships with the project, as `assets/layouts/index.json` lists it."""

    title: str
    file: Path


def read_layout(
    source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None
) -> np.ndarray:
    """The class ids of a layout file or folder of parts, (H, W) uint8: `open_layout` without its note.

    Raises:
        InputError: see `open_layout`.
    """
    return open_layout(source, palette, codebook).labels


def open_layout(
    source: str | os.PathLike[str] | bytes | Sequence[Path], palette: Palette, codebook: Codebook | None = None
) -> Layout:
    """A layout file as class ids, and what was assumed in reading it.

    Grey and palette pictures (modes L and P) hold ids as pixel values, ours or those of `foreign`. Coloured ones hold
    the palette's display colours or another tool's, or exactly the anchors of `codebook`; the first two may be noisy,
    as a JPEG makes them. Transparent pixels are the palette's background. A folder, or several files, hold the parts
    of one picture (00012_hair.png), each white where its class is.

    Raises:
        InputError: not a picture, out of bounds, ids that are no class, or colours that are no class.
    """
    if isinstance(source, Sequence) and not isinstance(source, (str, bytes)):
        return Layout(*read_parts([Path(p) for p in source], palette))
    if not isinstance(source, bytes) and Path(source).is_dir():
        return Layout(*read_parts(sorted(Path(source).iterdir()), palette))
    if not isinstance(source, bytes) and part_of(Path(source), palette):
        return Layout(*read_parts([Path(source)], palette))
    return _read_picture(source, palette, codebook)


def read_mask(source: str | os.PathLike[str] | bytes, palette: Palette) -> np.ndarray:
    """An annotation's class ids, (H, W) uint8: a picture as `open_layout` reads it, except that 255 stays 255.

    Raises:
        InputError: not a picture, out of bounds, ids that are neither a class nor 255, or colours that are no class.
    """
    return _read_picture(source, palette, keep_void=True).labels


def is_layout(source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None) -> bool:
    """Whether a picture file is meant as a layout: few enough different ids, or colours of the palette.

    Raises:
        InputError: not a picture, or its size is out of bounds.
    """
    if not isinstance(source, bytes) and (Path(source).is_dir() or part_of(Path(source), palette)):
        return True
    image = open_picture(source, "picture")
    if _holds_ids(image):
        # values are counted, not compared: a layout with a wrong id must be complained about as a layout
        conventions = [len(convention.values) + 1 for convention in palette.foreign.ids]
        return len(np.unique(np.asarray(image))) <= max(MOST_IDS, len(palette.classes), *conventions)
    try:
        read_layout(source, palette, codebook)
    except InputError:
        return False
    return True


def write_layout(path: str | os.PathLike[str], labels: np.ndarray, palette: Palette) -> None:
    """Write class ids (H, W) uint8 as a PNG of mode P: ids as pixel values, shown in the palette's colours.

    Raises:
        InputError: the folder cannot be written to.
    """
    image = Image.fromarray(np.ascontiguousarray(labels, np.uint8))
    image.putpalette(palette.color_of_id.tobytes())  # turns mode L into P, all 256 entries
    write_atomically(path, lambda temporary: image.save(temporary, "PNG"))


def example_layouts(palette: Palette) -> list[Example]:
    """The layouts of a palette that ship with the project, in the order of the index; may be none."""
    index = json.loads((LAYOUT_DIR / "index.json").read_text(encoding="utf-8"))
    return [Example(entry["title"], LAYOUT_DIR / entry["file"]) for entry in index.get(palette.name, [])]


def _read_picture(
    source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None, keep_void: bool = False
) -> Layout:
    """One picture. Without `keep_void` its void is painted as the background where the palette has no class 255."""
    name = picture_name(source)
    image = open_picture(source, "layout")
    if _holds_ids(image):
        values = np.asarray(image)
        if values.max() > 255:
            raise InputError(f"the layout {name} has 16-bit ids up to {values.max()}; ids are at most 255")
        labels, note = translate(values.astype(np.uint8), palette, Path(name).stem)
        if not note:  # our own ids, in which 255 is a mistake unless the palette has it
            _check_ids(labels[labels != UNLABELLED] if keep_void else labels, palette, name)
    else:
        rgba = np.asarray(image.convert("RGBA"))
        labels, uncertain, note = ids_of_colors(rgba[..., :3], palette, codebook, image.format in LOSSY, name)
        labels[rgba[..., 3] < 128] = palette.background
        if uncertain:
            share = f"{uncertain:,} of its pixels ({100 * uncertain / labels.size:.1f} %)"
            note = f"{note} {share} lie between two colours and took the nearer of the classes beside them.".lstrip()
    return Layout(labels if keep_void else palette.paintable(labels), note)


def _holds_ids(image: Image.Image) -> bool:
    """Whether the pixel values can be ids: one channel, and no JPEG, whose values are not exact."""
    one_channel = image.mode in ("L", "P", "1") or image.mode.startswith("I")
    return one_channel and image.format not in LOSSY


def _check_ids(labels: np.ndarray, palette: Palette, name: str) -> None:
    try:
        palette.index(labels)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
