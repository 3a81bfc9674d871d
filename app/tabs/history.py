"""The history strip: states come in, go back to the canvas, become links and animations."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import cv2
import gradio as gr
import numpy as np
from gradio.events import Dependency

from semflow_core.errors import InputError
from semflow_core.requests import EditRequest, SynthesisRequest

from ..actions.models import Models
from ..actions.opening import open_request
from ..actions.switching import switch_model
from ..actions.walking import Walking
from ..controls import Controls, View
from ..page import MODEL, PRIVATE, Event, Page
from ..reporting import report_to
from ..state.links import pack_link, unpack_link
from ..state.photos import underlay_url
from ..state.sentences import count_steps
from ..state.session import Session
from ..widgets import Strip

HEIGHT = 96  # pixels of the small pictures
COPY_JS = (Path(__file__).parents[1] / "web" / "link.js").read_text(encoding="utf-8")


class HistoryStrip:
    """The strip and what it does."""

    def __init__(self, models: Models, walking: Walking) -> None:
        self.models, self.walking = models, walking
        self.strip = Strip(elem_id="history")
        self.link = gr.Textbox(visible=False)

    def wire(self, page: Page) -> Dependency:
        """Bind the events -> the one after a state came back."""
        self.copy_link_after(self.strip.address, page)
        slow = {**MODEL, "show_progress": "minimal", "show_progress_on": page.photo}
        page.on(self.strip.animate, self.animate, changes=[page.player, page.status], **slow)
        page.cancel_running(self.strip.restore)
        return page.with_model(self.strip.restore, self.restore, changes=[page.model, *page.landed])

    def copy_link_after(self, event: Event, page: Page) -> None:
        """Copy a link to the present state after an event that asks for one."""
        shared = page.at_once(event, self.share, changes=[self.link])
        shared.then(None, self.link, page.status, js=COPY_JS, **PRIVATE)

    def record(self, controls: Controls) -> View:
        """The picture becomes a state, if it is a finished one that a layout can bring back."""
        request, photo = controls.state.request, controls.state.photo
        if request is None or photo is None or controls.state.drafting or isinstance(request, EditRequest):
            return View()
        try:
            # live mode may have taken fewer steps than were chosen
            link = pack_link(replace(request, steps=max(request.steps, controls.steps)))
        except InputError:  # too detailed for a link: such a state is not kept
            return View()
        width = round(HEIGHT * photo.shape[1] / photo.shape[0])
        small = cv2.resize(photo, (width, HEIGHT), interpolation=cv2.INTER_AREA)
        title = f"{request.model}, seed {request.seed}, {count_steps(request.steps)}"
        entry = {"link": link, "picture": underlay_url(small), "title": title, "how": how_painted(request)}
        return View(parts={self.strip: gr.update(entry=entry)})

    def share(self, controls: Controls) -> View:
        """The canvas and the settings as they are now become a link; after it, " photo" where a photo is left out."""
        link, state = pack_link(controls.request()), controls.state
        return View(parts={self.link: f"{link} photo" if state.opened is not None and state.editing else link})

    def restore(self, controls: Controls, event: gr.EventData) -> View:
        """A link's state comes back, its model with it. The photo comes with the next `paint`."""
        request = unpack_link(str(getattr(event, "link", "")))
        pipeline = self.models.pipeline(request.model)
        controls.keep_set()
        if request.model == controls.model:
            return open_request(request, controls.session, pipeline)
        open_request(request, Session(request.model), pipeline)  # a link that cannot be shown changes nothing
        switched = switch_model(self.models, controls, request.model)
        landed = open_request(request, controls.session, pipeline)
        return switched.then(landed).then(View(model=request.model))

    def animate(
        self,
        controls: Controls,
        event: gr.EventData,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio finds it so)
    ) -> View:
        """From the state of a link to the canvas."""
        earlier = unpack_link(str(getattr(event, "link", "")))
        return self.walking.walk_from_state(earlier, controls, report_to(progress, "Computing the way"))


def how_painted(request: SynthesisRequest) -> str:
    """Everything but the layout as a text: strokes in a row share it."""
    values = {f.name: getattr(request, f.name) for f in fields(request)}
    return json.dumps({name: v for name, v in values.items() if not isinstance(v, np.ndarray)}, sort_keys=True)
