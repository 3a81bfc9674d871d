"""The tab "Share": a clip of the photo and its layout in one click, both side by side, a link, and the files."""

from __future__ import annotations

from functools import partial

import gradio as gr

from semflow_core.errors import InputError

from ..actions.models import Models
from ..actions.walking import Walking
from ..controls import Controls, View
from ..page import MODEL, Page
from ..reporting import report_to
from ..state.clip import clip_file, side_by_side, there_and_back
from ..state.downloads import download, png_download
from ..state.film import EVEN, PATH
from ..state.notes import note_of, with_note
from ..state.photos import fit_layout
from .path import FORMATS

CLIPS = ("gif", "webp", "mp4")


class ShareRow:
    """The buttons that share, and what they do."""

    def __init__(self, models: Models, walking: Walking) -> None:
        self.models, self.walking = models, walking
        with gr.Row(elem_classes="panel line", elem_id="clips"):
            self.clips = {
                kind: gr.Button(f"Clip as {name}", size="sm", min_width=100, elem_id=f"clip-{kind}")
                for kind, name in zip(CLIPS, ("GIF", "WebP", "MP4"))
            }
            self.pair = gr.Button("Side by side", size="sm", min_width=100, elem_id="side-by-side")
            self.link = gr.Button("Copy a link", size="sm", min_width=100, elem_id="copy-link")

    def wire(self, page: Page) -> None:
        """Bind the events."""
        slow = {**MODEL, "show_progress": "minimal", "show_progress_on": page.photo}
        for kind, button in self.clips.items():
            page.downloads(button.click, partial(self.save_clip, kind), **slow)
        page.downloads(self.pair.click, self.save_pair)

    def save_clip(self, kind: str, controls: Controls) -> View:
        """Photo, layout and back in three seconds: a download.

        Raises:
            InputError, Cancelled: as in `Walking.walk_beside`.
        """
        progress = report_to(gr.Progress(), "Computing the path", last="Writing the file")
        film = self.walking.walk_beside(controls, progress)
        data = clip_file(there_and_back(film.views[PATH][film.timelines[EVEN]]), kind)
        data = with_note(data, self._note(controls))
        status = f"Saved semflow.{kind}: three seconds, {len(data) / 1e6:.1f} MB."
        return View(download=download(f"semflow.{kind}", data, FORMATS[kind]), status=status)

    def save_pair(self, controls: Controls) -> View:
        """Layout and photo side by side: a download.

        Raises:
            InputError: there is no photo yet, or the layout has an id that is no class.
        """
        photo, palette = controls.state.photo, self.models.pipeline(controls.model).palette
        if photo is None:
            raise InputError("there is no photo yet; paint one or open one")
        palette.index(controls.labels)  # refuses ids that are no class
        labels, _ = fit_layout(controls.labels, photo.shape[1], photo.shape[0])
        both = side_by_side(palette.colorize(labels), photo)
        name, (height, width) = "layout_and_photo.png", both.shape[:2]
        status = f"Saved {name}: layout and photo side by side, {width} × {height} pixels."
        return View(download=png_download(name, both, self._note(controls)), status=status)

    @staticmethod
    def _note(controls: Controls) -> str:
        return note_of(controls.model, controls.state.request.seed if controls.state.request else None)
