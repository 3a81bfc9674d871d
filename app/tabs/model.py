"""The menu of models."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
from gradio.events import Dependency

from ..actions.models import Models
from ..actions.painting import Painting
from ..actions.switching import switch_model
from ..controls import Controls, View
from ..page import Page

WAITING = "Press “Paint it” for the photo of this layout."


class ModelMenu:
    """The menu and what it does."""

    def __init__(self, models: Models, painting: Painting, first: str) -> None:
        self.models, self.painting = models, painting
        names = models.names()
        self.menu = gr.Dropdown(
            names,
            value=first,
            label="Model",
            show_label=False,
            container=False,
            visible=len(names) > 1,
            elem_id="model",
            min_width=140,
        )

    def wire(self, page: Page) -> Dependency:
        """Bind the events -> the one after another model has come.

        Gradio's menus say `input` whenever the focus leaves them, so that Tab and a click beside an open menu do, too.
        """
        stopped = page.on(self.menu.input, self.stop_running, queue=False, show_progress="hidden")
        return page.with_model(stopped.then, self.switch, changes=page.landed)

    @staticmethod
    def stop_running(controls: Controls) -> None:
        """Another model is chosen: what runs is pointless."""
        if controls.model != controls.session.model:
            controls.session.cancel_running()

    def switch(self, controls: Controls) -> View:
        """The chosen model comes as it was left, or with an example; nothing changes if it is there already."""
        if controls.model == controls.session.model:
            return View()
        view = switch_model(self.models, controls, controls.model)
        controls.session.has_new_model = True
        return view

    def after_model_switch(self, controls: Controls) -> Iterator[View]:
        """Its layout is there: painted with the seed shown if `live`; else it waits for its button."""
        if not controls.session.has_new_model:
            yield View()
            return
        controls.session.has_new_model = False
        if controls.live:
            yield from self.painting.paint_with_seed(controls)
        elif controls.state.photo is None:
            yield View(status=WAITING)
