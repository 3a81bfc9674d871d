"""The classes of the set that is labelled: a palette to start from, and a table to change it in."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import Block

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette

from ..actions.models import Models
from ..controls import Controls, View
from ..state.downloads import download
from ..state.label_set import LabelSet
from ..state.own_palette import EMPTY, OWN, is_same, is_typed, palette_choices, parse_rows, rows_of, start_palette
from ..widgets import Classes

HINT = (
    "The first class is the background. Masks keep their classes when you rename or move them; a class that is in a "
    "mask cannot be removed."
)


class ClassesPanel:
    """The components in the tab "Label", and what they do to the set."""

    def __init__(self, models: Models) -> None:
        self.models = models
        with gr.Accordion("Classes", open=False, elem_id="label-classes"):
            self.start = gr.Dropdown(palette_choices(), value=None, label="Start from", elem_id="label-start")
            self.table = Classes([], elem_id="class-table")
            with gr.Row(elem_classes="panel line"):
                self.use = gr.Button("Use these classes", size="sm", min_width=140, elem_id="label-use")
                self.export = gr.Button("Save the palette", size="sm", min_width=140, elem_id="label-palette")
            gr.Markdown(HINT, elem_classes="hint")

    @property
    def parts(self) -> list[Block]:
        """What `show` changes."""
        return [self.start, self.table]

    def show(self, controls: Controls) -> View:
        """The classes as they are; of the same ones that the table had before, what was typed since stays."""
        return View(parts={self.start: self.started_from(controls), self.table: rows_of(self.palette(controls))})

    def started_from(self, controls: Controls) -> str:
        """The menu's key of the classes as they are."""
        name, known = self.palette(controls).name, {key for _, key in palette_choices()}
        return name if name in known and name != OWN else EMPTY

    def palette(self, controls: Controls) -> Palette:
        """The set's classes; without a set, the chosen model's."""
        labelled = controls.session.labelled
        return labelled.palette if labelled is not None else self.models.pipeline(controls.model).palette

    def start_from(self, controls: Controls, key: str) -> None:
        """The set gets the classes of a palette that ships, or empty ones.

        Raises:
            InputError: a class is missing that is in a mask.
        """
        self._change(controls, start_palette(key))

    def use_table(self, controls: Controls, rows: Any) -> None:
        """The set gets the classes of the table.

        Raises:
            InputError: the table is no palette, or a class is missing that is in a mask.
        """
        controls.keep_set()
        self._change(controls, self._read(controls, rows), edited=True)

    def take_typed(self, controls: Controls, rows: Any, undone: str) -> Palette | None:
        """What was typed in the table is used, though nobody pressed the button -> its palette, None for nothing.

        Args:
            undone: what was not done where it cannot be used.

        Raises:
            InputError: as in `use_table`; the table keeps what was typed.
        """
        if not is_typed(rows):
            return None
        try:
            self.use_table(controls, rows)
        except InputError as error:
            raise InputError(f"{error}. {undone}") from None
        return self.palette(controls)

    def save_palette(self, controls: Controls, rows: Any) -> View:
        """A download: the table as a palette file.

        Raises:
            InputError: the table is no palette.
        """
        palette = self._read(controls, rows)
        return View(download=download("palette.json", palette.to_json().encode(), "application/json"))

    @staticmethod
    def _change(controls: Controls, palette: Palette, edited: bool = False) -> None:
        labelled = controls.session.labelled
        if labelled is None:
            controls.session.labelled = LabelSet(palette, own=False)
        else:
            controls.keep_set()
            labelled.change_palette(palette, edited)

    def _read(self, controls: Controls, rows: Any) -> Palette:
        labelled, before = controls.session.labelled, self.palette(controls)
        return before if is_same(rows, before) else parse_rows(rows, before, labelled.used() if labelled else ())
