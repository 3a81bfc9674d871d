"""The tab "Edit": an opened photo in which only what is repainted changes; edits are accepted, and go on from there."""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
import gradio as gr
import numpy as np
from gradio.blocks import Block
from gradio.events import Dependency

from semflow_core.errors import InputError

from ..actions.models import Models
from ..actions.painting import Painting
from ..controls import Controls, View
from ..guard.large import room
from ..page import Event, Page
from ..state.downloads import download, layout_download
from ..state.model_state import ModelState
from ..state.opened import Opened
from ..state.photos import doubt_url, fit_photo, underlay_url
from ..state.pipeline import canvas_size
from ..state.regions import Regions

EDIT, NEW = "edit", "new"
HINT = (
    "Open a photo: its layout lands in the canvas. What you then repaint there changes in the photo, "
    "and the rest of it stays as it is."
)
MISREAD = (
    "Was a part of the photo read wrong? Repaint it as what it is and press “Only the layout was wrong”: "
    "the photo stays as it is, and your edits go by the right layout."
)
ONLY_A_PART = (
    "This project keeps the part of the photo that is edited, and not the photo around it. "
    "To save the whole photo, open the photo itself and edit it there."
)


class EditTab:
    """The tab's components and what they do. `mode` stands nearer to the photo."""

    def __init__(self, models: Models, painting: Painting, mode: gr.Radio) -> None:
        self.models, self.painting, self.mode = models, painting, mode
        self.hint = gr.Markdown(HINT, elem_classes="hint")
        with gr.Column(visible=False) as self.body:
            with gr.Row(elem_classes="line"):
                self.accept = gr.Button("Accept, go on from here", size="sm", elem_id="accept")
                self.misread = gr.Button("Only the layout was wrong", size="sm", elem_id="misread")
                self.reset = gr.Button("Back to the opened photo", size="sm", elem_id="reset")
                self.doubt = gr.Checkbox(
                    False, label="Show where the layout is uncertain", container=False, elem_id="unsure"
                )
            self.whole = gr.Row(visible=False, elem_classes="line")
            with self.whole:
                self.saves = {
                    what: gr.Button(text, size="sm", min_width=110, elem_id=f"whole-{what}")
                    for what, text in (("photo", "Save whole photo"), ("ids", "Save its class ids"))
                }
            self.part = gr.Markdown(ONLY_A_PART, visible=False, elem_classes="hint", elem_id="only-a-part")
            gr.Markdown(MISREAD, elem_classes="hint")

    @staticmethod
    def make_mode() -> gr.Radio:
        """What a stroke does while a photo is open."""
        return gr.Radio(
            [("Edit this photo", EDIT), ("Paint a new one", NEW)],
            value=EDIT,
            label="What strokes do",
            show_label=False,
            container=False,
            visible=False,
            elem_id="mode",
        )

    @property
    def parts(self) -> list[Block]:
        """What `show` changes."""
        return [self.mode, self.hint, self.body, self.accept, self.whole, self.part]

    def wire(self, page: Page) -> list[Dependency]:
        """Bind the events -> those after which regions may have changed though the picture has not."""
        # the choice is taken at once: `show`, still on its way from something else, would set the radio back
        chosen = page.at_once(self.mode.input, self.choose_mode, self.mode)
        page.newest(chosen.then, self.painting.paint, changes=page.painted)
        # behind the refinement that may be under way: what is accepted is what it leads to
        accepted = page.with_model(self.accept.click, self.accept_edit, changes=[page.painter, page.status])
        dropped = page.with_model(
            page.cancel_running(self.reset.click).then,
            self.reset_to_opened,
            changes=[page.painter, page.photo, page.player, page.status, self.mode],
        )
        corrected = page.with_model(
            page.cancel_running(self.misread.click).then,
            self.correct_layout,
            changes=[page.photo, page.player, page.status, self.mode],
        )
        shown = [self.refresh_after(done.then, page) for done in (accepted, dropped, corrected)]
        shown[2] = page.with_model(shown[2].then, self.read_offsets)
        for what, button in self.saves.items():
            page.downloads(button.click, partial(self.save_whole, what))
        page.at_once(self.doubt.input, self.show_doubt, self.doubt, changes=[page.painter])
        return shown

    def refresh_after(self, event: Event, page: Page) -> Dependency:
        """Show how far the edits have come after an event that may have changed it."""
        return page.at_once(event, self.show, changes=self.parts)

    def refresh_doubt_after(self, event: Event, page: Page) -> Dependency:
        """Show the doubt over the canvas, or not, after an event that may have brought another photo."""
        return page.at_once(event, self.show_doubt, self.doubt, changes=[page.painter])

    def edit_after(self, event: Event, page: Page) -> Dependency:
        """Strokes edit the photo after an event that may have opened one."""
        return page.at_once(event, self.set_mode, changes=[self.mode])

    def set_mode(self, controls: Controls) -> View:
        """Strokes edit the photo that is open."""
        return View(parts={self.mode: EDIT}) if controls.state.opened else View()

    def show(self, controls: Controls) -> View:
        """The tab as it is for the picture shown."""
        state, opened = controls.state, controls.state.opened
        if opened is None:
            hidden = {self.mode: gr.update(visible=False), self.body: gr.update(visible=False)}
            return View(parts={**hidden, self.hint: gr.update(visible=True)})
        parts: dict[Block, Any] = {
            self.mode: gr.update(visible=True, value=EDIT if state.editing else NEW),
            self.hint: gr.update(visible=False),
            self.body: gr.update(visible=True),
            self.accept: gr.update(interactive=state.editing and state.request is not None),
            self.whole: gr.update(visible=opened.source is not None),
            self.part: gr.update(visible=opened.source is None),
        }
        return View(parts=parts)

    def show_doubt(self, controls: Controls, visible: bool) -> View:
        """Where the layout of the opened photo is uncertain, over the canvas."""
        opened = controls.state.opened
        return View(painter={"heat": doubt_url(opened.margin) if visible and opened is not None else ""})

    # ---- what strokes do -----------------------------------------------------------------------------

    @staticmethod
    def choose_mode(controls: Controls, mode: str) -> None:
        """Strokes edit the photo, or paint a new one from its layout. Work under way was for the other."""
        controls.state.editing = mode == EDIT
        controls.session.cancel_running()

    def accept_edit(self, controls: Controls) -> View:
        """The edited photo becomes what the next edit starts from."""
        state, opened = controls.state, opened_photo(controls.state)
        if state.photo is None or state.request is None or not state.shows_opened:
            raise InputError("there is no edit to accept yet; repaint a part of the layout first")
        state.go_on()
        opened.accept(state.photo, state.request.layout)
        state.request, state.regions = None, Regions()  # what was recoloured is so now
        state.undone, state.redone = [], []
        status = "Accepted. The next strokes start from this photo."
        painter = {"photo": self._underlay(opened.base, controls), "landing": state.landing}
        return View(painter=painter, status=status)

    def reset_to_opened(self, controls: Controls) -> View:
        """All edits are dropped. An undo brings the layout back."""
        state, opened = controls.state, opened_photo(controls.state)
        opened.reset()
        state.editing, state.regions = True, Regions()
        state.undone, state.redone = [], []
        return View(
            painter={"value": opened.layout, "photo": self._underlay(opened.base, controls)},
            photo=controls.session.show_base(),
            film=None,
            draft="",
            status="Back to the photo as it was opened.",
            parts={self.mode: EDIT},
        )

    def correct_layout(self, controls: Controls) -> View:
        """The canvas is what the photo shows, with its accepted edits."""
        opened_photo(controls.state)
        return View(
            photo=controls.session.correct(controls.labels),
            film=None,
            draft="",
            status="The layout is corrected, the photo as it was. What you repaint from now on changes in it.",
            parts={self.mode: EDIT},
        )

    def read_offsets(self, controls: Controls) -> None:
        """Take the photo's offsets by its corrected layout, for the button "From the photo"."""
        pipeline = self.models.pipeline(controls.model)
        small, _ = fit_photo(opened_photo(controls.state).base, *canvas_size(pipeline))
        controls.session.read_offsets(pipeline, pipeline.read_request(small))

    def save_whole(self, what: str, controls: Controls) -> View:
        """A download in the frame of the photo as it was taken; `what` is photo or ids."""
        state, opened = controls.state, opened_photo(controls.state)
        source, palette = opened.whole(), self.models.pipeline(controls.model).palette
        with room(source.photo.pixels.shape[0] * source.photo.pixels.shape[1]):
            if what == "photo":
                edited = state.photo if state.shows_opened and state.photo is not None else opened.base
                whole = source.way.put_back(source.photo.pixels, opened.photo, edited)
                return View(download=download("photo.png", source.photo.png(whole), "image/png"))
            width, height = source.way.crop.shape[1::-1]
            fitted = cv2.resize(np.asarray(controls.labels), (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
            return View(download=layout_download(source.way.back(fitted, outside=palette.background), palette))

    def _underlay(self, photo: np.ndarray, controls: Controls) -> str:
        """The URL of the photo under the canvas."""
        return underlay_url(fit_photo(photo, *canvas_size(self.models.pipeline(controls.model)))[0])


def opened_photo(state: ModelState) -> Opened:
    """The photo that is open.

    Raises:
        InputError: none is.
    """
    if state.opened is None:
        raise InputError("no photo is open; open one first")
    return state.opened
