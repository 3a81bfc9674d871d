"""One visit: what it shows, of which model or set, and which request is its newest.

The newest request wins. A pointer that goes down raises the visit's number (`cancel_running`); a solve that was
started under an older number stops before its next step by raising `Cancelled`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from semflow_core.method.appearance import Offset
from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.results import Segmentation
from semflow_core.requests import SegmentationRequest

from .label_set import LabelSet
from .model_state import Canvas, ModelState
from .opened import Opened, Source
from .pipeline import Pipeline
from .regions import Regions


class Cancelled(Exception):
    """A newer request made this one pointless."""


class Session:
    """One visitor's state; plain data, because Gradio copies it for each.

    Attributes:
        newest: number of the newest request.
        scene: counts what came to the canvas as a whole: a photo, a layout, a model, a photo of a set. What was begun
            for an earlier one changes the canvas no more (`Answer`).
        model: the model that is chosen.
        models: what the visit has of each model that was chosen so far, by name.
        swatch: (model, region, colour) of the colour picker, set or picked. It is not set to the same again: an answer
            that comes late would otherwise undo what the visitor has picked in the meantime.
        asides: how many steps the canvas got of what was done beside it, such as a region that was re-rolled.
        walked: the photo that was shown when a path was asked for last.
        labelled: the set of photos that is being labelled, None before there is one.
        kept: of each model's photo what the browser has (`kept.photo_mark`).
        has_new_model: whether another model was chosen, and nothing was done about its photo yet.
    """

    def __init__(self, model: str = "") -> None:
        self.newest = self.scene = 0
        self.model = model
        self.models = {model: ModelState()}
        self.swatch: tuple[str, int, str] | None = None
        self.asides = 0
        self.walked: np.ndarray | None = None
        self.labelled: LabelSet | None = None
        self.kept: dict[str, tuple[Any, ...]] = {}
        self.has_new_model = False

    @property
    def labelling(self) -> LabelSet | None:
        """The set that is labelled, if the canvas shows it."""
        return self.labelled if self.labelled is not None and self.labelled.open else None

    def leave_set(self) -> None:
        """The canvas shows something else than the set from now on; the set stays."""
        if self.labelled is not None:
            self.labelled.open = False

    @property
    def current(self) -> ModelState:
        """What the visit has of the model that is chosen, or of the set's photo while the canvas shows that."""
        return self.labelling.state if self.labelling is not None else self.models[self.model]

    def enter_set(self, labelled: LabelSet, photo: np.ndarray, canvas: Canvas) -> None:
        """The canvas shows a photo of the set from now on. What the model had stays, with its canvas, until it returns.

        Args:
            canvas: what the components hold; the model's, if they do not show the set already.
        """
        self.cancel_running()
        self.scene += 1
        if self.labelling is None:
            self.current.canvas = canvas
        labelled.open, labelled.shown = True, labelled.shown + 1
        labelled.state = ModelState(photo=photo, pace=self.models[self.model].pace)

    def switch(self, model: str, canvas: Canvas) -> Canvas | None:
        """Choose another model, which starts anew, or where it was left. Work under way becomes pointless.

        Args:
            canvas: what the components hold for the model that is left. While they show the set it is none of the
                model's, which keeps the one that it had.

        Returns:
            what they held when `model` was left, None if it is new.
        """
        self.cancel_running()
        self.scene += 1
        if self.labelling is None:
            self.current.canvas = canvas
        self.leave_set()
        self.model = model
        return self.models.setdefault(model, ModelState()).canvas

    def cancel_running(self) -> None:
        """Make every request that is under way pointless."""
        self.newest += 1

    def start(self, progress: Progress | None = None) -> Progress:
        """Begin the newest request -> what a solve calls at each step; it raises Cancelled if there is a newer one."""
        self.cancel_running()
        number = self.newest

        def report(done: int, total: int) -> None:
            if self.newest != number:
                raise Cancelled
            if progress is not None:
                progress(done, total)

        return report

    def start_beside(self, progress: Progress | None = None) -> Progress:
        """Begin work beside what is asked for -> as `start`: a newer request stops it, and it stops none."""
        number = self.newest

        def report(done: int, total: int) -> None:
            if self.newest != number:
                raise Cancelled
            if progress is not None:
                progress(done, total)

        return report

    # ---- photos ------------------------------------------------------------------------------------

    def open_photo(
        self,
        pipeline: Pipeline,
        photo: np.ndarray,
        request: SegmentationRequest,
        source: Source | None = None,
        progress: Progress | None = None,
    ) -> Segmentation:
        """Open a photo, cut out of `source`; `request` holds it at the canvas's size.

        Raises:
            Cancelled, InputError: as in `painted.paint`.
        """
        check = self.start(progress)
        result = pipeline.segment(request, check)
        check(request.steps, request.steps)
        self.scene += 1
        self.leave_set()
        state = self.current
        state.land()
        state.show(photo, None)
        state.opened = Opened(photo, result.labels, result.margin, photo, result.labels, source)
        state.editing = True
        state.photo_offsets = pipeline.region_offsets(photo, result, result.labels)
        return result

    def correct(self, layout: np.ndarray) -> np.ndarray:
        """The photo as it is belongs to `layout`, and nothing is painted -> that photo."""
        state = self.current
        assert state.opened is not None
        if not state.opened.shows(layout):
            state.opened.correct(layout)
        state.editing, state.regions = True, Regions()
        return self.show_base()

    def read_offsets(self, pipeline: Pipeline, request: SegmentationRequest) -> None:
        """Take the opened photo's offsets by its corrected layout; `request` holds that photo at the canvas's size.

        Raises:
            Cancelled, InputError: as in `painted.paint`.
        """
        state = self.current
        assert state.opened is not None
        progress, segmentation = self.start(), None
        if pipeline.appearance is None:  # with an appearance they are computed from the photo's colours
            segmentation = pipeline.segment(request, progress)
            progress(request.steps, request.steps)
        state.photo_offsets = pipeline.region_offsets(state.opened.base, segmentation, state.opened.before)

    def reopen(self, opened: Opened, photo_offsets: dict[int, Offset]) -> None:
        """A saved photo comes back with its edits, after its layout. Its picture comes with the next `paint`."""
        state = self.current
        state.opened, state.editing, state.photo_offsets = opened, True, photo_offsets

    def close(self) -> None:
        """Another layout comes: there is no photo to edit any more, and every region is as its seed draws it."""
        self.cancel_running()
        self.scene += 1
        self.leave_set()
        self.current.land()

    def show_base(self) -> np.ndarray:
        """The opened photo with its accepted edits becomes the picture shown; its layout has not changed."""
        state = self.current
        assert state.opened is not None
        self.cancel_running()
        state.show(state.opened.base, None)
        return state.opened.base

    def show_nothing(self) -> None:
        """The layout is empty: no picture is shown."""
        self.cancel_running()
        self.current.show_nothing()

    def segment(self, pipeline: Pipeline, request: SegmentationRequest) -> Segmentation:
        """The picture shown, segmented again. Nothing of the session changes.

        Raises:
            Cancelled, InputError: as in `painted.paint`.
        """
        return pipeline.segment(request, self.start())
