"""The offset and the colour of a region in the picture shown, and a seed whose colours differ from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.appearance import Appearance, Offset
from semflow_core.method.colors import write_color
from semflow_core.method.perturbation import drawn_offset

from .model_state import ModelState
from .pipeline import Pipeline
from .seeds import draw_seed

Region = tuple[int, ...]  # class ids

TRIES = 3  # draws of a seed whose colour differs
LEAST = 12.0  # mean difference of two colours' channels from which on they are seen as two


def offset_shown(pipeline: Pipeline, state: ModelState, region: int, seed: int) -> Offset:
    """The offset of a region as it is in the picture shown; `seed` is that of the field."""
    offset = state.regions.offsets.get(region)
    if not offset and pipeline.appearance is not None and state.opened is not None and state.editing:
        opened = state.opened
        offset = pipeline.region_offsets(opened.base, None, opened.before).get(region)  # the photo's own colour
    return offset or state.regions.offset_of(pipeline.palette, region, state.seed_shown(seed), pipeline.appearance)


def color_asked_for(pipeline: Pipeline, region: int, offset: Offset) -> str | None:
    """The colour that a region's offset asks for, "#rrggbb"; None where offsets are no colours."""
    if pipeline.appearance is None:
        return None
    return write_color(pipeline.appearance.color_of(int(pipeline.palette.index_of_id[region]), offset))


def ends_of(
    pipeline: Pipeline, region: int, offset: Offset, axes: Sequence[tuple[str, str]]
) -> list[list[tuple[str, str]]]:
    """The names and colours of the two ends of each of an offset's numbers; empty where offsets are no colours.

    Args:
        axes: the names of both ends of each number.
    """
    ends: list[list[tuple[str, str]]] = []
    for i, names in enumerate(axes if pipeline.appearance is not None else []):
        there = [cast(Offset, tuple(end if j == i else x for j, x in enumerate(offset))) for end in (-0.95, 0.95)]
        ends.append([(name, color_asked_for(pipeline, region, o) or "") for name, o in zip(names, there)])
    return ends


def offset_in_photo(state: ModelState, region: Region) -> Offset:
    """The offset of a region in the photo that was opened last.

    Raises:
        InputError: no photo was opened, or it does not show the region.
    """
    if not state.photo_offsets:
        raise InputError("no photo was opened yet; open one, and its regions' colours can be taken")
    for class_id in region:
        if class_id in state.photo_offsets:
            return state.photo_offsets[class_id]
    raise InputError("the photo shows too little of this region to take its colour; choose another region")


def draw_other_seed(pipeline: Pipeline, state: ModelState, regions: list[Region], now_seed: int) -> int:
    """A seed in whose colours all of some regions look different from now, where a few draws give one.

    Args:
        now_seed: that of the field.
    """
    seed = draw_seed()
    if pipeline.appearance is None:
        return seed

    def color(region: Region, offset: Offset) -> np.ndarray:
        index = int(pipeline.palette.index_of_id[region[0]])
        return np.array(cast(Appearance, pipeline.appearance).color_of(index, offset))

    now = {region: color(region, offset_shown(pipeline, state, region[0], now_seed)) for region in regions}
    for _ in range(TRIES - 1):
        new = {r: color(r, drawn_offset(pipeline.palette, seed, r[0], pipeline.appearance)) for r in regions}
        if all(np.abs(new[region] - now[region]).mean() >= LEAST for region in regions):
            break
        seed = draw_seed()
    return seed
