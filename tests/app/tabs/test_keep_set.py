"""A page that is loaded anew: the set that was labelled comes back for its ticket, and for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.actions.models import Models
from app.controls import View
from app.state.label_folder import SetFolder
from app.state.session import Session
from app.tabs import Keeping, LabelTab, OpenSave, SetKeeping
from app.tabs.keep_set import GONE
from semflow_core.method.palette import load_palette
from semflow_core.requests.packing import pack_labels
from tools.drawn import palette

from ..conftest import FakePipeline, controls, last

STORED = {"ticket": "a" * 32}


@pytest.fixture
def keeping(models: Models) -> SetKeeping:
    with gr.Blocks():
        return SetKeeping(LabelTab(models))


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


def sheet(session: Session, value: int) -> Any:
    return controls(session, np.full((256, 256), value, np.uint8))


def ticket(keeping: SetKeeping, views: Any) -> Any:
    return [v.parts[keeping.tab.ticket] for v in views if keeping.tab.ticket in v.parts][-1]


def begun(keeping: SetKeeping, photos: list[str]) -> tuple[Session, Any]:
    """A visit with a set in the middle of its work, and the ticket."""
    session, tab = Session("faces"), keeping.tab
    views = list(tab.open(controls(session), photos, False, "dogs", 90))
    assert len([view for view in views if tab.ticket in view.parts]) == 1
    list(tab.accept_item(sheet(session, 3)))
    return session, {"ticket": tab.shelf.hold(session.labelled)}


def test_everything_of_the_set_is_there_again(
    keeping: SetKeeping, photos: list[str], painting: Any, pipeline: FakePipeline
) -> None:
    session, stored = begun(keeping, photos)
    list(painting.paint_if_live(sheet(session, 5)))  # the last stroke
    read, again, tab = len(pipeline.calls), Session("faces"), keeping.tab
    views = list(keeping.come_back(controls(again), stored))
    view = View()
    for one in views:
        view = view.then(one)
    assert view.tab == "label" and view.painter["value"].labels.min() == 5 and len(pipeline.calls) == read
    assert view.status == "1 of 3 accepted. Photo 2 of 3: 0002. As you left it. The set is as you left it."
    assert (
        view.parts[tab.train.name] == "dogs"
        and view.parts[tab.train.minutes] == 90
        and view.parts[tab.line.accept]["visible"]
    )
    assert again.labelling is not None and again.labelling is not session.labelled
    assert again.labelling.items[0].accepted and again.labelling.items[0].mask(load_palette("celebamask_hq")).max() == 3
    assert ticket(keeping, views) not in (stored, {"ticket": ""})
    list(tab.accept_item(sheet(again, 5)))
    assert session.labelled is not None and len(session.labelled.accepted) == 1  # the other tab's


@pytest.mark.parametrize(
    "number, value, kept",
    [(0, 6, 6), (-1, 6, 5), (9, 6, 5), (0, 200, 5), (0, None, 5)],
    ids=["this photo's", "the one before's", "another set's", "no class", "damaged"],
)
def test_strokes_that_no_server_got_come_back_with_the_set(
    keeping: SetKeeping, photos: list[str], painting: Any, number: int, value: int | None, kept: int
) -> None:
    session, stored = begun(keeping, photos)
    list(painting.paint_if_live(sheet(session, 5)))  # the last one that it got
    assert session.labelled is not None
    text = "256,256;AAAA" if value is None else pack_labels(np.full((256, 256), value, np.uint8))
    again = Session("faces")
    views = list(keeping.come_back(controls(again), {**stored, "canvas": f"{text};{session.labelled.shown + number}"}))
    assert views[0].painter["value"].labels.min() == views[0].painter["value"].labels.max() == kept


def test_a_server_that_was_started_anew_has_the_set_and_its_canvas(
    models: Models, photos: list[str], painting: Any, tmp_path: Path
) -> None:
    with gr.Blocks():
        before, after = (SetKeeping(LabelTab(models, SetFolder(tmp_path / "sets"))) for _ in range(2))
    session, stored = begun(before, photos)
    list(painting.paint_if_live(sheet(session, 5)))
    again = Session("faces")
    views = list(after.come_back(controls(again), stored))
    assert views[0].painter["value"].labels.min() == 5 and again.labelled is not None
    assert last(views).status == "1 of 3 accepted. Photo 2 of 3: 0002. As you left it. The set is as you left it."
    assert ticket(after, views) not in (stored, {"ticket": ""})
    before.tab.train.plan(controls(session), "cats", 30)  # the name that was typed last is there, too
    with gr.Blocks():
        third = SetKeeping(LabelTab(models, SetFolder(tmp_path / "sets")))
    views = list(third.come_back(controls(Session("faces")), stored))
    assert views[0].parts[third.tab.train.name] == "cats" and views[0].parts[third.tab.train.minutes] == 30


def test_a_set_that_was_not_on_the_canvas_waits_for_its_button(keeping: SetKeeping, photos: list[str]) -> None:
    session, stored = begun(keeping, photos)
    keeping.tab.leave_set(sheet(session, 5))
    again = Session("faces")
    view = last(keeping.come_back(controls(again), stored))
    assert again.labelling is None and view.parts[keeping.tab.line.resume]["visible"] and not view.painter
    views = list(keeping.tab.return_to_set(controls(again)))
    assert views[0].painter["value"].labels.min() == 5


def test_classes_without_photos_come_back(keeping: SetKeeping) -> None:
    session, again = Session("faces"), Session("faces")
    views = list(keeping.tab.choose_classes(controls(session), "own"))
    view = last(keeping.come_back(controls(again), ticket(keeping, views)))
    assert again.labelled is not None and session.labelled is not None and not view.painter
    assert again.labelled.palette == session.labelled.palette and again.labelled is not session.labelled


@pytest.mark.parametrize("stored", [STORED, {"ticket": 7}, {"ticket": ["a"]}, {"ticket": {"a": 1}}])
def test_an_unknown_ticket_is_answered_in_a_sentence(
    keeping: SetKeeping, photos: list[str], notices: list[str], stored: Any
) -> None:
    begun(keeping, photos)
    session = Session("faces")
    view = last(keeping.come_back(controls(session), stored))
    assert notices == [GONE] and session.labelled is None
    assert view == View(parts={keeping.tab.ticket: {"ticket": ""}})


@pytest.mark.parametrize("stored", [None, {}, {"ticket": ""}, "text", 7, ["a"]])
def test_a_page_without_a_ticket_opens_as_ever(keeping: SetKeeping, notices: list[str], stored: Any) -> None:
    session = Session("faces")
    assert last(keeping.come_back(controls(session), stored)) == View()
    assert session.labelled is None and not notices
    assert keeping.tab.ticket not in keeping.tab.show_parts(controls(session)).parts  # the browser's stays


def test_a_page_that_has_a_set_keeps_it(keeping: SetKeeping, photos: list[str]) -> None:
    _, stored = begun(keeping, photos)
    session, _ = begun(keeping, photos)
    own = session.labelled
    assert last(keeping.come_back(controls(session), stored)) == View() and session.labelled is own


def test_a_new_set_and_forgetting_drop_the_ticket(keeping: SetKeeping, photos: list[str], notices: list[str]) -> None:
    session, stored = begun(keeping, photos)
    assert keeping.forget(controls(session)).parts[keeping.tab.ticket] == {"ticket": ""}
    list(keeping.come_back(controls(Session("faces")), stored))
    assert notices == [GONE] and keeping.tab.ticket not in keeping.tab.show_parts(controls(session)).parts
    later = ticket(keeping, list(keeping.tab.accept_item(sheet(session, 4))))  # what comes after is kept again
    assert later not in (stored, {"ticket": ""})
    keeping.tab.train.save_set(controls(session), "dogs", 90)
    assert keeping.tab.forget(sheet(session, 0)).parts[keeping.tab.ticket] == {"ticket": ""}
    list(keeping.come_back(controls(Session("faces")), later))
    assert notices == [GONE, GONE]


def test_the_model_paints_nothing_over_a_set_that_came_back(
    keeping: SetKeeping, photos: list[str], models: Models, painting: Any, pipeline: FakePipeline
) -> None:
    _, stored = begun(keeping, photos)
    with gr.Blocks():
        keeper, opener = Keeping(models, painting), OpenSave(models, painting)
    again = Session("faces")
    list(keeping.come_back(controls(again), stored))
    calls = len(pipeline.calls)
    assert not list(keeper.paint_missing(sheet(again, 1))) and not list(opener.finish_open(sheet(again, 1)))
    assert len(pipeline.calls) == calls
    keeping.tab.leave_set(sheet(again, 1))  # the model's layout comes, and gets its picture
    assert last(keeper.paint_missing(sheet(again, 1))).photo is not None
    assert not list(keeper.paint_missing(sheet(again, 1)))  # it has one


def test_classes_of_its_own_come_back(keeping: SetKeeping, photos: list[str], tmp_path: Path) -> None:
    file = tmp_path / "palette.json"
    file.write_text(palette().to_json())
    fresh = Session("faces")
    views = list(keeping.tab.open(controls(fresh), [str(file), *photos]))
    again = Session("faces")
    back = list(keeping.come_back(controls(again), ticket(keeping, views)))
    assert len(back[0].painter["classes"]) == len(palette().classes) and again.labelling is not None
    assert again.labelling.own
