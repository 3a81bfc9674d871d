"""What the history strip does: states come in, go back to the canvas, become links and animations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.requests.requests import EditRequest, SynthesisRequest

from ..actions import Actions, synthesis_request, tells
from ..links import pack_link, unpack_link
from ..page import AT_ONCE, MODEL, Page
from ..path import PathPanel
from ..photos import underlay_url
from ..session import Session
from .strip import Strip

HEIGHT = 96  # pixels of the small pictures
# Browsers hand over the clipboard only on secure pages and shortly after a press: else the address bar has the link.
COPY_JS = """async (link) => {
  if (!link) return null;
  const url = location.origin + location.pathname + location.search + '#' + link;
  const long = Math.max(1, Math.round(url.length / 1000)) + ',000 characters';
  try {
    await navigator.clipboard.writeText(url);
    return 'The link is in the clipboard (about ' + long + '). Opening it brings this layout and these settings back.';
  } catch {
    history.replaceState(null, '', url);
    return 'The link (about ' + long + ') stands in the address bar: copy it from there.';
  }
}"""


class HistoryPanel:
    """The strip and what it does."""

    def __init__(self, actions: Actions, path: PathPanel) -> None:
        self.actions, self.path = actions, path
        self.strip: Any = Strip(elem_id="history")
        self.link = gr.Textbox(visible=False)

    def wire(self, page: Page, shape: Any, frames: Any) -> Any:
        """Bind the events; `shape` is the style sheet of the model's aspect. Returns the event after a restore."""
        page.shown.change(self.record, page.session, self.strip, **AT_ONCE)
        state = [page.session, page.model, page.painter, page.steps, page.seed, *page.how]
        self.strip.address(self.share, state, self.link, **AT_ONCE).then(
            None, self.link, page.status, js=COPY_JS, api_visibility="private"
        )
        self.strip.animate(
            self.animate, [*state, frames], [page.player, page.status], show_progress_on=page.player, **MODEL
        )
        page.begin(self.strip.restore)
        return self.strip.restore(
            self.restore,
            [page.session, page.model, *page.held],
            [page.model, shape, *page.switched],
            **page.waits,
        )

    def record(self, session: Session) -> Any:
        """The photo changed -> the strip, with the new state if it is a finished one that a layout can bring back."""
        request, photo = session.request, session.photo
        if request is None or photo is None or session.drafting or isinstance(request, EditRequest):
            return gr.skip()
        try:
            link = pack_link(request)
        except InputError:  # too detailed for a link: such a state is not kept
            return gr.skip()
        width = round(HEIGHT * photo.shape[1] / photo.shape[0])
        small = cv2.resize(photo, (width, HEIGHT), interpolation=cv2.INTER_AREA)
        how = replace(request, layout="").to_json()
        title = f"{request.model}, seed {request.seed}, {request.steps} steps"
        return gr.update(entry={"link": link, "picture": underlay_url(small), "title": title, "how": how})

    @tells
    def share(
        self,
        session: Session,
        model: str,
        labels: np.ndarray,
        steps: int,
        seed: int,
        solver: str,
        grid: str,
        beta: float,
    ) -> str:
        """The canvas and the settings as they are now -> a link."""
        return pack_link(synthesis_request(model, labels, steps, seed, solver, grid, beta, session.regions))

    @tells
    def restore(
        self,
        session: Session,
        model: str,
        labels: np.ndarray,
        steps: int,
        seed: int,
        solver: str,
        grid: str,
        beta: float,
        event: gr.EventData,
    ) -> tuple[Any, ...]:
        """A link -> (model, shape, painter, photo, player, status, steps, seed, solver, grid, beta).

        Another model is switched to. The photo comes with the next `paint`.
        """
        request = _linked(event)
        pipeline = self.actions.pipeline(request.model)
        if request.model == model:
            return gr.skip(), gr.skip(), *self.actions.open_request(request, session, pipeline)
        self.actions.open_request(request, Session(), pipeline)  # a link that cannot be shown changes nothing
        shape, painter, photo, player, *_, reach = self.actions.switch(
            session, request.model, labels, steps, seed, solver, grid, beta
        )
        landed, _, _, *rest = self.actions.open_request(request, session, pipeline)
        rest[-1] = {**reach, "value": rest[-1]}
        return request.model, shape, {**painter, **landed}, photo, player, *rest

    @tells
    def animate(
        self,
        session: Session,
        model: str,
        labels: np.ndarray,
        steps: int,
        seed: int,
        solver: str,
        grid: str,
        beta: float,
        frames: int,
        event: gr.EventData,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:
        """From the state of a link to the canvas -> (player, status)."""
        return self.path.between_states(
            _linked(event), session, model, labels, steps, seed, solver, grid, beta, frames, progress
        )


def _linked(event: gr.EventData) -> SynthesisRequest:
    return unpack_link(str(getattr(event, "link", "")))
