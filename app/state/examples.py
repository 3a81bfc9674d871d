"""The layouts to start from: those that ship with the project, fitted to the canvas."""

from __future__ import annotations

import numpy as np

from semflow_core.method.palette import Palette
from semflow_core.pictures.layouts import example_layouts, read_layout

from .photos import fit_layout


def load_examples(palette: Palette, width: int, height: int) -> list[tuple[str, np.ndarray]]:
    """(title, class ids (height, width) uint8) of every example of a palette; may be none."""
    return [
        (example.title, fit_layout(read_layout(example.file, palette), width, height)[0])
        for example in example_layouts(palette)
    ]


def first_layout(palette: Palette, width: int, height: int) -> np.ndarray:
    """What is on the canvas at start: the first example, or all background where a palette has none."""
    examples = load_examples(palette, width, height)
    return examples[0][1] if examples else np.full((height, width), palette.background, np.uint8)
