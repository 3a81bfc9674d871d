"""What a visitor's browser keeps of a visit, so that it comes back after a reload, or with another server.

The browser holds the canvas and the settings itself. What only the server has goes to it after each change: a small
state, and the opened photo as a project (`project.py`) where that has changed. What comes back may be forged: it is
read as strictly as a project file.
"""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from semflow_core.errors import InputError
from semflow_core.pictures.align import Aligned
from semflow_core.pictures.files import check_size
from semflow_core.pictures.photos import open_photo
from semflow_core.requests import SynthesisRequest
from semflow_core.requests.packing import pack_labels, unpack_labels
from semflow_core.requests.requests import ClassSeeds, Frames, Offsets
from semflow_core.requests.typed import Bounds, build

from .model_state import ModelState
from .opened import OriginalFile, Source
from .pipeline import Pipeline
from .project import EditProject, edit_project, read_project
from .regions import Regions
from .settings import Settings

WHAT = "kept visit"
FORGED = "what this browser kept of the last visit is damaged, so the page opens fresh"
MAX_UNDONE = 100  # as many steps as the canvas has
FARTHEST = 1e6  # pixels, and scale, of the way from a photo to its crop
Number = Annotated[float, Bounds(-FARTHEST, FARTHEST, "a number of the crop's place")]
Row = tuple[Number, Number, Number]


@dataclass(frozen=True, kw_only=True)
class KeptRegions:
    """`Regions` as it travels."""

    seeds: ClassSeeds = ()
    offsets: Offsets = ()
    locked: tuple[int, ...] = ()

    @classmethod
    def of(cls, regions: Regions) -> dict[str, Any]:
        """As plain values."""
        seeds, offsets = sorted(regions.seeds.items()), sorted(regions.offsets.items())
        return {"seeds": seeds, "offsets": offsets, "locked": sorted(regions.locked)}

    def regions(self, known: np.ndarray) -> Regions:
        """Those of the palette's ids `known`."""
        ids = {*known.tolist()}
        return Regions(
            {i: s for i, s in self.seeds if i in ids},
            {i: o for i, o in self.offsets if i in ids},
            ids & {*self.locked},
        )


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """The file that the opened photo was cut out of, which the browser holds: how to know it, and the way to the crop.

    Attributes:
        size, crc, example: as in `OriginalFile`.
        matrix, crop: `Aligned.matrix`, and its crop's width and height.
    """

    size: int
    crc: int
    example: str = ""
    matrix: tuple[Row, Row]
    crop: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class KeptState:
    """What the server alone has of one model, but for the photo.

    Attributes:
        undone, redone: the fields of `KeptRegions` each.
        corrections: packed (layout, before) pairs of `Opened.corrections`.
        landing: number of what landed in the canvas, as the canvas's steps name it; 0 where it was not kept.
    """

    editing: bool = False
    regions: KeptRegions = field(default_factory=KeptRegions)
    undone: tuple[dict[str, object], ...] = ()
    redone: tuple[dict[str, object], ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    file: KeptFile | None = None
    landing: int = 0


@dataclass(frozen=True, kw_only=True)
class KeptModel:
    """What the browser kept of one model.

    Attributes:
        layout: the canvas, packed; strokes that no server got are in it.
        settings: the values of the controls named in `Settings`. One that no picture can have, as while it is being
            typed, is left out.
        state: what the server said last.
        photo: the opened photo as a project's text; "" for none.
    """

    layout: str
    settings: dict[str, object] = field(default_factory=dict)
    state: KeptState = field(default_factory=KeptState)
    photo: str = ""

    def request(self, model: str, pipeline: Pipeline, page: Settings) -> SynthesisRequest:
        """The canvas with its settings, and with the photo if one is open.

        Args:
            page: the settings of a fresh page, for those that were not kept.

        Raises:
            InputError: the layout or the photo is damaged, or the photo is another model's.
        """
        request = SynthesisRequest(model=model, layout=unpack_labels(self.layout), **vars(page))
        for name in (f.name for f in fields(Settings) if f.name in self.settings):
            with suppress(InputError):
                request = replace(request, **{name: self.settings[name]})
        if request.beta is not None and request.beta >= pipeline.codebook.max_beta:
            request = replace(request, beta=None)
        request = replace(request, **self.state.regions.regions(pipeline.palette.ids).fields())
        if not self.photo:
            return request
        project = read_project(self.photo)
        if not isinstance(project, EditProject) or project.model != model:
            raise InputError("the photo is of another model")
        return replace(project, **{f.name: getattr(request, f.name) for f in fields(request)})

    def apply(self, state: ModelState, pipeline: Pipeline, original: Source | None) -> None:
        """Bring back what a project does not hold, after `request` has landed in `state`.

        Raises:
            InputError: a value is out of bounds.
        """
        known = pipeline.palette.ids
        state.landing, state.left = self.state.landing or state.landing, {}
        state.regions = self.state.regions.regions(known)
        state.undone, state.redone = (
            [build(KeptRegions, raw, what=WHAT, texts=False).regions(known) for raw in steps[-MAX_UNDONE:]]
            for steps in (self.state.undone, self.state.redone)
        )
        if state.opened is None:
            return
        state.editing, state.opened.source = self.state.editing, original
        shape = state.opened.before.shape
        for pair in self.state.corrections[-MAX_UNDONE:]:
            layout, before = (unpack_labels(text) for text in pair)
            if layout.shape == before.shape == shape:
                pipeline.palette.index(np.stack([layout, before]))  # refuses ids that are no class
                state.opened.corrections.append((layout, before))


@dataclass(frozen=True, kw_only=True)
class KeptVisit:
    """All that the browser kept.

    Attributes:
        model: the model that was chosen.
        live, keep_seed, frames: as in `Controls`.
        models: by name.
    """

    model: str
    live: bool = True
    keep_seed: bool = True
    frames: Frames | None = None
    models: dict[str, KeptModel]


# ---- to the browser --------------------------------------------------------------------------------------------


def keep_state(state: ModelState) -> dict[str, Any]:
    """The fields of a `KeptState` as plain values."""
    opened = state.opened
    pairs = [] if opened is None or len(opened.corrections) < 2 else opened.corrections[-MAX_UNDONE:]
    return {
        "editing": state.editing,
        "regions": KeptRegions.of(state.regions),
        "undone": [KeptRegions.of(regions) for regions in state.undone],
        "redone": [KeptRegions.of(regions) for regions in state.redone],
        "corrections": [[pack_labels(layout) for layout in pair] for pair in pairs],
        "file": None if opened is None or opened.source is None else _file(opened.source),
        "landing": state.landing,
    }


def keep_photo(request: SynthesisRequest, state: ModelState) -> str:
    """The opened photo as a project's text, "" if there is none."""
    if state.opened is None:
        return ""
    return edit_project(request, state.opened, state.photo_offsets).to_json()


def photo_mark(state: ModelState) -> tuple[Any, ...]:
    """What `keep_photo` depends on, to be compared by identity: whether the browser has to get it again."""
    opened = state.opened
    return () if opened is None else (opened, opened.base, opened.before, opened.layout, state.photo_offsets)


def _file(source: Source) -> dict[str, Any] | None:
    original = source.file
    if original is None:
        return None
    height, width = source.way.crop.shape[:2]
    return {**vars(original), "matrix": source.way.matrix.tolist(), "crop": [width, height]}


# ---- from the browser ------------------------------------------------------------------------------------------


def read_kept(text: str) -> KeptVisit:
    """A visit from what the browser sends.

    Raises:
        InputError: it is damaged.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(FORGED) from None
    visit = build(KeptVisit, raw, what=WHAT, texts=False)
    if visit.model not in visit.models:
        raise InputError(FORGED)
    return visit


def original_photo(kept: KeptFile | None, path: Path | None) -> Source | None:
    """The whole photo from the file that the browser sent; None if it is not that file.

    Raises:
        InputError: the file cannot be read as a photo.
    """
    if kept is None or path is None or original_file(path) != OriginalFile(kept.size, kept.crc):
        return None
    check_size(*kept.crop, "crop")
    photo = open_photo(path)
    shape = (photo.pixels.shape[0], photo.pixels.shape[1])
    crop = np.broadcast_to(np.uint8(0), (kept.crop[1], kept.crop[0], 3))  # only its size is needed
    way = Aligned(crop, np.array(kept.matrix, np.float64), shape, 0, "")
    return Source(photo, way, OriginalFile(kept.size, kept.crc, kept.example))


def original_file(path: Path, example: str = "") -> OriginalFile:
    """How to know a photo's file again."""
    data = path.read_bytes()
    return OriginalFile(len(data), zlib.crc32(data), example)
