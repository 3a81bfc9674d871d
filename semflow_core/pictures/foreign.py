"""Pixel values of other tools: which of our class ids they stand for.

Cityscapes writes label ids, of which 19 are classes that are trained on; COCO-Stuff writes raw ids with gaps. A palette
declares such conventions (`Palette.foreign`). They look like our ids, so the file's name decides, else the ids that
occur; what was assumed comes back as a sentence.
"""

from __future__ import annotations

import re

import numpy as np

from ..method.palette import UNLABELLED, Palette

OWN_IDS = ("_labelTrainIds", "_trainIds")  # endings of names whose files hold the palette's own ids


def translate(values: np.ndarray, palette: Palette, stem: str) -> tuple[np.ndarray, str]:
    """Pixel values of a label map as class ids of the palette, and what was assumed ("" if nothing was).

    Args:
        values: (H, W) uint8.
        stem: the file's name without its suffix, which may name the convention.

    Returns:
        (H, W) uint8: the values themselves if they follow no foreign convention, else class ids, and 255 where the
        convention has a value for no class.
    """
    if stem.endswith(OWN_IDS):
        return values, ""
    present = set(np.flatnonzero(np.bincount(values.ravel(), minlength=256)).tolist()) - {UNLABELLED}
    unknown = sorted(i for i in present if palette.index_of_id[i] < 0)
    for convention in palette.foreign.ids:
        named = bool(convention.files) and re.search(convention.files, stem) is not None
        if present <= convention.values and (named or unknown):
            why = "as its name says" if named else f"for id {unknown[0]} is no class of {palette.name}"
            table = np.full(256, UNLABELLED, np.uint8)
            for foreign, class_id in convention.classes:
                table[foreign] = class_id
            return table[values], f"Its ids were taken for {convention.name}, {why}."
    return values, ""
