"""The tab "Edit": an opened photo in which only what is repainted changes; edits are accepted, and go on from there."""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.requests.packing import unpack_labels

from .actions import Actions, canvas_size, download_of, layout_download, reading, tells
from .page import AT_ONCE, SAVE_JS, Page
from .photos import fit_photo, heat_url, png_bytes, underlay_url
from .regions import Regions
from .session import Opened, Session

EDIT, NEW = "edit", "new"
HINT = (
    "Open a photo: its layout lands in the canvas. What you then repaint there changes in the photo, "
    "and the rest of it stays as it is."
)
MISREAD = (
    "Was a part of the photo read wrong? Repaint it as what it is and press “Only the layout was wrong”: "
    "the photo stays as it is, and your edits go by the right layout."
)


class EditTab:
    """The tab's components and what they do. `mode` stands nearer to the photo."""

    def __init__(self, actions: Actions, mode: gr.Radio) -> None:
        self.actions, self.mode = actions, mode
        self.hint = gr.Markdown(HINT, elem_classes="hint")
        with gr.Row(visible=False, elem_classes="panel") as self.body:
            with gr.Column(min_width=200, scale=1):
                self.accept = gr.Button("Accept, go on from here", size="sm", elem_id="accept")
                self.misread = gr.Button("Only the layout was wrong", size="sm", elem_id="misread")
                self.reset = gr.Button("Back to the opened photo", size="sm", elem_id="reset")
                with gr.Row(visible=False, elem_classes="line") as self.whole:
                    self.saves = {
                        what: gr.Button(text, size="sm", min_width=110, elem_id=f"whole-{what}")
                        for what, text in (("photo", "Save whole photo"), ("ids", "Save its class ids"))
                    }
                self.saved = gr.JSON(visible=False)
                self.unsure = gr.Checkbox(
                    False, label="Show where the layout is unsure", container=False, elem_id="unsure"
                )
                gr.Markdown(MISREAD, elem_classes="hint")
            with gr.Column(min_width=240, scale=2):
                self.compare = gr.ImageSlider(
                    label="Before and after",
                    show_label=False,
                    buttons=[],
                    interactive=False,
                    elem_id="compare",
                    format="jpeg",
                    max_height=320,
                )

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

    def wire(self, page: Page) -> list[Any]:
        """Bind the events -> those after which regions look another way though the picture may be the same."""
        shown = [self.mode, self.hint, self.body, self.accept, self.compare, self.whole]
        page.shown.change(self.show, page.session, shown, **AT_ONCE)
        # an example is another layout, no edit of the photo; as `begin` it comes before the layout itself
        page.painter.example(Session.close, page.session, **AT_ONCE)
        # the choice is taken at once: `show`, still on its way from something else, would set the radio back
        self.mode.input(self.choose_mode, [page.session, self.mode], None, **AT_ONCE).then(
            self.actions.paint, page.inputs, page.results, **page.newest
        )
        # behind the refinement that may be under way: what is accepted is what it leads to
        accepted = self.accept.click(
            self.take, [page.session, page.model], [page.painter, page.status], **page.waits
        ).then(self.show, page.session, shown, **AT_ONCE)
        back = (
            page.begin(self.reset.click)
            .then(
                self.go_back,
                [page.session, page.model],
                [page.painter, page.photo, page.player, page.status, self.mode],
                **page.waits,
            )
            .then(self.show, page.session, shown, **AT_ONCE)
        )
        corrected = (
            page.begin(self.misread.click)
            .then(
                self.correct,
                [page.session, page.painter],
                [page.photo, page.player, page.status, self.mode],
                **page.waits,
            )
            .then(self.show, page.session, shown, **AT_ONCE)
            .then(self.read_styles, [page.session, page.model], None, **page.waits)
        )
        for what, button in self.saves.items():
            button.click(
                partial(self.save_whole, what),
                [page.session, page.painter],
                self.saved,
                api_visibility="private",
                show_progress="hidden",
            ).then(None, self.saved, js=SAVE_JS, api_visibility="private")
        self.unsure.input(self.heat, [page.session, self.unsure], page.painter, **AT_ONCE)
        return [accepted, back, corrected]

    def opened(self, opening: Any, page: Page) -> Any:
        """What follows on `opening`, an event that may have opened a photo: this tab comes to the front."""
        return opening.then(self.come, page.session, [page.tabs, self.mode], **AT_ONCE).then(
            self.heat, [page.session, self.unsure], page.painter, **AT_ONCE
        )

    def come(self, session: Session) -> tuple[Any, Any]:
        """A photo may have been opened -> (tabs, mode)."""
        return (gr.update(selected="edit"), EDIT) if session.own else (gr.skip(), gr.skip())

    def show(self, session: Session) -> tuple[Any, ...]:
        """-> (mode, hint, body, accept, compare, whole) as they are for the picture shown."""
        own = session.own
        if own is None:
            return gr.update(visible=False), gr.update(visible=True), gr.update(visible=False), *(gr.skip(),) * 3
        edited = session.editing and session.request is not None
        compare = (own.photo, session.photo) if session.opened and not session.drafting else gr.skip()
        return (
            gr.update(visible=True, value=EDIT if session.editing else NEW),
            gr.update(visible=False),
            gr.update(visible=True),
            gr.update(interactive=edited),
            compare,
            gr.update(visible=own.source is not None),
        )

    @staticmethod
    def choose_mode(session: Session, mode: str) -> None:
        """Strokes edit the photo, or paint a new one from its layout. Work under way was for the other."""
        session.editing = mode == EDIT
        session.begin()

    @tells
    def take(self, session: Session, model: str) -> tuple[Any, ...]:
        """The edited photo becomes what the next edit starts from -> (painter, status)."""
        own = self.own(session)
        if session.photo is None or session.request is None or not session.opened:
            raise InputError("there is no edit to accept yet; repaint a part of the layout first")
        own.accept(session.photo, unpack_labels(session.request.layout))
        session.request, session.regions = None, Regions()  # what was recoloured is so now
        return gr.update(photo=self.underlay(own.base, model)), "Accepted. The next strokes start from this photo."

    @tells
    def go_back(self, session: Session, model: str) -> tuple[Any, ...]:
        """All edits are dropped -> (painter, photo, player, status, mode). An undo brings the layout back."""
        own = self.own(session)
        own.reset()
        session.editing, session.regions = True, Regions()
        painter = gr.update(value=own.layout, photo=self.underlay(own.base, model))
        return painter, session.show_base(), gr.update(value=None), "Back to the photo as it was opened.", EDIT

    @tells
    def correct(self, session: Session, labels: np.ndarray) -> tuple[Any, ...]:
        """The canvas is what the photo shows, with its accepted edits -> (photo, player, status, mode)."""
        self.own(session)
        status = "The layout is corrected, the photo as it was. What you repaint from now on changes in it."
        return session.correct(labels), gr.update(value=None), status, EDIT

    @tells
    def read_styles(self, session: Session, model: str) -> None:
        """Of the photo by its corrected layout, for the button "From the photo"."""
        pipeline = self.actions.pipeline(model)
        small, _ = fit_photo(self.own(session).base, *canvas_size(pipeline))
        session.read_styles(pipeline, reading(pipeline, small))

    @tells
    def save_whole(self, what: str, session: Session, labels: np.ndarray) -> dict[str, str]:
        """A download in the frame of the photo as it was taken: {name, url}. `what` is photo or ids."""
        own = self.own(session)
        if own.source is None:
            raise InputError("the whole photo is not known any more; open it again")
        palette, way = self.actions.pipeline(session.model).palette, own.source.way
        if what == "photo":
            edited = session.photo if session.opened and session.photo is not None else own.base
            return download_of("photo.png", png_bytes(way.put_back(own.source.photo, own.photo, edited)), "image/png")
        width, height = way.crop.shape[1::-1]
        fitted = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        return layout_download(way.back(fitted, outside=palette.background), palette)

    def underlay(self, photo: np.ndarray, model: str) -> str:
        """The URL of the photo that lies under the canvas."""
        return underlay_url(fit_photo(photo, *canvas_size(self.actions.pipeline(model)))[0])

    def heat(self, session: Session, wanted: bool) -> Any:
        """Where the reading of the opened photo is unsure, over the canvas -> painter."""
        own = session.own
        return gr.update(heat=heat_url(own.margin) if wanted and own is not None else "")

    @staticmethod
    def own(session: Session) -> Opened:
        """The opened photo.

        Raises:
            InputError: none is open.
        """
        if session.own is None:
            raise InputError("no photo is open; open one first")
        return session.own
