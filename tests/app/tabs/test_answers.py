"""Answers that something newer has overtaken: the canvas, and all that goes with it, stays as the newer one left it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.actions.models import Models
from app.actions.painting import Painting
from app.answers import Answer
from app.controls import Controls, View
from app.guard.blocks import GuardedBlocks
from app.guard.desk import Desk
from app.page import Page
from app.state.session import Session
from app.studio import _lay_out
from app.tabs import LabelTab, OpenSave
from app.wiring import wire

from ..conftest import controls, run


@pytest.fixture
def page(models: Models) -> Page:
    with gr.Blocks() as demo:
        page, parts = _lay_out(models, "faces")
        wire(demo, page, parts)
    return page


def call(page: Page, handler: Any, session: Session) -> Iterator[Answer]:
    asked = controls(session)
    values = [asked.on_canvas if f.name == "labels" else getattr(asked, f.name) for f in Controls.inputs()]
    return page._call(handler, 0, True)(*values)


def test_an_answer_is_late_once_something_newer_is_on_the_canvas(
    page: Page, photos: list[str], tab: LabelTab, painting: Painting
) -> None:
    session = Session("faces")
    with gr.Blocks():
        opener = OpenSave(tab.models, painting)

    def open_photo(values: Controls) -> View:
        return opener.open(values, photos[0], "photo")

    def say(values: Controls) -> Iterator[View]:
        yield View(status="Begun.")
        yield View(status="Done.")

    said = call(page, say, session)
    first, opened = next(said), call(page, open_photo, session)
    assert isinstance(opened, Answer) and opened[page.tabs]["selected"] == "edit"
    assert not opened.is_late() and first.is_late() and next(said).is_late()
    arrived = list(_arrive(page, tab, session, photos))
    assert opened.is_late() and not any(answer.is_late() for answer in arrived)
    assert session.labelling is not None


def _arrive(page: Page, tab: LabelTab, session: Session, files: list[str]) -> Iterator[Answer]:
    def arrive(values: Controls) -> Iterator[View]:
        yield from tab.open(values, files)

    return call(page, arrive, session)


def test_what_belongs_to_the_canvas_goes_as_a_whole(page: Page) -> None:
    assert {page.model, page.painter, page.photo, page.player, page.shape, page.status, page.tabs} <= set(page.scene)
    shown = {getattr(block, "elem_id", "") for block in page.places}
    assert {"label-accept", "label-save", "label-progress"} <= shown and page.download not in page.scene


@pytest.mark.parametrize("late", [False, True])
def test_a_late_answer_changes_nothing_of_the_canvas(late: bool) -> None:
    with GuardedBlocks(Desk()) as demo:
        photo, other = gr.Textbox(), gr.Textbox()
        gr.Button().click(lambda: None, None, [photo, other])
    (function,) = demo.fns.values()
    answer = Answer({photo: "old", other: "file"}, lambda: late, [photo])
    data = run(demo.postprocess_data(function, answer, None))
    assert data == [gr.skip() if late else "old", "file"]


def test_the_last_message_of_a_photo_of_a_set_says_all_of_it(tab: LabelTab, photos: list[str]) -> None:
    session = Session("faces")
    views = list(tab.open(controls(session), photos))
    assert views[0].tab == "label" and len(views) > 1
    for view in (views[0], views[-1]):
        assert isinstance(view.photo, np.ndarray)
        assert view.parts[tab.line.accept]["visible"] and view.parts[tab.line.save]["visible"]
    assert list(tab.return_to_set(controls(session)))[0].tab == "label"
