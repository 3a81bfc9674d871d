"""What is opened and saved: photos, layouts and projects."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from app.actions.models import Models
from app.actions.painting import Painting
from app.controls import View
from app.state.session import Session
from app.tabs import EditTab, OpenSave
from semflow_core.errors import InputError
from semflow_core.pictures.layouts import write_layout

from ..conftest import FakePipeline, controls, last


@pytest.fixture
def buttons(models: Models, painting: Painting) -> OpenSave:
    with gr.Blocks():
        return OpenSave(models, painting)


def picture_of(view: View) -> Image.Image:
    download = view.download
    assert isinstance(download, dict)
    return Image.open(io.BytesIO(base64.b64decode(download["url"].split(",")[1])))


def save_picture(path: Path, size: tuple[int, int]) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return str(path)


def test_a_photo_lands_in_the_canvas_over_itself(buttons: OpenSave, tmp_path: Path) -> None:
    session = Session("faces")
    view = buttons.open(controls(session), save_picture(tmp_path / "photo.png", (400, 300)))
    assert view.painter["value"].shape == (256, 256) and view.painter["photo"].startswith("data:image/jpeg")
    # its own pixels, for edits keep them
    assert isinstance(view.photo, np.ndarray) and view.photo.shape == (300, 300, 3) and session.current.shows_opened
    assert view.film is None
    assert "No face was found, so the centre of the photo was taken." in str(view.status)
    assert not view.settings
    assert not list(buttons.finish_open(controls(session, view.painter["value"])))


def test_an_edit_and_its_layout_go_back_into_the_photo_as_it_was_taken(
    buttons: OpenSave, models: Models, painting: Painting, tmp_path: Path
) -> None:
    session = Session("faces")
    file = save_picture(tmp_path / "photo.png", (400, 300))
    opened = buttons.open(controls(session), file)
    assert isinstance(opened.photo, np.ndarray)
    taken = np.asarray(Image.open(file))
    edited = opened.photo.copy()
    edited[100:200, 100:200] = 255 - opened.photo[100:200, 100:200]
    session.current.photo = edited
    with gr.Blocks():
        tab = EditTab(models, painting, EditTab.make_mode())
    whole = np.asarray(picture_of(tab.save_whole("photo", controls(session, opened.painter["value"]))))
    expected = taken.copy()
    expected[100:200, 150:250] = 255 - taken[100:200, 150:250]  # the crop is the middle 300 of 400 columns
    assert np.array_equal(whole, expected)
    layout = np.full((256, 256), 13, np.uint8)
    ids = np.asarray(picture_of(tab.save_whole("ids", controls(session, layout))))
    assert ids.shape == (300, 400) and (ids[:, 50:350] == 13).all() and not ids[:, :50].any()


def test_a_square_photo_is_not_cropped(buttons: OpenSave, tmp_path: Path) -> None:
    assert "Cropped" not in str(buttons.open(controls(), save_picture(tmp_path / "photo.png", (300, 300))).status)


def test_a_cameras_rotation_is_honoured(buttons: OpenSave, tmp_path: Path) -> None:
    top = np.zeros((64, 64, 3), np.uint8)
    top[:, :32] = 255  # bright on the left; "rotate 90" (6) turns it to the top
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(top).save(tmp_path / "photo.png", exif=exif)
    photo = buttons.open(controls(), str(tmp_path / "photo.png")).photo
    assert isinstance(photo, np.ndarray) and photo[:30].mean() > 200 > 50 > photo[-30:].mean()


def test_a_layout_file_lands_as_it_is(
    buttons: OpenSave, pipeline: FakePipeline, labels: np.ndarray, tmp_path: Path
) -> None:
    write_layout(tmp_path / "layout.png", labels, pipeline.palette)
    session = Session("faces")
    view = buttons.open(controls(session), str(tmp_path / "layout.png"))
    assert np.array_equal(view.painter["value"], labels) and view.painter["photo"] == ""
    assert not session.current.shows_opened and not pipeline.calls
    assert last(buttons.finish_open(controls(session, labels))).photo.shape == (256, 256, 3)


def test_a_project_brings_everything_back(buttons: OpenSave, labels: np.ndarray, tmp_path: Path) -> None:
    session = Session("faces")
    session.current.regions.set_offset((13,), (0.5, 0.0, -0.25))
    settings = {"steps": 11, "seed": 42, "solver": "heun", "grid": "cubic", "beta": 12.5}
    saved = buttons.save("project", controls(session, labels, **settings)).download
    assert isinstance(saved, dict)
    file = tmp_path / saved["name"]
    file.write_bytes(base64.b64decode(saved["url"].split(",")[1]))
    later = Session("faces")
    view = buttons.open(controls(later), str(file))
    assert np.array_equal(view.painter["value"], labels) and later.current.regions == session.current.regions
    assert view.settings == settings


def test_a_project_of_an_earlier_version_opens(buttons: OpenSave, tmp_path: Path) -> None:
    """Written out as it was saved before requests held arrays."""
    (tmp_path / "old.json").write_text(
        '{"beta": 40.0, "class_seeds": [[1, 3]], "grid": "quadratic", "kind": "SynthesisRequest", '
        '"layout": "16,16;eJxjYBjZAAABAAAB", "model": "faces", "offsets": [[13, [0.5, 0.0, 1.0]]], "seed": 7, '
        '"solver": "euler", "spectrum": null, "steps": 4}'
    )
    session = Session("faces")
    view = buttons.open(controls(session), str(tmp_path / "old.json"))
    assert view.painter["value"].shape == (256, 256) and not view.painter["value"].any()
    assert session.current.regions.seeds == {1: 3} and session.current.regions.offsets == {13: (0.5, 0.0, 1.0)}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.png", b"\x89PNG nothing", "not a picture"),
        ("bad.json", b"{}", "layout"),
        ("bad.json", b"[", "not JSON"),
        ("bad.json", b"\xff\xfe", "not JSON"),  # an empty text in UTF-16
        ("bad.json", b"\xc3\x28", "no text in UTF-8 or UTF-16"),
        ("bad.json", b'{"kind": "MorphRequest", "layout": "16,16;eJxjYBjZAAABAAAB"}', "not a project"),
        ("bad.json", b'{"spectrum": "white", "layout": "16,16;eJxjYBjZAAABAAAB"}', "does not show"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(
    buttons: OpenSave, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        buttons.open(controls(), str(tmp_path / name))


def test_downloads(buttons: OpenSave, painting: Painting, pipeline: FakePipeline, labels: np.ndarray) -> None:
    values = controls(labels=labels)

    def saved(what: str) -> Image.Image:
        return picture_of(buttons.save(what, values))

    photo = last(painting.paint(values)).photo
    assert np.array_equal(np.asarray(saved("photo")), photo)
    ids = saved("ids")
    assert ids.mode == "P" and np.array_equal(np.asarray(ids), labels)
    colours = saved("colours")
    assert colours.mode == "RGB" and np.array_equal(np.asarray(colours), pipeline.palette.colorize(labels))


def test_there_is_no_photo_to_save_before_the_first(buttons: OpenSave) -> None:
    with pytest.raises(InputError, match="no photo yet"):
        buttons.save("photo", controls())
