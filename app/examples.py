"""The layouts to start from: drawn by assets/layouts/draw.py, one set a palette."""

from __future__ import annotations

import numpy as np

from semflow_core.assets import asset
from semflow_core.method.palette import Palette
from semflow_core.pictures.layouts import read_layout

from .photos import fit_layout

LAYOUTS = asset("layouts")
EXAMPLES = {  # palette -> (name on the button, file)
    "celebamask_hq": (("Long hair", "long_hair.png"), ("Glasses", "glasses.png"), ("Hat", "hat.png")),
    "cityscapes": (("Street", "street.png"),),
}


def load_examples(palette: Palette, width: int, height: int) -> list[tuple[str, np.ndarray]]:
    """(name, class ids (height, width) uint8) of every example of a palette; may be none."""
    return [
        (name, fit_layout(read_layout(LAYOUTS / file, palette), width, height)[0])
        for name, file in EXAMPLES.get(palette.name, ())
    ]


def first_layout(palette: Palette, width: int, height: int) -> np.ndarray:
    """What is on the canvas at start: the first example, or all background where a palette has none."""
    examples = load_examples(palette, width, height)
    return examples[0][1] if examples else np.full((height, width), palette.background, np.uint8)
