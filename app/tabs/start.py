"""The tab "Start": example layouts, a photo to try, an empty canvas, a file of the visitor's own."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.events import Dependency

from semflow_core.errors import InputError

from ..actions.models import Models
from ..actions.opening import land_layout, open_photo
from ..controls import Controls, View
from ..page import PRIVATE, Event, Page
from ..state.examples import blank_layout, example_photos, layout_card, load_examples, photo_card
from ..state.pipeline import Pipeline, canvas_size
from ..widgets import Gallery
from ..widgets.gallery.gallery import gallery_props

BROWSE_JS = "() => { document.querySelector('#open input[type=file]').click(); }"


class StartTab:
    """The gallery and what its cards do."""

    def __init__(self, models: Models, pipeline: Pipeline) -> None:
        self.models = models
        self.gallery = Gallery(elem_id="gallery", **cards_of(pipeline))

    def wire(self, page: Page) -> list[Dependency]:
        """Bind the events -> those after something was opened."""
        self.gallery.browse(None, js=BROWSE_JS, **PRIVATE)
        gallery = self.gallery
        for event in (gallery.layout, gallery.blank, gallery.photo):
            page.cancel_running(event)
        return [
            page.at_once(gallery.layout, self.start_layout, changes=page.landed),
            page.at_once(gallery.blank, self.start_blank, changes=page.landed),
            page.with_model(gallery.photo, self.start_photo, changes=[*page.landed, page.tabs]),
        ]

    def refresh_after(self, event: Event, page: Page) -> Dependency:
        """Show the cards of the model that an event has brought."""
        return page.at_once(event, self.show, changes=[self.gallery])

    def show(self, controls: Controls) -> View:
        """The model's cards."""
        return View(parts={self.gallery: gr.update(**cards_of(self.models.pipeline(controls.model)))})

    def start_layout(self, controls: Controls, event: gr.EventData) -> View:
        """An example layout lands. Its picture comes with the next `paint`.

        Raises:
            InputError: there is no such example.
        """
        pipeline = self.models.pipeline(controls.model)
        title, labels = _card(load_examples(pipeline.palette, *canvas_size(pipeline)), event)
        controls.keep_set()
        return land_layout(labels, controls.session, pipeline).then(View(status=f"{title}: paint on it."))

    def start_blank(self, controls: Controls) -> View:
        """An empty canvas lands."""
        pipeline = self.models.pipeline(controls.model)
        labels = blank_layout(pipeline.palette, *canvas_size(pipeline))
        controls.keep_set()
        return land_layout(labels, controls.session, pipeline)

    def start_photo(self, controls: Controls, event: gr.EventData) -> View:
        """A photo that ships with the project is opened.

        Raises:
            InputError, Cancelled: as in `open_photo`; or there is no such photo.
        """
        pipeline = self.models.pipeline(controls.model)
        file = _card(example_photos(pipeline.palette), event).file
        controls.keep_set()
        return open_photo(file, controls.session, pipeline, example=file.name).then(View(tab="edit"))


def cards_of(pipeline: Pipeline) -> dict[str, Any]:
    """What the gallery shows for a model."""
    palette = pipeline.palette
    layouts = [(title, layout_card(palette, x)) for title, x in load_examples(palette, *canvas_size(pipeline))]
    return gallery_props(layouts, [(photo.title, photo_card(photo.file)) for photo in example_photos(palette)])


def _card(cards: list[Any], event: gr.EventData) -> Any:
    index = getattr(event, "index", None)
    if not isinstance(index, int) or not 0 <= index < len(cards):
        raise InputError("this card is another model's; reload the page")
    return cards[index]
