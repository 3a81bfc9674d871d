"""What one visitor has: requests in, results out. No interface here, so it is tested without a browser.

The newest request wins. A pointer that goes down raises the visitor's number (`begin`); a solve that was
started under an older number stops before its next step by raising `Cancelled`.
"""

from __future__ import annotations

import math
import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from semflow_core.pictures.align import Aligned
from semflow_core.pipeline.pipeline import MORPH_BATCH
from semflow_core.requests.packing import pack_labels, pack_photo, unpack_labels
from semflow_core.requests.requests import (
    EditRequest,
    MorphRequest,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)

from .regions import Offset, Regions

KEPT_BYTES = 64 * 2**20  # some 300 pictures of 256x256; an undo then shows its picture at once
SEEDS = 100_000  # drawn seeds are below this: short enough to be read out and typed in again
DRAFT_STEPS = (2, 8, 32)  # what is shown on the way to the chosen number of steps

Progress = Callable[[int, int], None]  # (steps done, steps in all)
Held = tuple[np.ndarray, float, float, str, str, float]  # layout, steps, seed, solver, grid, beta


class Cancelled(Exception):
    """A newer request made this one pointless."""


class Pipeline(Protocol):
    """What a session needs of semflow_core.pipeline.SemFlowPipeline."""

    appearance: Any

    def synthesize(self, request: SynthesisRequest, on_step: Any = None) -> Any: ...
    def synthesize_many(self, requests: Sequence[SynthesisRequest], on_step: Any = None) -> list[Any]: ...
    def segment(self, request: SegmentationRequest, on_step: Any = None) -> Any: ...
    def styles(self, photo: np.ndarray, read: Any, labels: np.ndarray) -> dict[int, Offset]: ...
    def edit(self, request: EditRequest, on_step: Any = None) -> Any: ...
    def trajectory(self, request: TrajectoryRequest, on_step: Any = None) -> Any: ...
    def morph(self, request: MorphRequest, on_step: Any = None) -> Any: ...


@dataclass(frozen=True)
class Painted:
    """One picture on the way to the chosen number of steps."""

    photo: np.ndarray  # (H, W, 3) uint8
    steps: int
    last: bool  # whether these are the steps that were asked for
    recalled: bool  # whether it came from memory


@dataclass(frozen=True)
class Source:
    """Where an opened photo was cut out of."""

    photo: np.ndarray  # (H, W, 3) uint8, the whole of it
    way: Aligned  # from it to what was opened, and back


@dataclass
class Opened:
    """The visitor's own photo, and where its edits stand.

    Attributes:
        photo, layout: as opened: (H, W, 3) uint8, and what the model read in it, (h, w) uint8 class ids.
        margin: how sure that reading is, (h, w) float32 in 0..1.
        base, before: what the next edit starts from: the photo with all accepted edits, and its layout.
        source: the whole photo, if it is known; a project keeps what is edited only.
        readings: the (layout, before) pairs that stood while the base was this one; one more with each correction.
    """

    photo: np.ndarray
    layout: np.ndarray
    margin: np.ndarray
    base: np.ndarray
    before: np.ndarray
    source: Source | None = None
    readings: list[tuple[np.ndarray, np.ndarray]] = field(init=False)

    def __post_init__(self) -> None:
        self.readings = [(self.layout, self.before)]

    def accept(self, photo: np.ndarray, layout: np.ndarray) -> None:
        """Go on from an edited photo."""
        self.base, self.before = photo, layout
        self.readings = [(self.layout, layout)]

    def reset(self) -> None:
        """Go back to the photo as it was opened, and to its layout with the corrections."""
        self.accept(self.photo, self.layout)

    def correct(self, layout: np.ndarray) -> None:
        """The base was misread: it shows `layout`, and so does the opened photo where no edit was accepted."""
        self.layout, self.before = np.where(self.layout == self.before, layout, self.layout), layout
        self.readings.append((self.layout, self.before))

    def shows(self, layout: np.ndarray) -> bool:
        """Whether the base as it is belongs to a layout.

        It may be one from before a correction, or from after one that was undone: that one counts again, or an undo
        would paint the misreading into the photo.
        """
        for reading in self.readings:
            if np.array_equal(layout, reading[1]):
                self.layout, self.before = reading
                return True
        return False


class _Kept:
    """The last photos of one pipeline by request: the same request gives every visitor the same picture."""

    def __init__(self) -> None:
        self._photos: OrderedDict[SynthesisRequest, np.ndarray] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, request: SynthesisRequest) -> np.ndarray | None:
        with self._lock:
            if request in self._photos:
                self._photos.move_to_end(request)
            return self._photos.get(request)

    def put(self, request: SynthesisRequest, photo: np.ndarray) -> None:
        with self._lock:
            if request not in self._photos:
                self._bytes += _weight(request, photo)
            self._photos[request] = photo
            while self._bytes > KEPT_BYTES:
                self._bytes -= _weight(*self._photos.popitem(last=False))


def _weight(request: SynthesisRequest, photo: np.ndarray) -> int:
    own = len(request.photo) if isinstance(request, EditRequest) else 0  # an edit holds the photo it starts from
    return photo.nbytes + len(request.layout) + own


_kept: WeakKeyDictionary[Pipeline, _Kept] = WeakKeyDictionary()


class Session:
    """One visitor's state; plain data, because Gradio copies it for each.

    Attributes:
        newest: number of the newest request.
        model: the model that is chosen. What follows belongs to it.
        left: by model, what was left there: what its components held, and its attributes.
        photo: the picture in the photo column, (H, W, 3) uint8.
        opened: whether that picture is the visitor's own, edited or not, and none that the model made
            from a layout alone. The path then starts from it.
        request: what the picture was painted from, None for a photo as it was opened or accepted.
        drafting: whether the picture is a draft, with better ones on their way.
        recalled: whether the last painted photo came from memory.
        own: the photo that was opened, None if there is none.
        editing: whether strokes edit that photo; otherwise they paint a new one.
        regions: appearance of single regions.
        region: a class id of the region that was chosen last.
        strip: the requests of the variations shown.
        styles: style handles of the photo that was opened last, by class id; other layouts may take them.
    """

    def __init__(self, model: str = "") -> None:
        self.newest = 0
        self.model = model
        self.left: dict[str, tuple[Held, dict[str, Any]]] = {}
        self._start()

    def _start(self) -> None:
        self.photo: np.ndarray | None = None
        self.opened = False
        self.request: SynthesisRequest | None = None
        self.recalled = self.drafting = False
        self.own: Opened | None = None
        self.editing = False
        self.regions = Regions()
        self.region: int | None = None
        self.strip: list[SynthesisRequest] = []
        self.styles: dict[int, Offset] = {}

    def switch(self, model: str, held: Held) -> Held | None:
        """Another model has other classes: it starts anew, or where it was left. Work under way becomes pointless.

        Args:
            held: what the components hold for the model that is left.

        Returns:
            what they held when `model` was left, None if it is new.
        """
        self.begin()
        shared = ("newest", "model", "left")
        self.left[self.model] = held, {name: v for name, v in vars(self).items() if name not in shared}
        self.model = model
        self._start()
        before, attributes = self.left.pop(model, (None, {}))
        vars(self).update(attributes)
        return before

    def begin(self) -> None:
        """Make every request that is under way pointless."""
        self.newest += 1

    def seed_shown(self, seed: float | None) -> int:
        """The seed of the picture shown; `seed`, the field's, where none was painted."""
        return self.request.seed if self.request is not None else int(seed or 0)

    def classes_shown(self) -> set[int] | None:
        """The class ids in the layout of the picture shown, None where none is."""
        if self.request is not None:
            return set(np.unique(unpack_labels(self.request.layout)).tolist())
        return set(np.unique(self.own.before).tolist()) if self.own is not None else None

    def _watch(self, progress: Callable[[int], None] | None = None) -> Callable[..., None]:
        self.begin()
        mine = self.newest

        def on_step(i: int = 0, *_: Any) -> None:
            if self.newest != mine:
                raise Cancelled
            if progress is not None:
                progress(i + 1)

        return on_step

    # ---- layout -> photo ---------------------------------------------------------------------------

    def wanted(self, request: SynthesisRequest) -> SynthesisRequest:
        """What a picture of this layout is to be: an edit of the own photo in edit mode, else `request` itself."""
        if self.own is None or not self.editing:
            return request
        shared = {f.name: getattr(request, f.name) for f in fields(request)}
        return EditRequest(**shared, photo=pack_photo(self.own.base), before=pack_labels(self.own.before))

    def unchanged(self, labels: np.ndarray, colors: bool) -> bool:
        """Whether a photo is being edited, this is its layout, and none of its regions is recoloured.

        Args:
            colors: whether the model can recolour; one without appearance only paints what is new.
        """
        if self.own is None or not self.editing or not self.own.shows(labels):
            return False
        return not (colors and np.isin(labels, list(self.regions.offsets)).any())

    def paint(self, pipeline: Pipeline, request: SynthesisRequest, draft: bool = False) -> Iterator[Painted]:
        """Layout -> photo, or an edit of a photo: a draft at once, then better ones up to `request.steps`.

        What was asked before comes from memory. The last picture is the session's from then on.

        Args:
            draft: stop at the first draft.

        Raises:
            Cancelled: a newer request came.
            InputError: the request does not fit the model.
        """
        on_step = self._watch()
        kept = _kept.setdefault(pipeline, _Kept())
        stages = stages_to(request.steps)
        if kept.get(request) is not None:
            stages = stages[-1:]
        for steps in stages[:1] if draft else stages:
            on_step()  # the pointer may have gone down while the last stage travelled
            stage = replace(request, steps=steps)
            photo = kept.get(stage)
            self.recalled = photo is not None
            if photo is None:
                if isinstance(stage, EditRequest):
                    photo = pipeline.edit(stage, on_step).photo
                else:
                    photo = pipeline.synthesize(stage, on_step).photo
                kept.put(stage, photo)
            on_step()  # decoding takes time, too
            self.photo, self.request = photo, stage
            self.opened, self.drafting = isinstance(request, EditRequest), steps != request.steps
            yield Painted(photo, steps, steps == request.steps, self.recalled)

    def vary(self, pipeline: Pipeline, requests: Sequence[SynthesisRequest]) -> Iterator[tuple[list[np.ndarray], int]]:
        """Variations as one batch -> (photos, steps), drafts first; picking one later needs no solve.

        Edits come one by one, for each starts from a photo.

        Raises:
            Cancelled, InputError: as in `paint`.
        """
        on_step = self._watch()
        kept = _kept.setdefault(pipeline, _Kept())
        self.strip = list(requests)
        edits = [r for r in requests if isinstance(r, EditRequest)]
        if edits:
            photos = []
            for each in edits:
                photos.append(pipeline.edit(each, on_step).photo)
                kept.put(each, photos[-1])
                on_step()
                yield list(photos), each.steps
            return
        for steps in stages_to(requests[0].steps):
            stage = [replace(r, steps=steps) for r in requests]
            photos = [result.photo for result in pipeline.synthesize_many(stage, on_step)]
            for request, photo in zip(stage, photos):
                kept.put(request, photo)
            on_step()
            yield photos, steps

    # ---- photos ------------------------------------------------------------------------------------

    def read(
        self, pipeline: Pipeline, photo: np.ndarray, request: SegmentationRequest, source: Source | None = None
    ) -> Any:
        """A photo to open, cut out of `source` -> Segmentation of `request`, which holds it at the canvas's size.

        Raises:
            Cancelled, InputError: as in `paint`.
        """
        on_step = self._watch()
        result = pipeline.segment(request, on_step)
        on_step()
        self.photo, self.opened, self.drafting, self.request = photo, True, False, None
        self.own = Opened(photo, result.labels, result.margin, photo, result.labels, source)
        self.editing = True
        self.regions = Regions()
        self.styles = pipeline.styles(photo, result, result.labels)
        return result

    def correct(self, layout: np.ndarray) -> np.ndarray:
        """The photo as it is belongs to `layout`, and nothing is painted -> that photo."""
        assert self.own is not None
        if not self.own.shows(layout):
            self.own.correct(layout)
        self.editing, self.regions = True, Regions()
        return self.show_base()

    def read_styles(self, pipeline: Pipeline, request: SegmentationRequest) -> None:
        """Of the own photo by its corrected layout; `request` holds that photo at the canvas's size.

        Raises:
            Cancelled, InputError: as in `paint`.
        """
        assert self.own is not None
        on_step, read = self._watch(), None
        if pipeline.appearance is None:  # with appearance they are in the photo's colours
            read = pipeline.segment(request, on_step)
            on_step()
        self.styles = pipeline.styles(self.own.base, read, self.own.before)

    def reopen(self, own: Opened, styles: dict[int, Offset]) -> None:
        """A saved photo comes back with its edits. What is to be seen of it comes with the next `paint`."""
        self.close()
        self.own, self.editing, self.styles = own, True, styles

    def close(self) -> None:
        """Another layout comes: there is no photo to edit any more, and no region has a look of its own."""
        self.begin()
        self.opened, self.own, self.editing = False, None, False
        self.regions = Regions()

    def show_base(self) -> np.ndarray:
        """The own photo with its accepted edits becomes the picture shown.

        The layout has not changed, so there is nothing to compute.
        """
        assert self.own is not None
        self.begin()
        self.photo, self.opened, self.drafting, self.request = self.own.base, True, False, None
        return self.photo

    def check(self, pipeline: Pipeline, request: SegmentationRequest) -> Any:
        """The picture shown, read again -> Segmentation. Nothing of the session changes.

        Raises:
            Cancelled, InputError: as in `paint`.
        """
        return pipeline.segment(request, self._watch())

    def walk(
        self, pipeline: Pipeline, request: TrajectoryRequest | MorphRequest, progress: Progress | None = None
    ) -> Any:
        """The path between photo and layout, or from one layout to another -> Trajectory or Morph.

        Raises:
            Cancelled, InputError: as in `paint`.
        """
        morphs = isinstance(request, MorphRequest)
        solves = math.ceil(request.frames / MORPH_BATCH) if morphs else 1
        total = solves * request.steps
        on_step = self._watch(None if progress is None else lambda done: progress(done, total))
        result = pipeline.morph(request, on_step) if morphs else pipeline.trajectory(request, on_step)
        on_step(total - 1)
        return result


def stages_to(steps: int) -> list[int]:
    """Numbers of steps that lead to `steps`: each stage at least doubles the last, or it would show nothing new."""
    return [n for n in DRAFT_STEPS if 2 * n <= steps] + [steps]


def new_seed() -> int:
    """A seed for another variation."""
    return random.randrange(SEEDS)
