"""Opening photos, layouts and projects; saving the photo, the layout and the project."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import gradio as gr
from gradio.events import Dependency

from semflow_core.errors import InputError
from semflow_core.pictures.layouts import is_layout

from ..actions.models import Models
from ..actions.opening import open_layout_files, open_photo, open_project
from ..actions.painting import Painting
from ..controls import Controls, View
from ..page import Page
from ..state.downloads import Download, download, layout_download, png_download
from ..state.project import save_project

SAVES = {"photo": "Photo", "ids": "Class ids", "colours": "Colours", "project": "Project"}  # what -> its button


class OpenSave:
    """The buttons and what they do. Those to save stand elsewhere on the page."""

    def __init__(self, models: Models, painting: Painting) -> None:
        self.models, self.painting = models, painting
        with gr.Row(elem_id="open"):
            self.opener = gr.UploadButton(
                "Open …",
                size="sm",
                file_types=["image", ".json"],
                file_count="multiple",
                min_width=90,
                elem_id="segment",
            )
            self.camera = gr.Button("Camera", size="sm", min_width=80, elem_id="camera")

    def make_saves(self) -> None:
        """The buttons to save."""
        with gr.Row(elem_classes="panel line", elem_id="saves"):
            self.saves = {what: gr.Button(text, size="sm", min_width=60) for what, text in SAVES.items()}

    def wire(self, page: Page) -> Dependency:
        """Bind the events -> the one after something was opened."""
        for what, button in self.saves.items():
            page.downloads(button.click, partial(self.save, what))
        return page.with_model(self.opener.upload, self.open, self.opener, changes=page.landed, show_progress="full")

    def open(self, controls: Controls, files: str | list[str]) -> View:
        """A photo is segmented; a layout, or several files that are the parts of one, lands; a project brings its
        settings. The picture of the last two comes with `finish_open`.

        Raises:
            InputError: a file cannot be read.
        """
        session, pipeline = controls.session, self.models.pipeline(controls.model)
        paths = [Path(f) for f in ([files] if isinstance(files, str) else files)]
        if len(paths) == 1 and paths[0].suffix.lower() == ".json":
            return open_project(paths[0], session, pipeline)
        if len(paths) > 1 or is_layout(paths[0], pipeline.palette, pipeline.codebook):
            view, line = open_layout_files(paths, session, pipeline)
            gr.Info(line)  # the status will speak of the photo in a moment
            return view
        return open_photo(paths[0], session, pipeline)

    def finish_open(self, controls: Controls) -> Iterator[View]:
        """Paint what was opened with the seed that it brought, unless it was a photo."""
        if not controls.state.shows_opened:
            yield from self.painting.paint_with_seed(controls)

    def save(self, what: str, controls: Controls) -> View:
        """A download: one of `SAVES`.

        Raises:
            InputError: there is no photo yet, or the layout has an id that is no class.
        """
        return View(download=self._file(what, controls))

    def _file(self, what: str, controls: Controls) -> Download:
        palette, state = self.models.pipeline(controls.model).palette, controls.state
        if what == "photo":
            if state.photo is None:
                raise InputError("there is no photo yet; paint one or open one")
            return png_download("photo.png", state.photo)
        palette.index(controls.labels)  # refuses ids that are no class
        if what == "colours":
            return png_download("layout_colours.png", palette.colorize(controls.labels))
        if what == "project":
            return download("project.json", save_project(controls.request(), state).encode(), "application/json")
        return layout_download(controls.labels, palette)
