"""The tab "Label": photos of one's own, a proposed layout for each to correct, and the folder to train on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency

from semflow_core.errors import InputError

from ..actions.labelling import Labelling, current
from ..actions.models import Models
from ..actions.switching import switch_model
from ..controls import Controls, View
from ..guard.large import room_for
from ..guard.limits import MAX_UPLOAD, MIB
from ..page import MODEL, PRIVATE, Page
from ..state.downloads import download
from ..state.label_files import LONGEST, NAME, folder_name, own_set, read_files, set_name, untrainable, write_set
from ..state.label_set import MAX_LABELLED, MAX_SET, LabelSet
from ..state.label_shelf import Shelf
from ..state.own_palette import EMPTY, OWN, palette_choices, parse_rows, rows_of, start_palette
from ..state.photos import doubt_url
from ..state.session import Session
from ..widgets import Classes, Line

HINT = (
    f"Open photos, a folder, or a set that you saved: up to {MAX_LABELLED} photos and {MAX_SET // MIB} MB in a set, "
    f"{MAX_UPLOAD // MIB} MB at once; larger photos are reduced to {LONGEST} pixels. A model proposes each layout, you "
    "correct it on the canvas, and Enter goes on."
)
CLASSES_HINT = (
    "The first class is the background. Masks keep their classes when you rename or move them; a class that is in a "
    "mask cannot be removed."
)
TRAIN_HINT = "Unpack the saved set in the folder of this project, and run this there:"
PAINT_HINT = "Then paint with it; in the menu of models it has the name of the set:"
TOO_FEW = "Two accepted photos are the fewest to train on; docs/own_data.md says what to expect of how many."
EACH = {"trigger_mode": "multiple"}  # a key that is pressed before the last answer has ended is not lost
FOLDER_JS = "() => window.semflowFolder ?? ''"  # label.js
NOTHING = View()
NO_TICKET = {"ticket": ""}  # the browser's tab keeps none any more


class LabelTab:
    """The tab's components and what they do.

    Attributes:
        shelf: the sets of all visits, for pages that are loaded anew.
        ticket: of this page's set there; it is laid out beside the tabs, which leave out what is not in front.
    """

    def __init__(self, models: Models) -> None:
        self.models, self.labelling, self.shelf = models, Labelling(models), Shelf()
        self.ticket = gr.JSON(visible=False, render=False)
        self.folder_name = gr.JSON(visible=False)
        with gr.Row(elem_classes="panel line", elem_id="label-line"):
            hidden: dict[str, Any] = {"size": "sm", "visible": False}
            self.back = gr.Button("Back", min_width=60, elem_id="label-back", **hidden)
            self.accept = gr.Button(
                "Accept (Enter)", variant="primary", min_width=120, elem_id="label-accept", **hidden
            )
            self.forward = gr.Button("Forward", min_width=70, elem_id="label-forward", **hidden)
            self.unsure = gr.Button("Next unsure (U)", min_width=120, elem_id="label-unsure", **hidden)
            self.doubt = gr.Checkbox(
                False, label="Show the doubt", container=False, visible=False, elem_id="label-doubt"
            )
            self.leave = gr.Button("Leave the set", min_width=110, elem_id="label-leave", **hidden)
            self.resume = gr.Button("Back to the set", min_width=120, elem_id="label-resume", **hidden)
            self.photos = gr.UploadButton(
                "Photos or a zip …",
                size="sm",
                file_types=["image", ".zip", ".json"],
                file_count="multiple",
                min_width=130,
                elem_id="label-photos",
            )
            self.folder = gr.UploadButton(
                "A folder …", size="sm", file_count="directory", min_width=100, elem_id="label-folder"
            )
            self.save = gr.Button("Save the set", min_width=110, elem_id="label-save", **hidden)
            self.clear = gr.Button("New set", min_width=90, elem_id="label-clear", **hidden)
            self.progress = Line("", elem_id="label-progress", elem_classes="hint")
        self.hint = gr.Markdown(HINT, elem_classes="hint")
        with gr.Accordion("Classes", open=False, elem_id="label-classes"):
            self.start = gr.Dropdown(palette_choices(), value=None, label="Start from", elem_id="label-start")
            self.table = Classes([], elem_id="class-table")
            with gr.Row(elem_classes="panel line"):
                self.use = gr.Button("Use these classes", size="sm", min_width=140, elem_id="label-use")
                self.export = gr.Button("Save the palette", size="sm", min_width=140, elem_id="label-palette")
            gr.Markdown(CLASSES_HINT, elem_classes="hint")
        with gr.Accordion("Train on these", open=False, elem_id="label-train"):
            with gr.Row(elem_classes="panel line"):
                self.name = gr.Textbox(NAME, label="Name of the set", max_lines=1, elem_id="label-name")
                self.minutes = gr.Number(60, label="Minutes of training", elem_id="label-minutes")
            self.command = gr.Markdown(TOO_FEW, elem_id="label-command")

    @property
    def parts(self) -> list[Block]:
        """What `parts_of` changes."""
        return [
            *self.work,
            self.progress,
            self.resume,
            self.save,
            self.clear,
            self.hint,
            self.start,
            self.table,
            self.command,
            self.name,
            self.minutes,
            self.ticket,
        ]

    @property
    def work(self) -> list[Block]:
        """What there is to do about the photo on the canvas."""
        return [self.back, self.accept, self.forward, self.unsure, self.doubt, self.leave]

    def wire(self, page: Page) -> Dependency:
        """Bind the events -> the one after the set was left."""
        changes = [*page.landed, *self.parts]
        arrivals = [
            page.with_model(
                opener.upload(None, None, self.folder_name, js=FOLDER_JS, **PRIVATE).then,
                self.open,
                opener,
                self.doubt,
                self.name,
                self.minutes,
                self.folder_name,
                changes=changes,
                show_progress="full",
            )
            for opener in (self.photos, self.folder)
        ]
        arrivals += [
            page.with_model(self.accept.click, self.accept_item, self.doubt, changes=changes, **EACH),
            page.with_model(self.back.click, partial(self.go, -1), self.doubt, changes=changes, **EACH),
            page.with_model(self.forward.click, partial(self.go, 1), self.doubt, changes=changes, **EACH),
            page.with_model(self.resume.click, self.return_to_set, self.doubt, changes=changes),
            page.with_model(self.use.click, self.use_classes, self.table, self.doubt, changes=changes),
            page.with_model(self.start.input, self.choose_classes, self.start, self.doubt, changes=changes),
        ]
        left = page.with_model(self.leave.click, self.leave_set, changes=changes)
        for arrived in arrivals:
            page.on(arrived.then, self.labelling.ahead, **MODEL, show_progress="hidden")
        page.at_once(self.doubt.input, self.show_doubt, self.doubt, changes=[page.painter])
        page.at_once(self.clear.click, self.forget, changes=[*self.parts, page.status])
        for event in (self.minutes.change, self.name.blur, self.name.submit):
            page.at_once(event, self.plan, self.name, self.minutes, changes=[self.command, self.name])
        page.downloads(self.save.click, self.save_set, self.name, self.minutes)
        page.downloads(self.export.click, self.save_palette, self.table)
        return left

    # ---- the set --------------------------------------------------------------------------------------

    def open(
        self,
        controls: Controls,
        files: list[str] | str | None,
        doubt: bool = False,
        name: str = NAME,
        minutes: float | None = None,
        folder: Any = None,
    ) -> Iterator[View]:
        """Photos, a folder or a saved set; more of them go to the end of the set that is there. The first ones name it,
        unless somebody did.

        Args:
            folder: the name of the one that the files were chosen with.

        Raises:
            InputError: a file is damaged, or they are too many.
        """
        session, paths = controls.session, [Path(f) for f in ([files] if isinstance(files, str) else files or [])]
        controls.keep_set()
        labelled = session.labelled or LabelSet(self.models.pipeline(controls.model).palette, own=False)
        with room_for(paths):
            found = read_files(paths, labelled.palette)
        if found.palette is not None and found.palette != labelled.palette:
            if labelled.items and found.items:
                raise InputError("these photos have other classes than your set; press “New set” first")
            labelled.change_palette(found.palette)
        fresh = not labelled.items
        labelled.add(found.items)
        session.labelled = labelled
        if fresh and labelled.items:
            labelled.start_at_rest()
            named = set_name(name) != NAME
            labelled.name = set_name(name if named else found.name or folder_name(folder))
            labelled.minutes = found.minutes or float(minutes or labelled.minutes)
        note = f" Left out: {some_of(found.ignored)}." if found.ignored else ""
        note += f" Masks without a photo: {some_of(found.unmatched)}." if found.unmatched else ""
        note += "".join(f" {sentence}" for sentence in found.notes)
        yield from self.arrive(
            controls, doubt, note, View(parts={self.name: labelled.name, self.minutes: labelled.minutes})
        )

    def accept_item(self, controls: Controls, doubt: bool = False) -> Iterator[View]:
        """The canvas is right: on to the next photo.

        Raises:
            InputError: the canvas shows another picture, or its proposal is still to come.
        """
        labelled = current(controls.session)
        if self.labelling.awaits(controls):
            if labelled.item.proposal is None:
                raise InputError("the model is still reading this photo; wait for its proposal, or paint first")
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
        yield from self.arrive(controls, doubt)

    def leave_set(self, controls: Controls) -> View:
        """What was on the canvas before the set comes back; the set stays.

        Raises:
            InputError: the canvas shows no set.
        """
        current(controls.session)
        view = switch_model(self.models, controls, controls.model)
        return self.show_parts(controls).then(view)

    def forget(self, controls: Controls) -> View:
        """Start a new set. The canvas stays as it is.

        Raises:
            InputError: something changed that was not saved; nothing is lost before it is said and pressed again.
        """
        controls.keep_set()
        labelled = controls.session.labelled
        if labelled is not None and labelled.unsaved and not labelled.asked:
            labelled.asked = True
            raise InputError("the set was not saved since it changed; save it, or press “New set” once more")
        self.shelf.drop(labelled)
        controls.session.labelled = None
        view = View(status="Open photos for a new set.", parts={self.name: NAME, self.ticket: NO_TICKET})
        return self.show_parts(controls).then(view)

    def save_set(self, controls: Controls, name: str, minutes: float | None) -> View:
        """A download: the folder to train on, as a zip.

        Raises:
            InputError: there is no set.
        """
        labelled = some_set(controls.session)
        controls.keep_set()
        labelled.name, labelled.minutes = set_name(name), float(minutes or 0)
        data = write_set(labelled)
        labelled.unsaved = labelled.asked = False
        done, total = len(labelled.accepted), len(labelled.items)
        others = "; the others are in it, too." if done < total else "."
        status = f"Saved {done} of {total} photos with masks{others}"
        reason = untrainable(labelled)
        status += f" There is no train.yaml: {reason}." if reason else ""
        return View(download=download(f"{labelled.name}.zip", data, "application/zip"), status=status)

    # ---- classes --------------------------------------------------------------------------------------

    def choose_classes(self, controls: Controls, key: str, doubt: bool = False) -> Iterator[View]:
        """The set gets the classes of a palette that ships, or empty ones.

        Raises:
            InputError: a class is missing that is in a mask.
        """
        yield from self._change(controls, start_palette(key), doubt)

    def use_classes(self, controls: Controls, rows: Any, doubt: bool = False) -> Iterator[View]:
        """The set gets the classes of the table.

        Raises:
            InputError: the table is no palette, or a class is missing that is in a mask.
        """
        controls.keep_set()
        palette = self._table(controls, rows)
        yield from self._change(controls, palette, doubt, edited=True)

    def save_palette(self, controls: Controls, rows: Any) -> View:
        """A download: the table as a palette file.

        Raises:
            InputError: the table is no palette.
        """
        palette = self._table(controls, rows)
        return View(download=download("palette.json", palette.to_json().encode(), "application/json"))

    def _change(self, controls: Controls, palette: Any, doubt: bool, edited: bool = False) -> Iterator[View]:
        labelled = controls.session.labelled
        if labelled is None:
            labelled = controls.session.labelled = LabelSet(palette, own=False)
        else:
            controls.keep_set()
            labelled.change_palette(palette, edited)
        count = len(palette.classes)
        if not labelled.items:
            yield self.show_parts(controls).then(View(status=f"{count} classes. Open the photos that have them."))
            return
        yield from self.arrive(controls, doubt, f" {count} classes.")

    def _table(self, controls: Controls, rows: Any) -> Any:
        labelled, before = controls.session.labelled, self._palette(controls)
        return before if rows == rows_of(before) else parse_rows(rows, before, labelled.used() if labelled else ())

    def _palette(self, controls: Controls) -> Any:
        labelled = controls.session.labelled
        return labelled.palette if labelled is not None else self.models.pipeline(controls.model).palette

    # ---- what is shown --------------------------------------------------------------------------------

    def arrive(self, controls: Controls, doubt: bool, note: str = "", more: View = NOTHING) -> Iterator[View]:
        """The photo comes to the canvas, with its place in the tab and what else changes."""
        parts = self.show_parts(controls, front=True).then(more)
        for view in self.labelling.arrive(controls, doubt):
            view = parts.then(view)
            yield view.then(View(status=f"{view.status}{note}")) if isinstance(view.status, str) and note else view
            parts = View()
        if parts.parts:  # there are classes only
            yield parts

    def show_parts(self, controls: Controls, front: bool = False) -> View:
        """The tab as it is for the set.

        Args:
            front: the canvas is about to show the set.
        """
        labelled, palette = controls.session.labelled, self._palette(controls)
        some = labelled is not None and bool(labelled.items)
        front = some and (front or controls.session.labelling is not None)
        known = {key for _, key in palette_choices()}
        parts: dict[Block, Any] = {
            **{block: gr.update(visible=front) for block in self.work},
            self.hint: gr.update(visible=not some),
            self.resume: gr.update(visible=some and not front),
            self.save: gr.update(visible=some),
            self.clear: gr.update(visible=some),
            self.progress: labelled.progress() if labelled is not None and some else "",
            self.start: palette.name if palette.name in known and palette.name != OWN else EMPTY,
            self.table: rows_of(palette),
            self.command: describe(labelled),
        }
        ticket = self.shelf.hold(labelled)  # a page without a set has not asked for the one of its tab yet
        if labelled is not None and ticket and ticket != labelled.ticket:
            labelled.ticket = ticket
            parts[self.ticket] = {"ticket": ticket}
        return View(parts=parts)

    def show_doubt(self, controls: Controls, visible: bool) -> View:
        """Where the proposal is unsure, over the canvas."""
        labelled = controls.session.labelling
        margin = labelled.item.margin() if labelled is not None else None
        return View(painter={"heat": doubt_url(margin) if visible and margin is not None else ""})

    def plan(self, controls: Controls, name: str, minutes: float | None) -> View:
        """The command that trains, and how long it takes."""
        labelled = controls.session.labelled
        if labelled is not None:
            labelled.name, labelled.minutes = set_name(name), float(minutes or 0)
        return View(parts={self.command: describe(labelled), self.name: set_name(name)})


def describe(labelled: LabelSet | None) -> str:
    """The one command that trains on the set, and how long it takes."""
    if labelled is None or len(labelled.accepted) < 2:
        return TOO_FEW
    if reason := untrainable(labelled):
        return f"{reason[:1].upper()}{reason[1:]}."
    own = own_set(labelled)
    paint = f"{PAINT_HINT}\n\n```sh\npython app.py --models {shlex.quote(f'runs/{own.name}/flow')}\n```"
    return f"{TRAIN_HINT}\n\n```sh\n{own.command()}\n```\n\n{own.explanation()}\n\n{paint}"


def some_of(names: list[str]) -> str:
    """Five names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def some_set(session: Session) -> LabelSet:
    """The set, whether the canvas shows it or not.

    Raises:
        InputError: there is none.
    """
    if session.labelled is None or not session.labelled.items:
        raise InputError("there is no set yet; open photos first")
    return session.labelled
