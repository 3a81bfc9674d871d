"""The set as a folder to train on: its name, what is saved, the command, and what is asked before a new one."""

from __future__ import annotations

import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.state.own_palette import rows_of
from app.state.session import Session
from app.tabs import LabelTab
from semflow_core.errors import InputError

from ..conftest import controls, last
from .conftest import canvas, here, unzip


def test_a_reopened_set_has_its_name_and_minutes(tab: LabelTab, session: Session, tmp_path: Path) -> None:
    for _ in range(2):
        list(tab.accept_item(here(session)))
    archive = unzip(tab.train.save_set(here(session), "my dogs", 120))
    archive.extractall(tmp_path)
    files = [str(p) for p in (tmp_path / "my_dogs").rglob("*") if p.is_file()]  # a browser drops the folders
    renamed = tmp_path / "my_dogs (1).zip"
    with zipfile.ZipFile(renamed, "w") as copy:
        for name in archive.namelist():
            copy.writestr(name, archive.read(name))
    for opened in (files, [str(renamed)]):
        again = Session("faces")
        views = list(tab.open(controls(again), opened))
        assert again.labelled is not None and (again.labelled.name, again.labelled.minutes) == ("my_dogs", 120)
        assert views[0].parts[tab.train.name] == "my_dogs" and views[0].parts[tab.train.minutes] == 120
        assert "train my_dogs/train.yaml" in views[0].parts[tab.train.command]
        saved = unzip(tab.train.save_set(here(again), "my_dogs", 120))
        assert saved.read("my_dogs/train.yaml") == archive.read("my_dogs/train.yaml")


def test_a_saved_set_that_is_opened_into_itself_is_there_once(tab: LabelTab, session: Session, tmp_path: Path) -> None:
    list(tab.accept_item(here(session)))
    archive = unzip(tab.train.save_set(here(session), "my dogs", 120))
    archive.extractall(tmp_path)
    photos = [str(p) for p in sorted((tmp_path / "my_dogs").rglob("*.jpg"))]
    count = len(session.labelled.items) if session.labelled is not None else 0
    views = list(tab.open(here(session), [str(p) for p in (tmp_path / "my_dogs").rglob("*") if p.is_file()]))
    assert session.labelled is not None and len(session.labelled.items) == count and len(session.labelled.accepted) == 1
    assert f"{count} that the set has already were left out." in str(last(views).status)
    # photos opened first, and their masks with the saved set
    fresh = Session("faces")
    list(tab.open(controls(fresh), photos))
    list(tab.open(here(fresh), [str(p) for p in (tmp_path / "my_dogs").rglob("*") if p.is_file()]))
    assert fresh.labelled is not None and len(fresh.labelled.items) == count and len(fresh.labelled.accepted) == 1


def test_a_name_that_somebody_typed_stays(tab: LabelTab, photos: list[str], tmp_path: Path) -> None:
    holiday = tmp_path / "Holiday 2.zip"
    with zipfile.ZipFile(holiday, "w") as archive:
        archive.write(photos[0], "a.jpg")
    named, unnamed, more = Session("faces"), Session("faces"), Session("faces")
    list(tab.open(controls(named), [str(holiday)], False, "Spring", 30))
    list(tab.open(controls(unnamed), [str(holiday)]))
    list(tab.open(controls(more), photos))
    list(tab.open(here(more), [str(holiday)]))
    sets = [session.labelled for session in (named, unnamed, more)]
    assert [one.name for one in sets if one is not None] == ["Spring", "Holiday_2", "my_set"]
    assert sets[0] is not None and sets[0].minutes == 30
    with pytest.raises(InputError, match="not saved"):
        tab.forget(here(named))
    assert tab.forget(here(named)).parts[tab.train.name] == "my_set"


@pytest.mark.parametrize(
    "folder, name",
    [
        ("Summer 24", "Summer_24"),
        ("images", "my_set"),
        ("../..", "my_set"),
        ("", "my_set"),
        (None, "my_set"),
        (7, "my_set"),
    ],
)
def test_a_folder_names_the_set(tab: LabelTab, photos: list[str], folder: Any, name: str) -> None:
    unnamed, named = Session("faces"), Session("faces")
    views = list(tab.open(controls(unnamed), photos, False, "my_set", 60, folder))
    assert unnamed.labelled is not None and unnamed.labelled.name == name == views[0].parts[tab.train.name]
    list(tab.open(controls(named), photos, False, "Spring", 60, folder))
    assert named.labelled is not None and named.labelled.name == "Spring"


def test_corrected_masks_are_saved_as_they_were_accepted(tab: LabelTab, session: Session) -> None:
    masks = [np.full((256, 256), i, np.uint8) for i in (3, 4)]
    list(tab.accept_item(controls(session, masks[0])))
    views = list(tab.accept_item(controls(session, masks[1])))
    assert last(views).status.startswith("2 of 3 accepted. Photo 3 of 3: 0003.")
    archive = unzip(tab.train.save_set(controls(session, canvas(views)), "set", 30))
    names = {"images/0001.jpg", "images/0002.jpg", "masks/0001.png", "masks/0002.png", "to_do/0003.jpg"}
    assert set(archive.namelist()) == {
        f"set/{name}" for name in (*names, "palette.json", "progress.json", "train.yaml")
    }
    assert b"minutes: 22.5" in archive.read("set/train.yaml")
    assert json.loads(archive.read("set/palette.json"))["name"] == "celebamask_hq"


def test_a_set_is_saved_without_minutes_and_without_anything_accepted(tab: LabelTab, session: Session) -> None:
    view = tab.train.save_set(here(session), "set", 30)
    assert "set/to_do/0001.jpg" in unzip(view).namelist() and "There is no train.yaml: the set has 0" in str(
        view.status
    )
    for _ in range(2):
        list(tab.accept_item(here(session)))
    view = tab.train.save_set(here(session), "set", None)
    assert "set/masks/0002.png" in unzip(view).namelist() and "There is no train.yaml: the training" in str(view.status)
    view = tab.train.save_set(here(session), "set", 30)
    assert "set/train.yaml" in unzip(view).namelist()
    assert view.status == "Saved 2 of 3 photos with masks; the others are in it, too."
    list(tab.accept_item(here(session)))
    assert tab.train.save_set(here(session), "set", 30).status == "Saved 3 of 3 photos with masks."


def test_masks_without_a_photo_are_named(tab: LabelTab, drawn: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in ("images/0001.jpg", "masks/0001.png", "masks/0002.png", "palette.json"):
            archive.write(drawn / path, path)
    views = list(tab.open(controls(Session("faces")), [str(tmp_path / "set.zip")]))
    assert str(last(views).status).endswith("Masks without a photo: 0002.png.")


def test_a_new_set_asks_once_where_work_would_be_lost(tab: LabelTab, session: Session) -> None:
    list(tab.accept_item(controls(session)))
    with pytest.raises(InputError, match="not saved"):
        tab.forget(controls(session))
    tab.forget(controls(session))
    assert session.labelled is None


def test_a_new_set_brings_back_what_was_on_the_canvas_before(tab: LabelTab, photos: list[str]) -> None:
    """So that a model never takes the mask of a photo for its own canvas."""
    session, painted = Session("faces"), np.full((256, 256), 4, np.uint8)
    list(tab.open(controls(session, painted), photos))
    list(tab.go(1, controls(session)))
    with suppress(InputError):  # it asks where work would be lost
        tab.forget(here(session))
    view = tab.forget(here(session))
    assert session.labelled is None and np.array_equal(view.painter["value"], painted)
    assert view.status == "Open photos for a new set."


def test_a_new_set_asks_again_after_more_work(tab: LabelTab, session: Session) -> None:
    work: list[Any] = [
        lambda: list(tab.accept_item(controls(session, np.full((256, 256), 2, np.uint8)))),
        lambda: list(tab.use_classes(here(session), [*rows_of(tab.classes.palette(here(session)))[::-1]])),
        lambda: list(tab.choose_classes(here(session), "celebamask_hq")),
        lambda: list(tab.go(1, controls(session, np.full((256, 256), 3, np.uint8)))),
    ]
    for step in work:
        with pytest.raises(InputError, match="not saved"):
            tab.forget(here(session))
        assert session.labelled is not None
        step()
    with pytest.raises(InputError, match="not saved"):
        tab.forget(here(session))
    painted = controls(session, np.full((256, 256), 5, np.uint8))
    with pytest.raises(InputError, match="not saved"):  # a stroke is work, too
        tab.forget(painted)
    tab.forget(painted)
    assert session.labelled is None


def test_the_command_stands_where_two_are_accepted(tab: LabelTab, session: Session) -> None:
    assert "Two accepted photos" in str(tab.show_parts(controls(session)).parts[tab.train.command])
    for _ in range(2):
        list(tab.accept_item(controls(session)))
    text = tab.train.plan(controls(session), "my dogs", 120).parts[tab.train.command]
    assert "python -m semflow_core train my_dogs/train.yaml" in text and "About 2 hours on two CPU cores" in text
    assert "must have 1 to" in tab.train.plan(controls(session), "dogs", -3).parts[tab.train.command]
