"""The tab "Label": proposals, corrections, and going from photo to photo."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest

from app.actions.labelling import spots
from app.actions.painting import Painting
from app.actions.walking import Walking
from app.controls import UNSET, View
from app.state.own_palette import rows_of
from app.state.session import Cancelled, Session
from app.tabs import LabelTab
from semflow_core.errors import InputError
from semflow_core.requests.packing import unpack_labels

from ..conftest import FakePipeline, controls, last
from .conftest import canvas, here


def test_the_first_photo_comes_with_what_the_model_reads(tab: LabelTab, photos: list[str]) -> None:
    session = Session("faces")
    views = list(tab.open(controls(session), photos))
    assert canvas(views[:1]).max() == 0 and views[0].painter["photo"].startswith("data:image/jpeg")
    pixels = session.labelled.item.pixels() if session.labelled else None
    assert pixels is not None and np.array_equal(canvas(views), (pixels[..., 0] > 127).astype(np.uint8))
    assert [v.status for v in views if v.status is not UNSET][0] == "Reading photo 1 of 3 …"
    assert last(views).status == "0 of 3 accepted. Photo 1 of 3: 0001. Correct the proposal, then Enter."


def test_an_empty_canvas_is_not_accepted_before_its_proposal_is_there(
    tab: LabelTab, photos: list[str], pipeline: FakePipeline
) -> None:
    session = Session("faces")
    views = tab.open(controls(session), photos)
    next(views)  # the photo alone
    (said,) = tab.accept_item(here(session))
    assert "still reading this photo" in str(said.status) and not said.parts
    assert session.labelled is not None and session.labelled.at == 0 and not session.labelled.accepted
    pipeline.before_step = lambda i: session.cancel_running()  # a stroke stops the reading; it was taken back
    with pytest.raises(Cancelled):
        list(views)
    pipeline.before_step = lambda i: None
    empty = controls(session, np.zeros((256, 256), np.uint8))
    tab.labelling.ahead(empty)
    assert canvas(tab.accept_item(empty)).max() == 1 and not session.labelled.accepted  # the proposal comes first
    list(tab.accept_item(controls(session, np.zeros((256, 256), np.uint8))))  # seen, and all background it is
    assert len(session.labelled.accepted) == 1


def test_a_proposal_that_comes_ahead_while_its_photo_is_shown_is_shown(tab: LabelTab, photos: list[str]) -> None:
    session = Session("faces")
    views = tab.open(controls(session), photos)
    next(views)  # the photo alone
    tab.labelling.ahead(controls(session, np.zeros((256, 256), np.uint8)))
    assert canvas(views).max() == 1
    list(tab.accept_item(here(session)))
    assert session.labelled is not None and len(session.labelled.accepted) == 1


def test_a_painted_canvas_is_accepted_before_its_proposal_is_there(tab: LabelTab, photos: list[str]) -> None:
    session = Session("faces")
    next(tab.open(controls(session), photos))
    list(tab.accept_item(controls(session, np.full((256, 256), 2, np.uint8))))
    assert session.labelled is not None and len(session.labelled.accepted) == 1


def test_the_next_photo_is_read_ahead_and_only_one(tab: LabelTab, session: Session, pipeline: FakePipeline) -> None:
    for _ in range(3):
        tab.labelling.ahead(controls(session))
    assert len(pipeline.calls) == 2
    views = list(tab.accept_item(controls(session, np.ones((256, 256), np.uint8))))
    assert len(pipeline.calls) == 2 and canvas(views[:1]).max() == 1  # it is there at once


def test_reading_ahead_stops_when_something_else_is_opened(
    tab: LabelTab, session: Session, pipeline: FakePipeline
) -> None:
    pipeline.before_step = lambda i: session.close()
    with pytest.raises(Cancelled):
        tab.labelling.ahead(controls(session))
    assert session.labelled is not None and session.labelled.items[1].proposal is None


def test_going_back_shows_what_was_there(tab: LabelTab, session: Session) -> None:
    painted = np.full((256, 256), 7, np.uint8)
    list(tab.go(1, controls(session, painted)))
    views = list(tab.go(-1, controls(session, np.zeros((256, 256), np.uint8))))
    assert canvas(views).min() == 7 and last(views).status.endswith("As you left it.")


@pytest.mark.parametrize("press", ["back", "accept", "return", "classes", "save", "open"])
def test_a_canvas_of_the_photo_before_is_written_onto_no_other(
    tab: LabelTab, session: Session, photos: list[str], press: str
) -> None:
    labelled = session.labelled
    assert labelled is not None
    list(tab.accept_item(controls(session, np.full((256, 256), 3, np.uint8))))
    list(tab.accept_item(controls(session, np.full((256, 256), 4, np.uint8))))
    late = controls(session, np.full((256, 256), 5, np.uint8))  # photo 3, which the page shows still
    list(tab.go(-1, late))  # its answer is on its way: photo 2
    handlers: dict[str, Any] = {
        "back": lambda: list(tab.go(-1, late)),
        "accept": lambda: list(tab.accept_item(late)),
        "return": lambda: [*tab.return_to_set(late), *tab.go(1, late)],
        "classes": lambda: list(tab.use_classes(late, rows_of(labelled.palette))),
        "save": lambda: tab.train.save_set(late, "set", 30),
        "open": lambda: list(tab.open(late, photos[:1])),
    }
    with contextlib.nullcontext() if press != "accept" else pytest.raises(InputError, match="once its photo is there"):
        handlers[press]()
    masks = [int(item.mask(labelled.palette).max()) for item in labelled.items[:3]]
    assert masks == [3, 4, 5] and [item.accepted for item in labelled.items[:3]] == [True, True, False]


def test_strokes_paint_nothing_and_no_path_is_walked(
    tab: LabelTab, session: Session, painting: Painting, walking: Walking, pipeline: FakePipeline
) -> None:
    before = len(pipeline.calls)
    assert last(painting.paint_if_live(controls(session))) == View()
    with pytest.raises(Cancelled):
        walking.walk_ahead(controls(session))
    assert len(pipeline.calls) == before


def test_unsure_regions_are_wider_than_the_lines_between_classes() -> None:
    margin = np.ones((256, 256), np.float32)
    margin[:, 126:129] = 0.1  # a border
    margin[20:60, 20:60] = 0.6
    margin[150:200, 150:200] = 0.0
    labels = np.zeros((256, 256), np.uint8)
    labels[150:200, 190:] = 1
    numbers = spots(margin, labels)
    assert numbers[175, 175] == 1 and numbers[175, 195] == 2 and numbers[40, 40] == 3 and numbers[100, 127] == 0
    assert not spots(np.ones((64, 64), np.float32), labels[:64, :64]).any()


def test_the_overlay_and_the_regions_are_the_proposals(
    tab: LabelTab, photos: list[str], pipeline: FakePipeline
) -> None:
    session, segment = Session("faces"), FakePipeline.segment

    def unsure(request: Any, progress: Any = None) -> Any:
        result = segment(pipeline, request, progress)
        result.margin[100:140, 100:140] = 0.1
        return result

    pipeline.segment = unsure  # type: ignore[method-assign]
    views = list(tab.open(controls(session), photos, True))
    shown = [v.painter for v in views if v.painter.get("heat")][-1]
    assert unpack_labels(shown["spots"])[120, 120] == 1
    assert tab.show_doubt(controls(session), False).painter["heat"] == ""
