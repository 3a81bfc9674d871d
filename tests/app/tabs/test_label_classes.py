"""The classes of the set: a palette that ships, a table of one's own, and what the model proposes in them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from app.actions.models import Models
from app.controls import View
from app.state.own_palette import rows_of
from app.state.session import Session
from app.tabs import CheckTab, LabelTab
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette

from ..conftest import FakePipeline, controls, last
from .conftest import canvas, here, unzip


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
    assert len(more[0].painter["classes"]) == 4 and len(session.labelled.items) == 3  # the same photos


def test_what_is_wrong_with_classes_that_were_typed_is_said_before_photos_are_opened(
    tab: LabelTab, photos: list[str]
) -> None:
    session = Session("faces")
    with pytest.raises(InputError, match="a class has no name.*No photos were opened: mend your classes"):
        list(tab.open(controls(session), photos, rows=typed("air", "")))
    assert session.labelled is None


def test_a_set_is_saved_with_the_classes_that_were_typed(
    tab: LabelTab, session: Session, pipeline: FakePipeline
) -> None:
    labelled = session.labelled
    assert labelled is not None
    list(tab.accept_item(controls(session, np.full((256, 256), 3, np.uint8))))
    rows = [{**row, "typed": True} for row in rows_of(labelled.palette)]
    rows[2]["name"] = "left brow of a cat"
    rows.append({"id": None, "name": "whisker", "color": "#010203", "mirror": "", "typed": True})
    files = unzip(tab.save_set(here(session), "cats", 60, rows))
    classes = json.loads(files.read("cats/palette.json"))["classes"]
    assert [c["name"] for c in classes] == [row["name"] for row in rows]
    assert "cats/to_do/0002.jpg" in files.namelist() and "cats/to_do/0002.draft.png" not in files.namelist()
    views = list(tab.show_saved(controls(session, (labelled.item.pixels()[..., 0] > 127).astype(np.uint8))))
    assert len(views[0].painter["classes"]) == 20 and last(views).status.endswith("with the classes that you typed.")
    assert labelled.item.labels is None and labelled.item.proposal is not None  # nobody corrected it
    assert list(tab.show_saved(here(session))) == [View()]


def test_strokes_after_a_set_was_saved_with_typed_classes_stay(tab: LabelTab, session: Session) -> None:
    assert session.labelled is not None
    rows = [{**row, "typed": True} for row in rows_of(session.labelled.palette)]
    rows[1]["name"] = "hide"
    tab.save_set(here(session), "cats", 60, rows)
    views = list(tab.show_saved(controls(session, np.full((256, 256), 5, np.uint8))))
    assert canvas(views).min() == 5


def test_what_is_wrong_with_typed_classes_is_said_before_the_set_is_saved(tab: LabelTab, session: Session) -> None:
    assert session.labelled is not None
    list(tab.accept_item(controls(session, np.full((256, 256), 3, np.uint8))))
    rows = [{**row, "typed": True} for row in rows_of(session.labelled.palette)]
    palette = session.labelled.palette
    for wrong, words in (([*rows, {**rows[0], "id": None, "name": ""}], "no name"), (rows[:3], "is in 1 picture")):
        with pytest.raises(
            InputError, match=f"{words}.* Nothing was saved: mend your classes, then save the set again"
        ):
            tab.save_set(here(session), "cats", 60, wrong)
    assert session.labelled.palette == palette and session.labelled.unsaved


def test_a_set_that_is_not_on_the_canvas_is_saved_with_typed_classes_too(tab: LabelTab, session: Session) -> None:
    assert session.labelled is not None
    rows = [{**row, "typed": True} for row in rows_of(session.labelled.palette)]
    rows[1]["name"] = "hide"
    tab.leave_set(here(session))
    assert b'"hide"' in unzip(tab.save_set(controls(session), "cats", 60, rows)).read("cats/palette.json")
    (view,) = tab.show_saved(controls(session))
    assert view.parts[tab.classes.table][1]["name"] == "hide" and not view.painter


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
