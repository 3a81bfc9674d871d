"""The lines that paint: the button, the seed, the steps; and the tab "Settings" with the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.components.base import Component
from gradio.events import Dependency

from semflow_core.method.grids import GRIDS, TO_IMAGE_GRID
from semflow_core.method.limits import DEFAULT_FRAMES, DEFAULT_SOLVER, MIN_FRAMES, MIN_STEPS
from semflow_core.method.solvers import SOLVERS

from ..actions.models import beta_range
from ..actions.opening import turn_to_landing
from ..actions.painting import WAITING, Painting
from ..controls import Controls, View
from ..page import Page
from ..state.pipeline import Pipeline
from ..state.seeds import draw_seed

OTHER_SETTINGS = "Settings changed. Press “Paint it” for a new photo."


class PaintPanel:
    """The components and what they do.

    Attributes:
        controls: the components by their names in `Controls`. A control is added by a field there (or in `Settings`)
            and by its component here.
    """

    def __init__(self, painting: Painting) -> None:
        self.painting = painting
        with gr.Row(elem_classes="line"):
            self.go = gr.Button("Paint it", variant="primary", scale=3, min_width=90, elem_id="synthesize")
            self.live = gr.Checkbox(True, label="Live", container=False, min_width=64, elem_id="live")
        with gr.Row(elem_classes="line"):
            self.seed = gr.Number(9, precision=0, label="Seed", scale=2, elem_id="seed")
            self.dice = gr.Button("⚄ New", elem_id="dice", min_width=76)
            self.keep_seed = gr.Checkbox(True, label="Keep seed", container=False, min_width=64, elem_id="keep")
        self.steps = gr.Slider(MIN_STEPS, 50, 4, step=1, label="Steps", buttons=[], elem_id="steps")
        self.controls: dict[str, Component] = {
            "live": self.live,
            "seed": self.seed,
            "keep_seed": self.keep_seed,
            "steps": self.steps,
        }

    def make_advanced(self, pipeline: Pipeline) -> None:
        """The tab "Settings"."""
        with gr.Row(elem_classes="panel"):
            self.solver = gr.Dropdown(list(SOLVERS), value=DEFAULT_SOLVER, label="Solver")
            self.grid = gr.Dropdown(list(GRIDS), value=TO_IMAGE_GRID, label="Time grid")
        with gr.Row(elem_classes="panel"):
            self.beta = gr.Slider(0, step=0.5, label="Perturbation of colours, grey levels", **beta_range(pipeline))
            self.frames = gr.Slider(MIN_FRAMES, 60, DEFAULT_FRAMES, step=1, label="Moments on the path")
        self.controls |= {"solver": self.solver, "grid": self.grid, "beta": self.beta, "frames": self.frames}

    def wire(self, page: Page) -> Dependency:
        """Bind the events -> the one after a layout that something else took the place of came back."""
        page.cancel_running(page.painter.begin)  # at pointer down
        page.newest(page.painter.input, self.painting.paint_if_live, changes=page.painted)
        page.paints(self.go.click, self.painting.paint)
        page.paints(self.dice.click, self.new_seed)
        # Gradio's menus and numbers say so too when the focus leaves them as they were
        left = [(event, self.use_typed_seed) for event in (self.seed.submit, self.seed.blur)]
        left += [(event, self.use_settings) for event in (self.steps.input, self.solver.input, self.grid.input)]
        for event, handler in (*left, (self.beta.release, self.use_settings)):
            how: dict[str, Any] = {"queue": False, "show_progress": "hidden", "trigger_mode": "always_last"}
            page.newest(page.on(event, self.stop_running, **how).then, handler, changes=page.painted)
        changes = [page.painter, page.player]
        return page.on(page.painter.another, self.turn_to_landing, changes=changes, show_progress="hidden")

    def turn_to_landing(self, controls: Controls) -> View:
        """The photo that was open with the layout is under it again."""
        return turn_to_landing(controls, self.painting.models.pipeline(controls.model))

    def new_seed(self, controls: Controls) -> Iterator[View]:
        """The dice: the same layout under a new seed. Locked regions stay."""
        controls.state.regions.drop_unlocked()
        yield from self.painting.paint_with_seed(replace(controls, seed=draw_seed()))

    def use_typed_seed(self, controls: Controls) -> Iterator[View]:
        """A seed was typed: another picture, unless it is the one that is there or on its way."""
        if controls.settings == controls.state.asked:
            yield View()
            return
        if controls.seed != controls.state.seed_shown(controls.seed):
            controls.state.regions.drop_unlocked()
        yield from self.use_settings(replace(controls, keep_seed=True))

    def use_settings(self, controls: Controls) -> Iterator[View]:
        """How pictures are painted was changed: another one if `live`, unless a control was left as it was."""
        if controls.settings == controls.state.asked:
            yield View()
            return
        for view in self.painting.paint_if_live(controls):
            yield view.then(View(status=OTHER_SETTINGS)) if view.status == WAITING else view

    @staticmethod
    def stop_running(controls: Controls) -> None:
        """Other settings: what runs is pointless."""
        if controls.settings != controls.state.asked:
            controls.session.cancel_running()
