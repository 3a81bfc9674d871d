"""What a press does: values in, values out; a mistake is one sentence and changes nothing."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from app.actions import UNCHANGED, Actions, beta_range, look
from app.editing import EditTab
from app.session import Session
from semflow_core.pictures.layouts import write_layout

from .conftest import FakePipeline

LABELS = np.zeros((256, 256), np.uint8)
HOW = ("euler", "quadratic", 40.0)


def skipped(result: Any) -> bool:
    return isinstance(result, dict) and result.get("__type__") == "update" and len(result) == 1


def last(steps: Iterator[Any]) -> Any:
    return list(steps)[-1]


def paint(actions: Actions, labels: np.ndarray, session: Session | None = None, **changes: Any) -> Any:
    values = {"model": "faces", "labels": labels, "steps": 4, "seed": 7, "locked": True} | changes
    solver, grid, beta = HOW
    how = {"solver": solver, "grid": grid, "beta": beta} | {k: values.pop(k) for k in ("solver",) if k in values}
    return last(actions.paint(session or Session(), **values, **how))


def picture_of(download: dict[str, str]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(download["url"].split(",")[1])))


def test_paint_says_what_it_did(actions: Actions, labels: np.ndarray) -> None:
    photo, seed, player, status = paint(actions, labels)
    assert photo.shape == (256, 256, 3)
    assert seed == 7
    assert player["value"] is None  # the old path is not this picture's
    assert "4 steps of euler, seed 7" in status


def test_exchanged_sides_are_said(actions: Actions, labels: np.ndarray) -> None:
    right = labels.copy()
    right[100:110, 60:80], right[100:110, 160:180] = 5, 4  # the person's left eye is on the picture's right
    wrong = np.where(right == 5, 4, np.where(right == 4, 5, right)).astype(np.uint8)
    one = np.where(right == 5, 1, right).astype(np.uint8)
    for layout, words in ((right, False), (one, False), (wrong, True)):
        *_, (*_, status) = actions.paint(Session("faces"), "faces", layout, 2, 7, True, *HOW)
        assert ("Left eye/right eye: exchanged?" in status) == words and status.startswith("Painted")


def test_an_unlocked_seed_is_drawn_anew(actions: Actions, labels: np.ndarray) -> None:
    assert len({paint(actions, labels, locked=False)[1] for _ in range(5)}) > 1


def test_the_dice_draws_even_if_the_seed_is_kept(actions: Actions, labels: np.ndarray) -> None:
    seeds = {last(actions.another(Session(), "faces", labels, 4, 7, True, *HOW))[1] for _ in range(5)}
    assert len(seeds) > 1


def test_a_stroke_paints_only_when_live(actions: Actions, pipeline: FakePipeline, labels: np.ndarray) -> None:
    inputs = (Session(), "faces", labels, 4, 7, True, *HOW)
    photo, _, _, status = last(actions.stroke(False, *inputs))
    assert skipped(photo) and "Paint it" in status and not pipeline.calls
    assert last(actions.stroke(True, *inputs))[0].shape == (256, 256, 3)


def test_a_photo_and_its_own_layout_wait_for_no_button(
    actions: Actions, pipeline: FakePipeline, tmp_path: Path
) -> None:
    session = Session()
    painter, photo, *_ = actions.open(save_picture(tmp_path / "photo.png", (300, 300)), session, "faces")
    assert (pipeline.calls[-1].steps, pipeline.calls[-1].mirror) == (3, True)  # as the model reads best
    layout = painter["value"].copy()
    layout[:9] = 14
    assert "Paint it" in last(actions.stroke(False, session, "faces", layout, 4, 7, True, *HOW))[-1]
    calls = len(pipeline.calls)
    shown, *_, status = last(actions.stroke(False, session, "faces", painter["value"], 4, 7, True, *HOW))  # an undo
    assert shown is photo and status == UNCHANGED and len(pipeline.calls) == calls


def test_a_draft_is_called_one(actions: Actions, labels: np.ndarray) -> None:
    draft, full = actions.paint(Session(), "faces", labels, 4, 7, True, *HOW)
    assert "draft of 2 steps; 4 are on their way" in draft[3] and "4 steps of euler" in full[3]


def test_the_dice_leaves_locked_regions_alone(actions: Actions, pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    session.regions.reroll((1,), 5)
    session.regions.reroll((13,), 6)
    session.regions.lock((13,), 7)
    last(actions.another(session, "faces", labels, 4, 7, True, *HOW))
    assert pipeline.calls[-1].class_seeds == ((13, 6),)


def test_a_typed_seed_draws_everything_anew_but_leaving_the_field_does_not(
    actions: Actions, pipeline: FakePipeline, labels: np.ndarray
) -> None:
    session = Session()
    paint(actions, labels, session)
    session.regions.reroll((1,), 5)
    paint(actions, labels, session)
    last(actions.reseed(True, session, "faces", labels, 4, 7, True, *HOW))
    assert session.regions.seeds == {1: 5}
    last(actions.reseed(True, session, "faces", labels, 4, 8, True, *HOW))
    assert session.regions.seeds == {} and pipeline.calls[-1].seed == 8


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 0}, "number of steps"),
        ({"seed": -1}, "The seed is -1"),
        ({"solver": "magic"}, "no solver 'magic'"),
        ({"labels": np.full((256, 256), 99, np.uint8)}, "no class of celebamask_hq: 99"),
    ],
)
def test_mistakes_are_one_sentence(
    actions: Actions, warnings_said: list[str], labels: np.ndarray, changes: dict[str, Any], words: str
) -> None:
    wrong: dict[str, Any] = {"labels": labels} | changes
    assert skipped(paint(actions, **wrong))
    (said,) = warnings_said
    assert words in said
    assert said[0].isupper() and said.endswith(".") and "\n" not in said


def test_cancelled_work_is_not_mentioned(
    actions: Actions, pipeline: FakePipeline, warnings_said: list[str], labels: np.ndarray
) -> None:
    session = Session()
    pipeline.before_step = lambda i: session.begin()
    assert skipped(paint(actions, labels, session))
    assert session.photo is None
    assert not warnings_said


def save_picture(path: Path, size: tuple[int, int], **options: Any) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return str(path)


def test_a_photo_lands_in_the_canvas_over_itself(actions: Actions, tmp_path: Path) -> None:
    session = Session()
    file = save_picture(tmp_path / "photo.png", (400, 300))
    painter, photo, player, status, *settings = actions.open(file, session, "faces")
    assert painter["value"].shape == (256, 256) and painter["photo"].startswith("data:image/jpeg")
    assert photo.shape == (300, 300, 3) and session.opened  # its own pixels, for edits keep them
    assert player["value"] is None
    assert "No face was found, so the centre of the photo was taken." in status
    assert all(skipped(s) for s in settings)
    assert skipped(last(actions.finish_open(session, "faces", painter["value"], 4, 7, True, *HOW)))


def test_an_edit_and_its_layout_go_back_into_the_photo_as_it_was_taken(actions: Actions, tmp_path: Path) -> None:
    session = Session("faces")
    file = save_picture(tmp_path / "photo.png", (400, 300))
    painter, photo, *_ = actions.open(file, session, "faces")
    taken = np.asarray(Image.open(file))
    edited = photo.copy()
    edited[100:200, 100:200] = 255 - photo[100:200, 100:200]
    session.photo = edited
    with gr.Blocks():
        tab = EditTab(actions, EditTab.make_mode())
    whole = np.asarray(picture_of(tab.save_whole("photo", session, painter["value"])))
    expected = taken.copy()
    expected[100:200, 150:250] = 255 - taken[100:200, 150:250]  # the crop is the middle 300 of 400 columns
    assert np.array_equal(whole, expected)
    layout = np.full((256, 256), 13, np.uint8)
    ids = np.asarray(picture_of(tab.save_whole("ids", session, layout)))
    assert ids.shape == (300, 400) and (ids[:, 50:350] == 13).all() and not ids[:, :50].any()


def test_a_square_photo_is_not_cropped(actions: Actions, tmp_path: Path) -> None:
    file = save_picture(tmp_path / "photo.png", (300, 300))
    assert "Cropped" not in actions.open(file, Session(), "faces")[3]


def test_a_cameras_rotation_is_honoured(actions: Actions, tmp_path: Path) -> None:
    top = np.zeros((64, 64, 3), np.uint8)
    top[:, :32] = 255  # bright on the left; "rotate 90" (6) turns it to the top
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(top).save(tmp_path / "photo.png", exif=exif)
    photo = actions.open(str(tmp_path / "photo.png"), Session(), "faces")[1]
    assert photo[:30].mean() > 200 > 50 > photo[-30:].mean()


def test_a_layout_file_lands_as_it_is(
    actions: Actions, pipeline: FakePipeline, labels: np.ndarray, tmp_path: Path
) -> None:
    write_layout(tmp_path / "layout.png", labels, pipeline.palette)
    session = Session()
    painter, *_ = actions.open(str(tmp_path / "layout.png"), session, "faces")
    assert np.array_equal(painter["value"], labels) and painter["photo"] == ""
    assert not session.opened and not pipeline.calls
    assert last(actions.finish_open(session, "faces", labels, 4, 7, True, *HOW))[0].shape == (256, 256, 3)


def test_a_project_brings_everything_back(actions: Actions, labels: np.ndarray, tmp_path: Path) -> None:
    session = Session()
    session.regions.style((13,), (0.5, 0.0, -0.25), 42)
    saved = actions.save("project", session, "faces", labels, 11, 42, "heun", "cubic", 12.5)
    assert saved is not None
    file = tmp_path / saved["name"]
    file.write_bytes(base64.b64decode(saved["url"].split(",")[1]))
    later = Session()
    painter, _, _, _, *settings = actions.open(str(file), later, "faces")
    assert np.array_equal(painter["value"], labels) and later.regions == session.regions
    assert settings == [11, 42, "heun", "cubic", 12.5]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.png", b"\x89PNG nothing", "not a picture"),
        ("bad.json", b"{}", "layout"),
        ("bad.json", b"[", "not JSON"),
        ("bad.json", b"\xff\xfe", "cannot be read as text"),
        ("bad.json", b'{"spectrum": "white"}', "does not show"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(
    actions: Actions, warnings_said: list[str], tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert skipped(actions.open(str(tmp_path / name), Session(), "faces"))
    assert len(warnings_said) == 1 and words in warnings_said[0]


def test_downloads(actions: Actions, pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    values = (session, "faces", labels, 4, 7, *HOW)
    paint(actions, labels, session)
    photo = actions.save("photo", *values)
    assert session.photo is not None
    assert np.array_equal(np.asarray(picture_of(photo)), session.photo)
    ids = picture_of(actions.save("ids", *values))
    assert ids.mode == "P" and np.array_equal(np.asarray(ids), labels)
    colours = picture_of(actions.save("colours", *values))
    assert colours.mode == "RGB" and np.array_equal(np.asarray(colours), pipeline.palette.colorize(labels))


def test_there_is_no_photo_to_save_before_the_first(
    actions: Actions, warnings_said: list[str], labels: np.ndarray
) -> None:
    assert skipped(actions.save("photo", Session(), "faces", labels, 4, 7, *HOW))
    assert "no photo yet" in warnings_said[0]


def test_switching_models_brings_classes_shape_and_amplitude(actions: Actions) -> None:
    session = Session("faces")
    style, painter, photo, player, _, *settings, beta = actions.switch(session, "streets", LABELS, 4, 7, *HOW)
    assert all(skipped(s) for s in settings)  # they stay for a model that is new
    assert painter["value"].shape == (256, 512)
    assert any(c["name"] == "traffic sign" for c in painter["classes"])
    assert photo is None and player["value"] is None and "--aspect: 2" in style
    assert beta["value"] == 40


def test_each_model_keeps_its_layout_and_settings(actions: Actions, labels: np.ndarray) -> None:
    session = Session("faces")
    photo = paint(actions, labels, session)[0]
    session.regions.reroll((13,), 5)
    street = actions.switch(session, "streets", labels, 4, 7, *HOW)[1]["value"]
    street[:50] = 10
    _, painter, shown, _, status, *settings, beta = actions.switch(session, "faces", street, 9, 8, "heun", "cubic", 3.0)
    assert np.array_equal(painter["value"], labels) and shown is photo and "as you left it" in status
    assert settings == [4, 7, "euler", "quadratic"] and beta["value"] == 40
    assert session.regions.seeds == {13: 5}
    _, painter, _, _, _, *settings, beta = actions.switch(session, "streets", labels, 4, 7, *HOW)
    assert np.array_equal(painter["value"], street) and settings == [9, 8, "heun", "cubic"] and beta["value"] == 3


def test_a_photo_that_is_edited_waits_while_another_model_is_chosen(actions: Actions, tmp_path: Path) -> None:
    session = Session("faces")
    painter, photo, *_ = actions.open(save_picture(tmp_path / "photo.png", (300, 300)), session, "faces")
    actions.switch(session, "streets", painter["value"], 4, 7, *HOW)
    _, back, shown, *_ = actions.switch(session, "faces", LABELS, 4, 7, *HOW)
    assert back["photo"] == painter["photo"] and shown is photo and session.own is not None


def test_another_model_paints_only_when_live(actions: Actions, pipeline: FakePipeline, labels: np.ndarray) -> None:
    inputs = (Session("faces"), "faces", labels, 4, 7, False, *HOW)
    photo, *_, status = last(actions.arrive(False, *inputs))
    assert skipped(photo) and "Paint it" in status and not pipeline.calls
    photo, seed, *_ = last(actions.arrive(True, *inputs))
    assert photo.shape == (256, 256, 3) and seed == 7


def test_wide_pictures_say_so(actions: Actions) -> None:
    assert "--columns" in look(actions.pipeline("streets"))
    assert "--columns" not in look(actions.pipeline("faces"))


def test_the_amplitude_stays_below_half_the_spacing(pipeline: Any) -> None:
    assert pipeline.codebook.max_beta == 62.5
    assert beta_range(pipeline) == {"maximum": 62.0, "value": 40.0}  # 62.5 itself no longer decodes
