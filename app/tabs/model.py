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
        """Bind the events -> the one after another model has come."""
        return page.with_model(
            page.cancel_running(self.menu.input).then,
            self.switch,
            changes=page.landed,
        )

    def switch(self, controls: Controls) -> View:
        """The chosen model comes as it was left, or with an example."""
        return switch_model(self.models, controls, controls.model)

    def after_model_switch(self, controls: Controls) -> Iterator[View]:
        """Its layout is there: painted with the seed shown if `live`; else it waits for its button."""
        if controls.live:
            yield from self.painting.paint_with_seed(controls)
        elif controls.state.photo is None:
            yield View(status=WAITING)
