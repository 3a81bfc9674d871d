"""Project files of edited photos: what is saved comes back, to the byte."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.actions import Actions
from app.editing import EditTab
from app.session import Session
from semflow_core.requests.packing import pack_labels, pack_photo

from .conftest import FakePipeline
from .test_session import with_hat

SETTINGS = (4, 7, "euler", "quadratic", 40.0)


def last(steps: Iterator[Any]) -> Any:
    return list(steps)[-1]


def save(actions: Actions, session: Session, labels: np.ndarray, folder: Path) -> Path:
    saved = actions.save("project", session, "faces", labels, *SETTINGS)
    file = folder / saved["name"]
    file.write_bytes(base64.b64decode(saved["url"].split(",")[1]))
    return file


def paint(actions: Actions, session: Session, labels: np.ndarray) -> np.ndarray:
    steps, seed, *how = SETTINGS
    return last(actions.paint(session, "faces", labels, steps, seed, True, *how))[0]


def reopen(actions: Actions, file: Path) -> tuple[Session, dict[str, Any], np.ndarray]:
    """-> (a new visitor's session, painter, photo), although that visitor does not keep the seed."""
    session = Session()
    painter, _, _, _, *settings = actions.open(str(file), session, "faces")
    assert tuple(settings) == SETTINGS
    steps, seed, *how = settings
    photo = last(actions.finish_open(session, "faces", painter["value"], steps, seed, False, *how))[0]
    return session, painter, photo


@pytest.fixture
def editing(actions: Actions, pipeline: FakePipeline, tmp_path: Path) -> Session:
    """A visit that has a photo open, larger than the canvas, with something to read on its right."""
    pixels = np.random.default_rng(0).integers(0, 100, (400, 400, 3), np.uint8)
    pixels[:, 200:] += 150
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    session = Session()
    actions.open(str(tmp_path / "photo.png"), session, "faces")
    assert session.own is not None
    session.own.margin = np.linspace(0, 1, 256 * 256, dtype=np.float32).reshape(256, 256)
    return session


def assert_same(now: Session, then: Session) -> None:
    assert now.own is not None and then.own is not None
    for name in ("photo", "layout", "base", "before"):
        assert np.array_equal(getattr(now.own, name), getattr(then.own, name)), name
    assert np.abs(now.own.margin - then.own.margin).max() <= 0.5 / 255
    assert now.editing and now.styles == then.styles != {} and now.regions == then.regions
    assert now.opened == then.opened


def test_an_edit_comes_back_and_goes_on(actions: Actions, editing: Session, tmp_path: Path) -> None:
    own = editing.own
    assert own is not None
    editing.regions.style((14,), (0.5, 0.0, -0.25), 7)
    first = with_hat(own.layout)
    own.accept(paint(actions, editing, first), first)
    second = with_hat(first, 100)
    edited = paint(actions, editing, second)
    file = save(actions, editing, second, tmp_path)

    session, painter, photo = reopen(actions, file)
    assert np.array_equal(photo, edited) and np.array_equal(painter["value"], second)
    assert painter["photo"].startswith("data:image/jpeg")
    assert_same(session, editing)
    before = file.read_bytes()
    assert save(actions, session, second, tmp_path).read_bytes() == before
    third = with_hat(second, 180)
    assert np.array_equal(paint(actions, session, third), paint(actions, editing, third))
    assert session.own is not None
    session.own.reset()
    assert np.array_equal(session.show_base(), own.photo)


def test_a_photo_without_edits_comes_back(actions: Actions, editing: Session, tmp_path: Path) -> None:
    own = editing.own
    assert own is not None
    file = save(actions, editing, own.layout, tmp_path)
    session, painter, photo = reopen(actions, file)
    assert np.array_equal(photo, own.photo) and np.array_equal(painter["value"], own.layout)
    assert_same(session, editing)
    assert EditTab.own(session) is session.own


def test_a_photo_that_is_not_edited_is_no_part_of_the_project(
    actions: Actions, editing: Session, labels: np.ndarray, tmp_path: Path
) -> None:
    editing.editing = False  # "Paint a new one"
    session, painter, photo = reopen(actions, save(actions, editing, labels, tmp_path))
    assert session.own is None and painter["photo"] == "" and not session.opened
    assert np.array_equal(photo, paint(actions, editing, labels))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"photo": ""}, "not a base64-coded PNG"),
        ({"opened": "AAAA"}, "not a base64-coded PNG"),
        ({"before": "3"}, "not in the form"),
        ({"before": pack_labels(np.full((256, 256), 99, np.uint8))}, "no class of celebamask_hq: 99"),
        ({"margin": 3}, "margin is '3'; it must be a text"),
        ({"styles": [[1, 2]]}, "styles is"),
        ({"colour": 3}, "unknown key 'colour'"),
        ({"model": "streets"}, "choose that model first"),
    ],
)
def test_a_damaged_project_changes_nothing(
    actions: Actions, editing: Session, warnings_said: list[str], tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    own, newest = editing.own, editing.newest
    assert own is not None
    file = save(actions, editing, own.layout, tmp_path)
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    actions.open(str(file), editing, "faces")
    assert len(warnings_said) == 1 and words in warnings_said[0]
    assert editing.own is own and editing.newest == newest and editing.opened


def test_a_project_of_another_size_is_fitted(actions: Actions, editing: Session, tmp_path: Path) -> None:
    """A model may have been trained again for larger pictures."""
    own = editing.own
    assert own is not None
    file = save(actions, editing, own.layout, tmp_path)
    small = pack_labels(own.layout[::2, ::2])
    changes = {"layout": small, "before": small, "margin": small, "photo": pack_photo(own.photo)}
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    session, painter, photo = reopen(actions, file)
    assert session.own is not None
    shapes = {session.own.before.shape, session.own.layout.shape, session.own.margin.shape, painter["value"].shape}
    assert shapes == {(256, 256)} and np.array_equal(photo, own.photo)
