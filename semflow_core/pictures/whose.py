"""Which of several label sets a layout is of: that of the model for which it is opened, or clearly another one's.

Colours decide by themselves: a label set has its own, or those of a tool that paints its classes. Ids are small numbers
in all of them; there it counts whether the classes would lie where they usually do (`typical`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from ..errors import InputError
from ..method.codebook import Codebook
from ..method.palette import UNLABELLED, Palette
from .colours import color_counts
from .layout import Layout
from .layouts import is_layout, open_layout, read_mask
from .readings import CLEAR, Reading
from .values import read_values

MOST_BACKGROUND = 0.98  # of a layout that says where its classes lie
FEW_COLORS, THEIR_SHARE = 256, 0.8  # pixels that so many colours have, in a layout; in a photo they have fewer
SHADES = 3  # bits of a channel that do not count there, for a JPEG smears colours
SIDE = 256  # pixels of a side that are looked at


def whose_layout(
    source: str | os.PathLike[str] | bytes,
    own: Palette,
    others: Mapping[str, Palette],
    codebook: Codebook | None = None,
) -> str:
    """The key of the label set that a picture file clearly is a layout of, instead of `own`; "" where it is none's.

    Args:
        codebook: of `own`, whose anchors are its colours too.

    Raises:
        InputError: not a picture, or one that is too large to be decoded.
    """
    here = _read(source, own, codebook)
    if here is not None and not here.ids:
        return ""  # in its own colours
    if here is None and not _has_few_colors(source, own):
        return ""  # a photo; to compare all its colours takes its time
    reading = None if here is None else _reading(here, own)
    best, lead = "", CLEAR
    for key, palette in others.items():
        there = None if palette == own else _read(source, palette)
        if there is None or (here is not None and not there.ids):
            continue
        if not there.ids:
            return key  # in the colours of that one alone
        other = _reading(there, palette)
        if not palette.typical or not other.is_usual or _is_empty(there, palette):
            continue
        ahead = CLEAR if reading is None else other.mean - reading.mean if own.typical else 0.0
        if ahead >= lead:
            best, lead = key, ahead
    return best


def _read(source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None) -> Layout | None:
    """A layout by a label set, None where it is none of it."""
    if not is_layout(source, palette, codebook):
        return None
    try:
        return read_mask(source, palette) if codebook is None else open_layout(source, palette, codebook)
    except InputError:
        return None


def _has_few_colors(source: str | os.PathLike[str] | bytes, palette: Palette) -> bool:
    rgb = read_values(source, palette, sample=True).rgb
    step = max(1, min(rgb.shape[:2]) // SIDE)
    counts = np.sort(color_counts(np.ascontiguousarray(rgb[::step, ::step] >> SHADES))[1])
    return bool(counts[-FEW_COLORS:].sum() >= THEIR_SHARE * counts.sum())


def _reading(layout: Layout, palette: Palette) -> Reading:
    return Reading.of(layout.ids, layout.labels, np.unique(layout.labels), palette)


def _is_empty(layout: Layout, palette: Palette) -> bool:
    return bool(np.isin(layout.labels, (palette.background, UNLABELLED)).mean() > MOST_BACKGROUND)
