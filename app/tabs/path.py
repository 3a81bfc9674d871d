"""The path: on the photo's slider as soon as the photo stands still, and the tab "Path" for all of its moments, the way
to another seed, and saving what plays."""

from __future__ import annotations

import tempfile
from pathlib import Path

import gradio as gr

from semflow_core.errors import InputError
from semflow_core.pictures.animations import write_frames

from ..actions.walking import Walking
from ..controls import Controls, View
from ..page import MODEL, PRIVATE, Page
from ..reporting import report_to
from ..state.clip import QUALITY
from ..state.downloads import download
from ..state.seeds import draw_seed
from ..widgets import Player

HINT = (
    "Drag the slider under the photo: it becomes its layout, and back. Here you can compute all its moments "
    "(their number is among the settings), or the way to the photo of another seed. At the layout's end, t = 1, a "
    "class has its colour of the codebook, with which the model computes, and not the one that the canvas shows."
)
FORMATS = {
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "zip": "application/zip",
}
WALKED_JS = "() => { document.dispatchEvent(new Event('semflow:walked')); }"
MAX_FPS = 50.0  # GIF has no more


class PathPanel:
    """The components and what they do. `player` stands over the photo."""

    def __init__(self, walking: Walking, player: Player) -> None:
        self.walking, self.player = walking, player
        gr.Markdown(HINT, elem_classes="hint")
        with gr.Row(elem_classes="panel line", elem_id="morph"):
            self.show = gr.Button("All its moments", size="sm", min_width=130, scale=0, elem_id="show-path")
            self.other = gr.Number(
                3, precision=0, label="To another seed", scale=0, elem_id="other-seed", min_width=180
            )
            self.dice = gr.Button("⚄ New", elem_id="other-dice", min_width=76, scale=0)
            self.morph = gr.Button("Show the way", size="sm", min_width=110, scale=0, elem_id="show-morph")

    def wire(self, page: Page) -> None:
        """Bind the events."""
        changes, slow = (
            [self.player, page.status],
            {**MODEL, "show_progress": "minimal", "show_progress_on": page.photo},
        )
        want = self.player.want
        walked = page.on(want, self.walking.walk_ahead, changes=[self.player], **MODEL, show_progress="hidden")
        walked.then(None, js=WALKED_JS, **PRIVATE)
        page.on(self.show.click, self.walk, changes=changes, **slow)
        page.on(self.morph.click, self.walk_to_seed, self.other, changes=changes, **slow)
        drawn = self.dice.click(draw_seed, None, self.other, queue=False, **PRIVATE)
        page.on(drawn.then, self.walk_to_seed, self.other, changes=changes, **slow)
        page.on(self.player.predict, self.predict, changes=changes, **slow)
        page.downloads(self.player.save, self.save, **slow)

    def walk(self, controls: Controls, progress: gr.Progress = gr.Progress()) -> View:  # noqa: B008 (Gradio finds it so)
        """The path of the opened photo, or else of the canvas."""
        return self.walking.walk(controls, report_to(progress, "Computing the path"))

    def walk_to_seed(
        self,
        controls: Controls,
        other: float | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> View:
        """From the seed to another."""
        return self.walking.walk_to_seed(controls, int(other or 0), report_to(progress, "Computing the way"))

    def predict(
        self,
        controls: Controls,
        event: gr.EventData,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> View:
        """The path that plays, with the ends that each of its moments heads for."""
        return self.walking.predict(controls, text_of(event, "request"), report_to(progress, "Computing the view"))

    def save(self, controls: Controls, event: gr.EventData) -> View:
        """What plays, as it plays: a download.

        Raises:
            InputError: the page asks for what is not there.
        """
        kind = text_of(event, "format")
        if kind not in FORMATS:
            raise InputError(f"there is no format '{kind}'; it is one of {', '.join(FORMATS)}")
        progress = report_to(gr.Progress(), "Computing the path", last="Writing the file")
        film = self.walking.film_again(text_of(event, "request"), progress)
        view, timeline = text_of(event, "view"), text_of(event, "timeline")
        if view not in film.views or timeline not in film.timelines:
            raise InputError("what is to be saved is not shown any more; show the path again")
        once = len(film.timelines[timeline])
        frames = film.frames(view, timeline, getattr(event, "there_and_back", False) is True)
        seconds = getattr(event, "seconds", None)
        fps = (once - 1) / seconds if isinstance(seconds, (int, float)) and seconds > 0 else 12.0
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"path.{kind}"
            write_frames(path, frames, min(MAX_FPS, max(0.5, fps)), QUALITY)
            data = path.read_bytes()
        status = f"Saved {len(frames)} pictures as path.{kind}, {len(data) / 2**20:.1f} MB."
        return View(download=download(path.name, data, FORMATS[kind]), status=status)


def text_of(event: gr.EventData, name: str) -> str:
    """A text that the browser sent with an event.

    Raises:
        InputError: it did not.
    """
    value = getattr(event, name, None)
    if not isinstance(value, str):
        raise InputError("the page and the server do not understand each other; reload the page")
    return value
