"""A set remembers which model proposed its layouts: it is shown, saved, and chosen when the set is opened again."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.controls import View
from app.state.session import Session
from app.tabs import LabelTab

from ..conftest import controls, last
from .conftest import here, unzip


@pytest.fixture
def saved(tab: LabelTab, photos: list[str], tmp_path: Path) -> Path:
    """A set of three photos, one accepted, with proposals of the model of streets."""
    session = Session("streets")
    list(tab.open(controls(session), photos))
    list(tab.accept_item(here(session)))
    view = tab.train.save_set(here(session), "town", 60)
    path = tmp_path / "town.zip"
    with zipfile.ZipFile(path, "w") as archive, unzip(view) as files:
        for name in files.namelist():
            archive.writestr(name, files.read(name))
    return path


def changed(path: Path, progress: bytes | None) -> str:
    """The zip with another progress file, or none."""
    buffer = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if not name.endswith("progress.json"):
                new.writestr(name, old.read(name))
        if progress is not None:
            new.writestr("town/progress.json", progress)
    return str(path)


def line(tab: LabelTab, views: list[View]) -> str:
    return [view.parts[tab.line.progress] for view in views if tab.line.progress in view.parts][-1]


def test_a_saved_set_is_opened_with_the_model_that_proposed(tab: LabelTab, saved: Path) -> None:
    session = Session("faces")
    mine = np.full((256, 256), 13, np.uint8)
    views = list(tab.open(controls(session, mine), str(saved)))
    assert views[0].model == "streets" and session.model == "streets" and session.labelling is not None
    assert line(tab, views) == "1 of 3 accepted. Photo 2 of 3: 0002. Proposed by the model streets."
    assert "Correct the proposal" in str(last(views).status)  # not "the other classes are yours to paint"
    left = tab.leave_set(controls(session))
    assert left.painter["value"].shape == (256, 512)  # the streets' own canvas
    assert np.array_equal(session.models["faces"].canvas.labels, mine)  # pyright: ignore[reportOptionalMemberAccess]


def test_photos_alone_choose_no_model_and_are_proposed_by_the_chosen_one(tab: LabelTab, photos: list[str]) -> None:
    session = Session("faces")
    views = list(tab.open(controls(session), photos))
    assert not views[0].model
    assert line(tab, views) == "0 of 3 accepted. Photo 1 of 3: 0001. Proposed by the model faces."


def test_a_model_that_is_not_here_is_named(tab: LabelTab, saved: Path) -> None:
    session = Session("faces")
    views = list(tab.open(controls(session), changed(saved, b'{"model": "<b>gone</b>"}')))
    words = "Its layouts were proposed by the model <b>gone</b>, which is not here; faces goes on."
    assert words in str(last(views).status) and session.model == "faces" and not views[0].model


@pytest.mark.parametrize("progress", [None, b"", b"[", b"[1]", b'{"model": 3}', b'{"model": "' + b"a" * 999 + b'"}'])
def test_a_set_without_a_progress_file_or_with_a_damaged_one_opens(
    tab: LabelTab, saved: Path, progress: bytes | None
) -> None:
    session = Session("faces")
    views: Any = list(tab.open(controls(session), changed(saved, progress)))
    assert session.model == "faces" and session.labelled is not None and len(session.labelled.items) == 3
    assert "not here" not in str(last(views).status)
