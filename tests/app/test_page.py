"""Where Gradio's values become Controls, and a View Gradio's updates."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio.helpers import special_args

from app.actions.models import Models
from app.controls import UNSET, Controls, View
from app.page import Page
from app.state.session import Cancelled
from app.state.settings import Settings
from app.state.sheet import Sheet
from app.studio import _lay_out
from app.wiring import in_turn, wire
from semflow_core.errors import InputError

from .conftest import controls

NOTHING = gr.skip()


@pytest.fixture
def page(models: Models) -> Page:
    with gr.Blocks():
        return _lay_out(models, "faces")[0]


def inputs() -> dict[str, Any]:
    """What the components send."""
    values = {f.name: getattr(controls(), f.name) for f in Controls.inputs()}
    return values | {"labels": Sheet(values["labels"], 7)}


def call(page: Page, handler: Any, *own: Any, changes: bool = True) -> Any:
    values = list(inputs().values())
    result = page._call(handler, len(own), changes)(*values, *own)
    return list(result) if isinstance(result, Iterator) else result


def test_no_event_that_may_come_again_while_it_is_answered_has_two_handlers(models: Models) -> None:
    """Gradio would call all its handlers again for each of them; two such calls call each other without end."""
    with gr.Blocks() as demo:
        wire(demo, *_lay_out(models, "faces"))
    handlers: dict[tuple[int, str], list[str]] = {}
    for event in demo.get_config_file().get("dependencies", []):
        for target in event["targets"]:
            if event["backend_fn"] and target[0] is not None:
                handlers.setdefault(tuple(target), []).append(event["trigger_mode"])
    several = [modes for modes in handlers.values() if len(modes) > 1]
    assert several and all(set(modes) == {"once"} for modes in several)


def test_a_part_that_cannot_show_its_own_leaves_the_others_theirs() -> None:
    def refuse(values: Controls) -> View:
        raise InputError("beta is 999")

    view = in_turn([lambda c: View(status="shown"), refuse, lambda c: View(draft="")], controls())
    assert (view.status, view.draft) == ("shown", "")


def test_every_control_has_a_component_and_no_other_name_is_there(page: Page) -> None:
    assert len(page.inputs) == len(Controls.inputs()) and len(page.settings) == len(fields(Settings))
    assert {"session", "model", "labels", *page.controls, "sheet", "landing"} == {f.name for f in fields(Controls)}


def test_values_become_controls_and_an_emptied_number_is_0(page: Page) -> None:
    values = inputs() | {"seed": None, "steps": 4.0, "beta": 40}
    read = Controls.read(list(values.values()))
    assert (read.seed, read.steps, read.beta) == (0, 4, 40.0)
    assert type(read.steps) is int and type(read.beta) is float and read.labels is values["labels"].labels
    assert read.sheet == 7


def test_a_view_changes_what_it_sets_and_nothing_else(page: Page) -> None:
    assert page.updates(View()) == page.updates(None) == NOTHING
    view = View(
        photo=None,
        status="Done.",
        painter={"heat": ""},
        tab="edit",
        settings={"seed": 3, "beta": {"maximum": 9}},
        parts={page.shown: "x"},
    )
    assert page.updates(view) == {
        page.photo: None,
        page.status: "Done.",
        page.painter: gr.update(heat=""),
        page.tabs: gr.update(selected="edit"),
        page.controls["seed"]: 3,
        page.controls["beta"]: gr.update(maximum=9),
        page.shown: "x",
    }


def test_of_two_views_the_later_counts() -> None:
    first = View(status="one", painter={"value": 1, "photo": "a"}, settings={"beta": {"maximum": 9, "value": 4}})
    both = first.then(View(status="two", painter={"photo": "b"}, settings={"beta": 5.0, "seed": 2}))
    assert both.status == "two" and both.painter == {"value": 1, "photo": "b"} and both.photo is UNSET
    assert both.settings == {"beta": {"maximum": 9, "value": 5.0}, "seed": 2}
    photo = np.zeros((2, 2, 3), np.uint8)
    assert View(photo=photo).then(View()).photo is photo


def test_a_mistake_is_one_sentence_and_changes_nothing(page: Page, sentences: list[str]) -> None:
    def refuse(values: Controls) -> View:
        raise InputError("the seed is -1")

    def refuse_later(values: Controls) -> Iterator[View]:
        yield View(status="so far")
        raise InputError("that was all")

    assert call(page, refuse) == NOTHING
    assert call(page, refuse_later) == [{page.status: "so far"}, NOTHING]
    assert sentences == ["The seed is -1.", "That was all."]


def test_a_mistake_beside_the_queue_where_gradio_shows_no_warnings_is_said_by_the_page(models: Models) -> None:
    def refuse(values: Controls) -> View:
        raise InputError("the set was not saved")

    with gr.Blocks() as demo:
        page = _lay_out(models, "faces")[0]
        event = page.at_once(page.painter.change, refuse, changes=[page.status])
    function: Any = demo.fns[event["id"]]
    answer = function.fn(*inputs().values())
    assert function.outputs == [page.status, page.said] and answer[page.said]["text"] == "The set was not saved."
    assert page.status not in answer


def test_a_handler_that_gives_nothing_changes_nothing(page: Page) -> None:
    def nothing(values: Controls) -> Iterator[View]:
        yield from ()

    assert call(page, nothing) == [NOTHING]


def test_cancelled_work_is_not_mentioned(page: Page, sentences: list[str]) -> None:
    def stop(values: Controls) -> View:
        raise Cancelled

    assert call(page, stop) == NOTHING and not sentences


def test_handlers_get_their_own_inputs_the_event_and_the_progress(page: Page) -> None:
    said: list[Any] = []

    def handler(values: Controls, color: str, event: gr.EventData, progress: gr.Progress = gr.Progress()) -> None:  # noqa: B008
        said.extend([values.steps, color, event, progress])

    function = page._call(handler, 1, False)
    assert len(inspect.signature(function).parameters) == len(Controls.inputs()) + 3
    values = [*inputs().values(), "#fff"]
    event = gr.EventData(None, {"link": 1})
    filled, progress_at, event_at, _ = special_args(function, values, event_data=event)
    assert (event_at, progress_at) == (len(values) - 2, len(values) - 1)
    assert function(*filled) is None
    assert said[:2] == [4, "#fff"] and said[2].link == 1 and isinstance(said[3], gr.Progress)


def test_what_a_visit_consists_of_knows_no_user_interface() -> None:
    folder = Path(__file__).parents[2] / "app" / "state"
    files = list(folder.glob("*.py"))
    assert len(files) > 10
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level < 2, f"{file.name} imports from another room of the app"
                names = [node.module or ""]
            assert not any(name.split(".")[0] in ("gradio", "app") for name in names), file.name
