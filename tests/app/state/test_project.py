"""Project files of edited photos: what is saved comes back, to the byte."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from app.actions.models import Models
from app.actions.painting import Painting
from app.state.session import Session
from app.tabs import OpenSave
from app.tabs.edit import opened_photo
from semflow_core.errors import InputError
from semflow_core.requests.packing import pack_labels, pack_photo

from ..conftest import controls, last
from .test_session import with_hat


@pytest.fixture
def buttons(models: Models, painting: Painting) -> OpenSave:
    with gr.Blocks():
        return OpenSave(models, painting)


def save(buttons: OpenSave, session: Session, labels: np.ndarray, folder: Path) -> Path:
    saved = buttons.save("project", controls(session, labels)).download
    assert isinstance(saved, dict)
    file = folder / saved["name"]
    file.write_bytes(base64.b64decode(saved["url"].split(",")[1]))
    return file


def paint(painting: Painting, session: Session, labels: np.ndarray) -> np.ndarray:
    return last(painting.paint(controls(session, labels))).photo


def reopen(buttons: OpenSave, file: Path) -> tuple[Session, dict[str, Any], np.ndarray]:
    """-> (a new visitor's session, painter, photo), although that visitor does not keep the seed."""
    session = Session("faces")
    view = buttons.open(controls(session, seed=1, beta=3.0), str(file))
    assert view.settings == vars(controls().settings)
    labels = view.painter["value"]
    photo = last(buttons.finish_open(controls(session, labels, keep_seed=False, **view.settings))).photo
    return session, dict(view.painter), photo


@pytest.fixture
def editing(buttons: OpenSave, tmp_path: Path) -> Session:
    """A visit that has a photo open, larger than the canvas, with something to read on its right."""
    pixels = np.random.default_rng(0).integers(0, 100, (400, 400, 3), np.uint8)
    pixels[:, 200:] += 150
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    session = Session("faces")
    buttons.open(controls(session), str(tmp_path / "photo.png"))
    assert session.current.opened is not None
    session.current.opened.margin = np.linspace(0, 1, 256 * 256, dtype=np.float32).reshape(256, 256)
    return session


def assert_same(now: Session, then: Session) -> None:
    one, other = now.current, then.current
    assert one.opened is not None and other.opened is not None
    for name in ("photo", "layout", "base", "before"):
        assert np.array_equal(getattr(one.opened, name), getattr(other.opened, name)), name
    assert np.abs(one.opened.margin - other.opened.margin).max() <= 0.5 / 255
    assert one.editing and one.photo_offsets == other.photo_offsets != {} and one.regions == other.regions
    assert one.shows_opened == other.shows_opened


def test_an_edit_comes_back_and_goes_on(
    buttons: OpenSave, painting: Painting, editing: Session, tmp_path: Path
) -> None:
    opened = editing.current.opened
    assert opened is not None
    editing.current.regions.set_offset((14,), (0.5, 0.0, -0.25))
    first = with_hat(opened.layout)
    opened.accept(paint(painting, editing, first), first)
    second = with_hat(first, 100)
    edited = paint(painting, editing, second)
    file = save(buttons, editing, second, tmp_path)

    session, painter, photo = reopen(buttons, file)
    assert np.array_equal(photo, edited) and np.array_equal(painter["value"], second)
    assert painter["photo"].startswith("data:image/jpeg")
    assert_same(session, editing)
    before = file.read_bytes()
    assert save(buttons, session, second, tmp_path).read_bytes() == before
    third = with_hat(second, 180)
    assert np.array_equal(paint(painting, session, third), paint(painting, editing, third))
    assert session.current.opened is not None
    session.current.opened.reset()
    assert np.array_equal(session.show_base(), opened.photo)


def test_a_photo_without_edits_comes_back(
    buttons: OpenSave, painting: Painting, editing: Session, tmp_path: Path
) -> None:
    opened = editing.current.opened
    assert opened is not None
    file = save(buttons, editing, opened.layout, tmp_path)
    session, painter, photo = reopen(buttons, file)
    assert np.array_equal(photo, opened.photo) and np.array_equal(painter["value"], opened.layout)
    assert_same(session, editing)
    assert opened_photo(session.current) is session.current.opened


def test_a_photo_that_is_not_edited_is_no_part_of_the_project(
    buttons: OpenSave, painting: Painting, editing: Session, labels: np.ndarray, tmp_path: Path
) -> None:
    editing.current.editing = False  # "Paint a new one"
    session, painter, photo = reopen(buttons, save(buttons, editing, labels, tmp_path))
    assert session.current.opened is None and painter["photo"] == "" and not session.current.shows_opened
    assert np.array_equal(photo, paint(painting, editing, labels))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"photo": ""}, "photo"),
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
    buttons: OpenSave, painting: Painting, editing: Session, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    opened, newest = editing.current.opened, editing.newest
    assert opened is not None
    file = save(buttons, editing, opened.layout, tmp_path)
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    with pytest.raises(InputError, match=words):
        buttons.open(controls(editing), str(file))
    assert editing.current.opened is opened and editing.newest == newest and editing.current.shows_opened


def test_a_project_of_another_size_is_fitted(
    buttons: OpenSave, painting: Painting, editing: Session, tmp_path: Path
) -> None:
    """A model may have been trained again for larger pictures."""
    opened = editing.current.opened
    assert opened is not None
    file = save(buttons, editing, opened.layout, tmp_path)
    small = pack_labels(opened.layout[::2, ::2])
    changes = {"layout": small, "before": small, "margin": small, "photo": pack_photo(opened.photo)}
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    session, painter, photo = reopen(buttons, file)
    again = session.current.opened
    assert again is not None
    shapes = {again.before.shape, again.layout.shape, again.margin.shape, painter["value"].shape}
    assert shapes == {(256, 256)} and np.array_equal(photo, opened.photo)
