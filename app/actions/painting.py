"""Layout -> photo, drafts first, or an edit of the opened photo."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import gradio as gr

from ..controls import Controls, View
from ..reporting import report_to
from ..state.memory import memory_of
from ..state.painted import paint
from ..state.seeds import draw_seed
from ..state.sentences import count_steps, exchanged_sides, of_one_class
from .models import Models

UNCHANGED = "The photo as it is: repaint a part of its layout, and only that part changes."
EMPTY = "The layout is empty. Choose a class and draw something: its photo appears here."
WAITING = "Layout changed. Press “Paint it” for its photo."

NOT_PAINTED = "is not painted"
ALL_STEPS = "“Paint it” takes all of them."


class Painting:
    """Paints what the controls say."""

    def __init__(self, models: Models) -> None:
        self.models = models

    def paint(
        self, controls: Controls, draft: bool = False, set_seed: bool = False, wanted: int | None = None
    ) -> Iterator[View]:
        """The canvas -> photo, seed, player, status. An empty layout has no photo.

        Args:
            draft: stop at the first draft.
            set_seed: put the seed into its field, also where it is kept. Otherwise a kept seed is left alone: a picture
                that comes late would undo what is being typed there.
            wanted: the steps that the visitor chose, where the controls hold fewer for live mode.

        Raises:
            InputError: a value is out of bounds, or does not fit the model; or a set is being labelled.
            Cancelled: a newer request came.
        """
        controls.refuse_set(NOT_PAINTED)
        session, state = controls.session, controls.state
        chosen = wanted or controls.steps  # live mode may take fewer
        state.asked = replace(controls.settings, steps=chosen)
        if self.is_empty(controls):
            yield self._show_nothing(controls)
            return
        if not controls.keep_seed:
            controls = replace(controls, seed=draw_seed())
            state.asked = replace(controls.settings, steps=chosen)
            state.regions.drop_unlocked()
            set_seed = True
        request, settings = controls.request(), {"seed": controls.seed} if set_seed else {}
        if self.is_unchanged(controls):
            yield View(photo=session.show_base(), film=None, draft="", settings=settings, status=UNCHANGED)
            return
        pipeline, started = self.models.pipeline(controls.model), time.perf_counter()
        progress = report_to(gr.Progress(), "Painting", last="Painting")
        for painted in paint(session, pipeline, state.in_mode(request), draft, progress):
            if painted.last:
                took = "" if painted.recalled else f" in {time.perf_counter() - started:.1f} s"
                verb = "Edited" if state.shows_opened else "Painted"
                status = f"{verb}{took} with {count_steps(painted.steps)} of {controls.solver}, seed {controls.seed}."
                status += exchanged_sides(pipeline.palette, controls.labels)
                status += "" if state.shows_opened else of_one_class(pipeline.palette, controls.labels)
                mark = ""
                if wanted is not None and wanted > painted.steps:
                    status += f" This machine is slow: live mode takes {painted.steps} of {wanted} steps. {ALL_STEPS}"
                    mark = f"Live: {painted.steps} of {count_steps(wanted)}"
            else:
                status = f"A draft of {count_steps(painted.steps)}; {controls.steps} are on their way."
                mark = f"Draft: {painted.steps} of {count_steps(controls.steps)}"
            yield View(photo=painted.photo, film=None, draft=mark, settings=settings, status=status)

    def paint_with_seed(self, controls: Controls, draft: bool = False) -> Iterator[View]:
        """`paint` with the seed of the controls, whether it is kept or not."""
        yield from self.paint(replace(controls, keep_seed=True), draft, set_seed=True)

    def paint_if_live(self, controls: Controls) -> Iterator[View]:
        """Something changed: paints if `live`; else the picture waits for its button, unless it is there.

        Strokes on a photo that is being labelled paint nothing. After an undo it is what was open with the layout that
        changed.
        """
        if controls.session.labelling is not None:
            controls.session.labelling.see(controls.on_canvas)
            yield View()
            return
        controls.state.turn_to(controls.landing)
        if controls.live or self.is_unchanged(controls) or self.is_empty(controls) or self._comes_back(controls):
            steps = controls.state.pace.live_steps(controls.steps)
            yield from self.paint(replace(controls, steps=steps), wanted=controls.steps)
        else:
            controls.state.asked = controls.settings
            yield View(status=WAITING)

    def is_empty(self, controls: Controls) -> bool:
        """Whether nothing is drawn, and it is not the layout of the opened photo."""
        background = self.models.pipeline(controls.model).palette.background
        return bool((controls.labels == background).all()) and not self.is_unchanged(controls)

    def _show_nothing(self, controls: Controls) -> View:
        """The empty state: what a person sees who may begin.

        Raises:
            InputError: as in `paint`.
        """
        controls.request()
        controls.session.show_nothing()
        return View(photo=None, film=None, draft="", empty=True, status=EMPTY)

    def _comes_back(self, controls: Controls) -> bool:
        """Whether no photo is shown, and that of the canvas is known: an undo after the layout was emptied."""
        if controls.state.photo is not None:
            return False
        request = controls.state.in_mode(controls.request())
        return memory_of(self.models.pipeline(controls.model)).get(request) is not None

    def is_unchanged(self, controls: Controls) -> bool:
        """Whether the opened photo already is the picture of the canvas."""
        return controls.state.is_unchanged(controls.labels, self.models.recolors(controls.model))
