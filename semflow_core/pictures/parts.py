"""A layout in parts, as CelebAMask-HQ has them: one black and white picture per class, named as 00012_hair.png is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..method.palette import Palette
from .files import open_picture


def part_of(path: Path, palette: Palette) -> tuple[str, str] | None:
    """("00012", "hair") for a part such as 00012_hair.png, None for any other file name."""
    number, underscore, name = path.stem.partition("_")
    is_class = name in {c.name for c in palette.classes}
    return (number, name) if underscore and number.isdigit() and is_class else None


def read_parts(paths: Sequence[Path], palette: Palette) -> tuple[np.ndarray, str]:
    """The parts of one picture as class ids (H, W) uint8, and a note that names the files that are no part.

    Raises:
        InputError: no file is a part, a part cannot be read, or they belong to several pictures or sizes.
    """
    parts = {path: part for path in paths if (part := part_of(path, palette))}
    if not parts:
        raise InputError(
            f"none of these files is a part of a layout, which is named as 00012_{palette.classes[-1].name}.png is; "
            "open other pictures one at a time"
        )
    numbers = sorted({number for number, _ in parts.values()})
    if len(numbers) > 1:
        raise InputError(
            f"these are parts of {len(numbers)} pictures ({', '.join(numbers[:3])}{', …' if numbers[3:] else ''}); "
            "give the parts of one"
        )
    masks = {name: np.asarray(open_picture(path, "part").convert("L")) > 127 for path, (_, name) in parts.items()}
    note = f"Put together from {len(parts)} {'part' if len(parts) == 1 else 'parts'}."
    others = [path.name for path in paths if path not in parts]
    if others:
        note += f" Left out, being no part: {', '.join(others[:3])}{', …' if others[3:] else ''}."
    return merge_parts(masks, palette), note


def merge_parts(masks: Mapping[str, np.ndarray], palette: Palette) -> np.ndarray:
    """Parts, class name -> (H, W) bool, as one label map (H, W) uint8.

    Where parts overlap the later class of the palette lies on top, as in the data set's own script.

    Raises:
        InputError: the parts differ in size.
    """
    shapes = {mask.shape for mask in masks.values()}
    if len(shapes) > 1:
        sizes = " and ".join(f"{w}x{h}" for h, w in sorted(shapes)[:2])
        raise InputError(f"the parts have different sizes ({sizes}); parts of one picture have one")
    labels = np.full(shapes.pop(), palette.background, np.uint8)
    for c in palette.classes:
        if c.name in masks:
            labels[masks[c.name]] = c.id
    return labels
