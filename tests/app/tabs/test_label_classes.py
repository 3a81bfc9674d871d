"""The classes of the set: a palette that ships, a table of one's own, and what the model proposes in them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from app.actions.models import Models
from app.state.own_palette import rows_of
from app.state.session import Session
from app.tabs import CheckTab, LabelTab
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette

from ..conftest import FakePipeline, controls, last
from .conftest import canvas, here


def test_own_classes_get_what_has_their_names(tab: LabelTab, session: Session, models: Models) -> None:
    rows = [
        {"id": None, "name": "thing", "color": "#000001"},
        {"id": None, "name": "Skin", "color": "#000002"},
    ]
    views = list(tab.use_classes(here(session), rows))
    assert session.labelled is not None and session.labelled.own
    assert canvas(views).max() == 1 and "The model faces proposes skin" in last(views).status
    assert [c["name"] for c in views[0].painter["classes"]] == ["thing", "Skin"]
    with pytest.raises(InputError, match="whose classes are not this model's"):
        CheckTab.check(CheckTab.__new__(CheckTab), controls(session))


def test_classes_without_a_model_start_empty(tab: LabelTab, photos: list[str], pipeline: FakePipeline) -> None:
    session = Session("faces")
    assert list(tab.choose_classes(controls(session), "own"))[0].status == "2 classes. Open the photos that have them."
    views = list(tab.open(controls(session), photos))
    assert canvas(views).max() == 0 and not pipeline.calls
    assert "No class here has the name" in last(views).status


def test_a_menu_that_is_left_without_a_choice_keeps_classes_of_ones_own(tab: LabelTab) -> None:
    session = Session("faces")
    rows = [{"name": n, "color": c} for n, c in (("ground", "#102030"), ("cat", "#405060"), ("dog", "#708090"))]
    list(tab.use_classes(controls(session), rows))
    (shown,) = (tab.classes.show(controls(session)).parts[tab.classes.start],)
    assert shown == "own" and list(tab.choose_classes(controls(session), shown)) == []
    assert session.labelled is not None and [c.name for c in session.labelled.palette.classes] == [
        "ground",
        "cat",
        "dog",
    ]


def test_a_palette_file_is_the_tables(tab: LabelTab, session: Session) -> None:
    rows = rows_of(load_palette("celebamask_hq"))
    file = tab.classes.save_palette(controls(session), rows).download
    assert isinstance(file, dict) and b"foreign" in base64.b64decode(file["url"].split(",")[1])
    rows[1]["name"] = "face"
    file = tab.classes.save_palette(controls(session), rows).download
    assert isinstance(file, dict) and b'"face"' in base64.b64decode(file["url"].split(",")[1])


def typed(*names: str) -> list[dict[str, object]]:
    """The table as the page sends it after somebody changed it."""
    return [{"id": None, "name": n, "color": f"#0000{i:02x}", "mirror": "", "typed": True} for i, n in enumerate(names)]


def test_photos_that_are_opened_have_the_classes_that_were_typed(tab: LabelTab, photos: list[str]) -> None:
    session = Session("faces")
    list(tab.choose_classes(controls(session), "own"))
    views = list(tab.open(controls(session), photos, rows=typed("air", "hair", "hat")))
    assert [c["name"] for c in views[0].painter["classes"]] == ["air", "hair", "hat"]
    assert session.labelled is not None and len(session.labelled.items) == 3
    more = list(tab.open(controls(session), photos, rows=typed("air", "hair", "hat", "bird")))
    assert len(more[0].painter["classes"]) == 4 and len(session.labelled.items) == 6


def test_what_is_wrong_with_classes_that_were_typed_is_said_before_photos_are_opened(
    tab: LabelTab, photos: list[str]
) -> None:
    session = Session("faces")
    with pytest.raises(InputError, match="a class has no name.*No photos were opened: mend your classes"):
        list(tab.open(controls(session), photos, rows=typed("air", "")))
    assert session.labelled is None


def test_rows_that_nobody_changed_are_no_classes_of_a_set(tab: LabelTab, photos: list[str]) -> None:
    """Such as those of the model before: the table may not have the present ones yet."""
    session = Session("faces")
    list(tab.open(controls(session), photos, rows=rows_of(load_palette("cityscapes"))))
    assert session.labelled is not None and session.labelled.palette == load_palette("celebamask_hq")


def test_a_saved_set_that_comes_with_its_classes_says_so(tab: LabelTab, drawn: Path) -> None:
    session = Session("faces")
    files = [str(p) for p in [drawn / "palette.json", *(drawn / "images").iterdir()]]
    views = list(tab.open(controls(session), files, rows=typed("air", "hair")))
    assert session.labelled is not None and len(session.labelled.palette.classes) == 13
    assert "those that you typed are not in use" in last(views).status
