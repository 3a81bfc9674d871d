"""What something else took the place of: undo brings it back, with its photo, its edits and its regions."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import numpy as np
import pytest

import app.state.landings as landings
from app.actions.models import Models
from app.actions.opening import land_layout, open_photo, turn_to_landing
from app.actions.painting import UNCHANGED, WAITING, Painting
from app.state.landings import MAX_LEFT
from app.state.regions import Regions
from app.state.session import Session
from app.tabs import EditTab

from ..actions.test_opening import save_picture
from ..conftest import FakePipeline, controls, last
from .test_session import with_hat


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return Path(save_picture(tmp_path / "photo.png", (300, 300)))


def test_an_undo_brings_back_a_photo_with_its_edit_and_its_colours(
    painting: Painting, pipeline: FakePipeline, photo: Path
) -> None:
    session = Session("faces")
    opened = open_photo(photo, session, pipeline)
    hat, number = with_hat(opened.painter["value"]), opened.painter["landing"]
    session.current.regions.set_offset((13,), (0.5, 0.0, 0.0))
    edited = last(painting.paint_if_live(controls(session, hat)))
    before, regions = session.current.opened, session.current.regions

    view = land_layout(np.full((256, 256), 1, np.uint8), session, pipeline)
    other = view.painter["landing"]
    assert session.current.opened is None and session.current.regions == Regions() and other not in (0, number)

    calls = len(pipeline.calls)
    back = last(painting.paint_if_live(controls(session, hat, landing=number)))
    assert session.current.opened is before and session.current.editing and session.current.regions is regions
    assert np.array_equal(back.photo, edited.photo) and len(pipeline.calls) == calls  # from memory
    shown = turn_to_landing(controls(session, hat, landing=number), pipeline)
    assert shown.painter["photo"] == opened.painter["photo"] and shown.before == opened.before

    gone = turn_to_landing(controls(session, view.painter["value"], landing=other), pipeline)  # redo
    assert session.current.opened is None and not session.current.shows_opened
    assert gone.painter["photo"] == "" and gone.before == ""
    assert turn_to_landing(controls(session, hat, landing=number), pipeline).painter["photo"]  # and undo again
    assert session.current.opened is before


def test_an_undo_over_an_accepted_edit_goes_back_to_the_photo_before_it(
    models: Models, painting: Painting, pipeline: FakePipeline, photo: Path
) -> None:
    session = Session("faces")
    opened = open_photo(photo, session, pipeline)
    plain, number = opened.painter["value"], opened.painter["landing"]
    last(painting.paint_if_live(controls(session, with_hat(plain))))
    edited = session.current.photo
    with gr.Blocks():
        tab = EditTab(models, painting, EditTab.make_mode())
    accepted = tab.accept_edit(controls(session, with_hat(plain)))
    assert session.current.opened is not None and session.current.opened.base is edited
    assert accepted.painter["landing"] == session.current.landing != number

    undone = last(painting.paint_if_live(controls(session, plain, landing=number)))
    assert undone.status == UNCHANGED and undone.photo is opened.photo  # no edit that paints the hat away
    redone = last(painting.paint_if_live(controls(session, with_hat(plain), landing=accepted.painter["landing"])))
    assert redone.status == UNCHANGED and redone.photo is edited


def test_before_a_photo_there_was_none(painting: Painting, pipeline: FakePipeline, photo: Path) -> None:
    session = Session("faces")
    layout = with_hat(np.full((256, 256), 1, np.uint8))
    open_photo(photo, session, pipeline)
    turn_to_landing(controls(session, layout, landing=0), pipeline)
    view = last(painting.paint_if_live(controls(session, layout, live=False)))
    request = controls(session, layout).request()
    assert view.status == WAITING and session.current.in_mode(request) is request and not session.current.editing


def test_the_photo_as_it_was_is_shown_without_live_mode(
    painting: Painting, pipeline: FakePipeline, photo: Path
) -> None:
    session = Session("faces")
    opened = open_photo(photo, session, pipeline)
    land_layout(np.full((256, 256), 1, np.uint8), session, pipeline)
    back = controls(session, opened.painter["value"], landing=opened.painter["landing"], live=False)
    view = last(painting.paint_if_live(back))
    assert view.status == UNCHANGED and view.photo is opened.photo


def test_photos_beyond_the_bound_leave_their_layout_only(
    pipeline: FakePipeline, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session("faces")
    first, second, third = (open_photo(photo, session, pipeline).painter["landing"] for _ in range(3))
    assert session.current.opened is not None
    size = sum({id(p): p.nbytes for p in session.current.opened.pictures()}.values())
    # twice 300 x 300 pixels of three bytes, the file's own, and the layout with its margin of four bytes a pixel
    assert 2 * 300 * 300 * 3 + 5 * 256 * 256 <= size <= 4 * 300 * 300 * 3 + 6 * 256 * 256
    monkeypatch.setattr(landings, "MAX_BYTES", 2 * size)
    said: list[str] = []
    monkeypatch.setattr("app.actions.opening.gr.Info", said.append)
    land_layout(np.full((256, 256), 1, np.uint8), session, pipeline)
    layout = np.full((256, 256), 1, np.uint8)
    for number, is_there in ((third, True), (second, True), (first, False)):
        session.current.turn_to(number)
        assert (session.current.opened is not None) is is_there and session.current.dropped is not is_there
    turn_to_landing(controls(session, layout), pipeline)
    assert len(said) == 1 and "too large" in said[0]


def test_as_many_landings_are_kept_as_the_canvas_has_steps(pipeline: FakePipeline) -> None:
    session = Session("faces")
    for _ in range(MAX_LEFT + 5):
        session.close()
    assert len(session.current.left) == MAX_LEFT and session.current.landing not in session.current.left


def test_what_nobody_knows_is_a_layout_without_a_photo(pipeline: FakePipeline, photo: Path) -> None:
    session = Session("faces")
    open_photo(photo, session, pipeline)
    session.current.turn_to(12345)
    assert session.current.opened is None and session.current.landing == 12345 and not session.current.dropped
