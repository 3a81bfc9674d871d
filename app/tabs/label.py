"""The tab "Label": photos of one's own, a proposed layout for each to correct, and the folder to train on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.blocks import Block
from gradio.events import Dependency

from semflow_core.errors import InputError

from ..actions.collecting import collect
from ..actions.labelling import Labelling, current
from ..actions.models import Models
from ..actions.switching import switch_model
from ..controls import UNSET, Controls, View
from ..page import MODEL, PRIVATE, Page
from ..state.label_files import NAME
from ..state.label_folder import SetFolder
from ..state.label_shelf import Shelf
from ..state.photos import doubt_url
from .label_classes import ClassesPanel
from .label_line import LabelLine
from .label_train import TrainPanel

NOT_OPENED = "No photos were opened: mend your classes, then open them again"
NOT_SAVED = "Nothing was saved: mend your classes, then save the set again"
TYPED = " The set was saved with the classes that you typed."
OWN_CLASSES = " The set came with its own classes: those that you typed are not in use."
STILL_READING = "The model is still reading this photo: press Enter once its proposal is there, or paint first."
EACH = {"trigger_mode": "multiple"}  # a key that is pressed before the last answer has ended is not lost
FOLDER_JS = "() => window.semflowFolder ?? ''"  # label.js
NOTHING = View()
FRONT = View(tab="label")  # also where another tab came to the front in the meantime
NO_TICKET = {"ticket": ""}  # the browser's tab keeps none any more


class LabelTab:
    """The tab's components and what they do.

    Attributes:
        shelf: the sets of all visits, for pages that are loaded anew.
        ticket: of this page's set there; it is laid out beside the tabs, which leave out what is not in front.
    """

    def __init__(self, models: Models, folder: SetFolder | None = None) -> None:
        """
        Args:
            folder: where sets outlive the server's process; None for nowhere.
        """
        self.models, self.labelling, self.shelf = models, Labelling(models), Shelf(folder=folder)
        self.ticket = gr.JSON(visible=False, render=False)
        self.folder_name = gr.JSON(visible=False)
        self.line = LabelLine()
        self.classes, self.train = ClassesPanel(models), TrainPanel()

    @property
    def parts(self) -> list[Block]:
        """What changes with the set."""
        return [*self.line.parts, *self.classes.parts, *self.train.parts, self.ticket]

    def wire(self, page: Page) -> tuple[list[Dependency], list[Dependency]]:
        """Bind the events -> those after the set was left, and those after files came, perhaps with their model."""
        changes, line, classes, train = [*page.landed, *self.parts], self.line, self.classes, self.train
        opened = [
            page.with_model(
                opener.upload(None, None, self.folder_name, js=FOLDER_JS, **PRIVATE).then,
                self.open,
                opener,
                line.doubt,
                train.name,
                train.minutes,
                self.folder_name,
                classes.table,
                changes=[page.model, page.tabs, *changes],
                show_progress="full",
            )
            for opener in (line.photos, line.folder)
        ]
        arrivals = [
            *opened,
            page.with_model(line.accept.click, self.accept_item, line.doubt, changes=changes, **EACH),
            page.with_model(line.back.click, partial(self.go, -1), line.doubt, changes=changes, **EACH),
            page.with_model(line.forward.click, partial(self.go, 1), line.doubt, changes=changes, **EACH),
            page.with_model(line.resume.click, self.return_to_set, line.doubt, changes=[page.tabs, *changes]),
            page.with_model(classes.use.click, self.use_classes, classes.table, line.doubt, changes=changes),
            page.with_model(classes.start.input, self.choose_classes, classes.start, line.doubt, changes=changes),
        ]
        saved = page.downloads(line.save.click, self.save_set, train.name, train.minutes, classes.table)
        arrivals.append(page.with_model(saved.then, self.show_saved, line.doubt, changes=changes))
        left = [
            page.with_model(line.leave.click, self.leave_set, changes=changes),
            page.at_once(line.clear.click, self.forget, changes=changes),
        ]
        for arrived in arrivals:
            page.on(arrived.then, self.labelling.ahead, **MODEL, show_progress="hidden")
        page.at_once(line.doubt.input, self.show_doubt, line.doubt, changes=[page.painter])
        page.downloads(classes.export.click, classes.save_palette, classes.table)
        train.wire(page)
        return left, opened

    # ---- the set --------------------------------------------------------------------------------------

    def open(
        self,
        controls: Controls,
        files: list[str] | str | None,
        doubt: bool = False,
        name: str = NAME,
        minutes: float | None = None,
        folder: Any = None,
        rows: Any = None,
    ) -> Iterator[View]:
        """Photos, a folder or a saved set; more of them go to the end of the set that is there. The first ones name it,
        unless somebody did. They have the classes that were typed, unless they come with their own.

        Args:
            folder: the name of the one that the files were chosen with.
            rows: the table of classes.

        Raises:
            InputError: as in `collect` and `ClassesPanel.take_typed`.
        """
        paths = [Path(f) for f in ([files] if isinstance(files, str) else files or [])]
        typed = self.classes.take_typed(controls, rows, NOT_OPENED)
        fresh = controls.session.labelled is None or not controls.session.labelled.items
        labelled, note = collect(self.models, controls, paths, name, minutes, folder)
        if typed is not None and labelled.palette != typed:
            note += OWN_CLASSES
        chosen = View()
        if fresh:
            controls, chosen, missing = self.labelling.open_with_its_model(controls)
            note += missing
        yield from self.arrive(controls, doubt, note, chosen.then(self.train.show_settings(labelled)).then(FRONT))

    def accept_item(self, controls: Controls, doubt: bool = False) -> Iterator[View]:
        """The canvas is right: on to the next photo.

        Raises:
            InputError: the canvas shows another picture.
        """
        labelled = current(controls.session)
        if self.labelling.awaits(controls):
            if labelled.item.proposal is None:
                yield View(status=STILL_READING)
                return
            yield from self.arrive(controls, doubt)  # it was read ahead after a stroke had stopped the reading
            return
        labelled.accept(controls.on_canvas)
        done = len(labelled.accepted) == len(labelled.items)
        yield from self.arrive(controls, doubt, " All are accepted: save the set." if done else "")

    def go(self, by: int, controls: Controls, doubt: bool = False) -> Iterator[View]:
        """Back or forward; what is on the canvas is kept."""
        labelled = current(controls.session)
        labelled.keep_changes(controls.on_canvas)
        labelled.go(by)
        yield from self.arrive(controls, doubt)

    def return_to_set(self, controls: Controls, doubt: bool = False) -> Iterator[View]:
        """The set's photo comes back to the canvas."""
        yield from self.arrive(controls, doubt, more=FRONT)

    def leave_set(self, controls: Controls) -> View:
        """What was on the canvas before the set comes back; the set stays.

        Raises:
            InputError: the canvas shows no set.
        """
        current(controls.session)
        view = switch_model(self.models, controls, controls.model)
        return self.show_parts(controls).then(view)

    def save_set(self, controls: Controls, name: str, minutes: float | None, rows: Any = None) -> View:
        """A download: the set, with the classes that were typed, though nobody pressed their button.

        Raises:
            InputError: as in `TrainPanel.save_set` and `ClassesPanel.take_typed`.
        """
        if self.classes.take_typed(controls, rows, NOT_SAVED) is not None and controls.session.labelled is not None:
            controls.session.labelled.renewed = controls.labels
            controls = replace(controls, sheet=0)  # the canvas is kept, and has the classes of before
        return self.train.save_set(controls, name, minutes)

    def show_saved(self, controls: Controls, doubt: bool = False) -> Iterator[View]:
        """The classes that were typed come to the canvas after the set was saved with them."""
        labelled = controls.session.labelled
        if labelled is None or labelled.renewed is None:
            yield View()
            return
        before, labelled.renewed = labelled.renewed, None
        if not np.array_equal(before, controls.labels):  # somebody went on painting
            controls.keep_set()
        if controls.session.labelling is not None:
            yield from self.arrive(controls, doubt, TYPED)
        else:
            yield self.show_parts(controls)

    def forget(self, controls: Controls) -> View:
        """Start a new set. What was on the canvas before the old one comes back.

        Raises:
            InputError: something changed that was not saved; nothing is lost before it is said and pressed again.
        """
        controls.keep_set()
        labelled = controls.session.labelled
        if labelled is not None and labelled.unsaved and not labelled.asked:
            labelled.asked = True
            raise InputError("the set was not saved since it changed; save it, or press “New set” once more")
        back = switch_model(self.models, controls, controls.model) if controls.session.labelling else View()
        self.shelf.drop(labelled)
        controls.session.labelled = None
        view = View(status="Open photos for a new set.", parts={self.train.name: NAME, self.ticket: NO_TICKET})
        return self.show_parts(controls).then(back).then(view)

    def choose_classes(self, controls: Controls, key: str, doubt: bool = False) -> Iterator[View]:
        """The set in the classes of a palette that ships, or in empty ones.

        The menu also names those that it has when it is left without a choice: then all stays, the table as typed too.

        Raises:
            InputError: as in `ClassesPanel.start_from`.
        """
        if key == self.classes.started_from(controls):
            return
        self.classes.start_from(controls, key)
        yield from self._show_classes(controls, doubt)

    def use_classes(self, controls: Controls, rows: Any, doubt: bool = False) -> Iterator[View]:
        """The set in the classes of the table.

        Raises:
            InputError: as in `ClassesPanel.use_table`.
        """
        self.classes.use_table(controls, rows)
        yield from self._show_classes(controls, doubt)

    def _show_classes(self, controls: Controls, doubt: bool) -> Iterator[View]:
        labelled, count = controls.session.labelled, len(self.classes.palette(controls).classes)
        if labelled is None or not labelled.items:
            yield self.show_parts(controls).then(View(status=f"{count} classes. Open the photos that have them."))
            return
        yield from self.arrive(controls, doubt, f" {count} classes.")

    # ---- what is shown --------------------------------------------------------------------------------

    def arrive(self, controls: Controls, doubt: bool, note: str = "", more: View = NOTHING) -> Iterator[View]:
        """The photo comes to the canvas, with its place in the tab and what else changes."""
        self.labelling.note_model(controls)
        first = True
        for view in self.labelling.arrive(controls, doubt):
            if first:  # what the shelf takes has the number that the canvas has now
                view = self.show_parts(controls, front=True).then(more).then(view)
            elif not view.painter and view.photo is not UNSET:  # the last one says all of it again
                view = self.show_parts(controls).then(view)
            first = False
            yield view.then(View(status=f"{view.status}{note}")) if isinstance(view.status, str) and note else view
        if first:  # there are classes only
            yield self.show_parts(controls, front=True).then(more)

    def show_parts(self, controls: Controls, front: bool = False) -> View:
        """The tab as it is for the set.

        Args:
            front: the canvas is about to show the set.
        """
        labelled = controls.session.labelled
        parts = self.line.show(labelled, front or controls.session.labelling is not None)
        ticket = self.shelf.hold(labelled)  # a page without a set has not asked for the one of its tab yet
        if labelled is not None and ticket and ticket != labelled.ticket:
            labelled.ticket = ticket
            parts[self.ticket] = {"ticket": ticket}
        return View(parts=parts).then(self.classes.show(controls)).then(self.train.show(labelled))

    def show_doubt(self, controls: Controls, visible: bool) -> View:
        """Where the proposal is unsure, over the canvas."""
        labelled = controls.session.labelling
        margin = labelled.item.margin() if labelled is not None else None
        return View(painter={"heat": doubt_url(margin) if visible and margin is not None else ""})
