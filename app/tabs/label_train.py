"""The set that is labelled as a folder to train on: its name, its download, and the command that trains."""

from __future__ import annotations

import shlex

import gradio as gr
from gradio.blocks import Block

from semflow_core.errors import InputError

from ..controls import Controls, View
from ..page import Page
from ..state.downloads import download
from ..state.label_files import NAME, own_set, set_name, untrainable, write_set
from ..state.label_set import LabelSet
from ..state.session import Session

UNPACK = "Unpack the saved set in the folder of this project, and run this there:"
PAINT = "Then paint with it; in the menu of models it has the name of the set:"
TOO_FEW = "Two accepted photos are the fewest to train on; docs/own_data.md says what to expect of how many."


class TrainPanel:
    """The components in the tab "Label", and what they do. The button to save stands in the tab's line."""

    def __init__(self) -> None:
        with gr.Accordion("Train on these", open=False, elem_id="label-train"):
            with gr.Row(elem_classes="panel line"):
                self.name = gr.Textbox(NAME, label="Name of the set", max_lines=1, elem_id="label-name")
                self.minutes = gr.Number(60, label="Minutes of training", elem_id="label-minutes")
            self.command = gr.Markdown(TOO_FEW, elem_id="label-command")

    @property
    def parts(self) -> list[Block]:
        """What changes with the set."""
        return [self.command, self.name, self.minutes]

    def wire(self, page: Page) -> None:
        """Bind the events."""
        for event in (self.minutes.change, self.name.blur, self.name.submit):
            page.at_once(event, self.plan, self.name, self.minutes, changes=[self.command, self.name])

    def show(self, labelled: LabelSet | None) -> View:
        """The command as it is for the set."""
        return View(parts={self.command: describe(labelled)})

    def show_settings(self, labelled: LabelSet) -> View:
        """The name and the minutes of a set that comes."""
        return View(parts={self.name: labelled.name, self.minutes: labelled.minutes})

    def plan(self, controls: Controls, name: str, minutes: float | None) -> View:
        """The command that trains, and how long it takes."""
        labelled = controls.session.labelled
        if labelled is not None:
            labelled.name, labelled.minutes = set_name(name), float(minutes or 0)
            labelled.write()
        return self.show(labelled).then(View(parts={self.name: set_name(name)}))

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
        labelled.write()
        done, total = len(labelled.accepted), len(labelled.items)
        others = "; the others are in it, too." if done < total else "."
        status = f"Saved {done} of {total} photos with masks{others}"
        reason = untrainable(labelled)
        status += f" There is no train.yaml: {reason}." if reason else ""
        return View(download=download(f"{labelled.name}.zip", data, "application/zip"), status=status)


def describe(labelled: LabelSet | None) -> str:
    """The one command that trains on the set, and how long it takes."""
    if labelled is None or len(labelled.accepted) < 2:
        return TOO_FEW
    if reason := untrainable(labelled):
        return f"{reason[:1].upper()}{reason[1:]}."
    own = own_set(labelled)
    paint = f"{PAINT}\n\n```sh\npython app.py --models {shlex.quote(f'runs/{own.name}/flow')}\n```"
    return f"{UNPACK}\n\n```sh\n{own.command()}\n```\n\n{own.explanation()}\n\n{paint}"


def some_set(session: Session) -> LabelSet:
    """The set, whether the canvas shows it or not.

    Raises:
        InputError: there is none.
    """
    if session.labelled is None or not session.labelled.items:
        raise InputError("there is no set yet; open photos first")
    return session.labelled
