"""Opening photos, layouts and projects; saving the photo, the layout and the project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import gradio as gr
from gradio.events import Dependency

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette, load_palette, palette_names
from semflow_core.method.palette_file import OWN_KEY
from semflow_core.pictures.layouts import is_layout, open_layout
from semflow_core.pictures.whose import whose_layout

from ..actions.arriving import Arrival, arrival
from ..actions.models import Models
from ..actions.opening import open_layout_files, open_photo, open_project
from ..actions.painting import Painting
from ..actions.switching import switch_model
from ..controls import Controls, View
from ..guard.large import room_for
from ..page import Page
from ..state.downloads import Download, download, layout_download, png_download
from ..state.notes import note_of
from ..state.pipeline import Pipeline
from ..state.project import save_project
from ..state.sentences import as_html
from ..state.session import Session
from ..widgets import Line

FOUND_OUT, PHOTO = "", "photo"  # what a file holds, beside the keys of ids
SAVES = {  # what -> its button
    "photo": "Save photo",
    "ids": "Save class ids",
    "colours": "Save colours",
    "project": "Save project",
}


def ids_choices() -> list[tuple[str, str]]:
    """Whose ids a layout may hold: (what the menu says, the key), of all label sets that ship."""
    foreign = [(f"{c.name} ids", c.key) for name in palette_names() for c in load_palette(name).foreign.ids]
    return [("the model's own ids", OWN_KEY), *((text.replace(" ids ids", " ids"), key) for text, key in foreign)]


class OpenSave:
    """The buttons and what they do. Those to save stand elsewhere on the page."""

    def __init__(self, models: Models, painting: Painting) -> None:
        self.models, self.painting = models, painting
        with gr.Row(elem_id="open"):
            self.opener = gr.UploadButton(
                "Open …",
                size="sm",
                file_count="multiple",  # of any type: what a file is, its content says
                min_width=90,
                elem_id="segment",
            )
            self.camera = gr.Button("Camera", size="sm", min_width=80, elem_id="camera")
        self.holds = gr.Dropdown(
            [("what they look like", FOUND_OUT), ("a photo", PHOTO), *ids_choices()],
            value=FOUND_OUT,
            label="Files that I open hold",
            elem_id="holds",
            render=False,
        )
        self.line = Line("", elem_id="read-line", elem_classes="hint", render=False)

    def make_holds(self) -> None:
        """What the next file holds, for who knows better than the studio; and the line on the last layout."""
        self.holds.render()
        self.line.render()

    def make_saves(self) -> None:
        """The buttons to save."""
        with gr.Row(elem_classes="panel line", elem_id="saves"):
            self.saves = {what: gr.Button(text, size="sm", min_width=60) for what, text in SAVES.items()}

    def wire(self, page: Page) -> Dependency:
        """Bind the events -> the one after something was opened."""
        for what, button in self.saves.items():
            page.downloads(button.click, partial(self.save, what))
        changes = [page.model, *page.landed, page.tabs, self.line]
        return page.with_model(
            self.opener.upload, self.open, self.opener, self.holds, changes=changes, show_progress="full"
        )

    def open(self, controls: Controls, files: str | list[str], holds: str = FOUND_OUT) -> View:
        """A photo is segmented; a layout, or several files that are the parts of one, lands; a project brings its
        settings. The picture of the last two comes with `finish_open`. A zip is opened if it holds just one of these. A
        layout that is clearly another model's comes with that model.

        Args:
            holds: FOUND_OUT, PHOTO, or whose ids a layout's are.

        Raises:
            InputError: a file cannot be read, or several could be.
        """
        session, pipeline = controls.session, self.models.pipeline(controls.model)
        paths, chosen = [Path(f) for f in ([files] if isinstance(files, str) else files)], View()
        controls.keep_set()
        with arrival(paths, pipeline.palette) as arrived, room_for(arrived.files):
            if holds == FOUND_OUT and (other := self._whose(arrived, pipeline)):
                pipeline = self.models.pipeline(other)
                open_layout(arrived.files[0], pipeline.palette, pipeline.codebook)  # refused before anything changes
                chosen = switch_model(self.models, controls, other).then(View(model=other))
                said = f"This is a layout of the model '{other}', which was chosen."
                arrived = replace(arrived, note=f"{said} {arrived.note}".strip())
            view = chosen.then(self._open(arrived, session, pipeline, holds))
        return view.then(View(tab="edit")) if session.current.opened is not None else view

    def _open(self, arrived: Arrival, session: Session, pipeline: Pipeline, holds: str) -> View:
        paths = arrived.files
        if arrived.project:
            return open_project(paths[0], session, pipeline)
        ids = "" if holds in (FOUND_OUT, PHOTO) else holds
        layout = ids or (holds != PHOTO and is_layout(paths[0], pipeline.palette, pipeline.codebook))
        if len(paths) > 1 or layout:
            view, line = open_layout_files(paths, session, pipeline, ids)
            line = f"{line} {arrived.note}".strip()
            gr.Info(as_html(line))  # the status will speak of the photo in a moment
            return view.then(View(parts={self.line: line}))
        view = open_photo(paths[0], session, pipeline)
        return view.then(View(parts={self.line: ""}, status=f"{view.status} {arrived.note}".strip()))

    def _whose(self, arrived: Arrival, pipeline: Pipeline) -> str:
        """The other model whose layout a file clearly is: it would land as other classes, or be read as a photo. "" for
        none."""
        if len(arrived.files) > 1 or arrived.project:
            return ""
        palettes = dict[str, Palette]()
        for name in self.models.names():
            with suppress(InputError):  # a damaged model says so when it is chosen
                if name != pipeline.name:
                    palettes[name] = self.models.pipeline(name).palette
        return whose_layout(arrived.files[0], pipeline.palette, palettes, pipeline.codebook) or ""

    def finish_open(self, controls: Controls) -> Iterator[View]:
        """Paint what was opened with the seed that it brought, unless it was a photo. A set that is labelled stays."""
        if controls.session.labelling is None and not controls.state.shows_opened:
            yield from self.painting.paint_with_seed(controls)

    def save(self, what: str, controls: Controls) -> View:
        """A download: one of `SAVES`.

        Raises:
            InputError: there is no photo yet, or the layout has an id that is no class.
        """
        file = self._file(what, controls)
        return View(download=file, status=f"Saved {file['name']}.")

    def _file(self, what: str, controls: Controls) -> Download:
        palette, state = self.models.pipeline(controls.model).palette, controls.state
        if controls.session.labelling is not None:
            palette = controls.session.labelling.palette
        if what == "photo":
            if state.photo is None:
                raise InputError("there is no photo yet; paint one or open one")
            seed = state.request.seed if state.request is not None else None
            return png_download("photo.png", state.photo, "" if seed is None else note_of(controls.model, seed))
        palette.index(controls.labels)  # refuses ids that are no class
        if what == "colours":
            return png_download("layout_colours.png", palette.colorize(controls.labels))
        if what == "project":
            return download("project.json", save_project(controls.request(), state).encode(), "application/json")
        return layout_download(controls.labels, palette)
