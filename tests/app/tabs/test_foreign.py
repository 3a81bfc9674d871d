"""Other people's layouts, opened in the studio: they land in the canvas, and what was assumed is said."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from app.actions.models import Models
from app.actions.painting import Painting
from app.state.session import Session
from app.tabs import OpenSave
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import read_layout

from ..conftest import controls


@pytest.fixture
def buttons(models: Models, painting: Painting) -> OpenSave:
    with gr.Blocks():
        return OpenSave(models, painting)


def test_several_parts_are_one_layout(
    buttons: OpenSave, labels: np.ndarray, sentences: list[str], tmp_path: Path
) -> None:
    files = []
    for name, mask in (("skin", labels == 1), ("hair", labels == 0)):
        files.append(str(tmp_path / f"00012_{name}.png"))
        Image.fromarray(mask.astype(np.uint8) * 255).save(files[-1])
    view = buttons.open(controls(), files)
    assert np.array_equal(view.painter["value"], np.where(labels == 1, 1, 13))
    assert len(sentences) == 1 and sentences[0].startswith("Read black and white parts, 256x256, 2 classes: ")
    assert sentences[0].endswith("Put together from 2 parts.")


def test_label_ids_are_said_to_be_some(buttons: OpenSave, sentences: list[str], tmp_path: Path) -> None:
    Image.fromarray(np.full((256, 512), 26, np.uint8)).save(tmp_path / "a.png")
    view = buttons.open(controls(Session("streets")), str(tmp_path / "a.png"))
    assert (view.painter["value"] == 13).all()  # car
    assert "Cityscapes' label or instance ids" in sentences[0]


def test_noisy_colours_are_counted(buttons: OpenSave, labels: np.ndarray, sentences: list[str], tmp_path: Path) -> None:
    Image.fromarray(load_palette("celebamask_hq").colorize(labels)).save(tmp_path / "a.jpg", quality=80)
    view = buttons.open(controls(), [str(tmp_path / "a.jpg")])
    assert (view.painter["value"] != labels).mean() < 0.02
    assert "lie between two colours" in sentences[0]


def test_several_photos_are_refused(buttons: OpenSave, labels: np.ndarray, tmp_path: Path) -> None:
    files = [str(tmp_path / f"{i}.png") for i in range(2)]
    for file in files:
        Image.fromarray(np.stack([labels] * 3, axis=-1)).save(file)
    session = Session("faces")
    before = session.newest
    with pytest.raises(InputError, match="one at a time"):
        buttons.open(controls(session), files)
    assert session.newest == before


def test_a_visitor_may_say_what_a_file_holds(buttons: OpenSave, sentences: list[str], tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64), 17, np.uint8)).save(tmp_path / "a.png")
    file = str(tmp_path / "a.png")
    assert (buttons.open(controls(), file, "bisenet").painter["value"] == 13).all()
    view = buttons.open(controls(), file, "own")
    assert (view.painter["value"] == 17).all() and view.parts[buttons.line] == sentences[-1]
    with pytest.raises(InputError, match="the ids 'carla' are unknown for celebamask_hq"):
        buttons.open(controls(), file, "carla")
    session = Session("faces")
    view = buttons.open(controls(session), file, "photo")  # a grey photo of few values, which looks like a layout
    assert session.current.shows_opened and view.parts[buttons.line] == ""


@pytest.mark.parametrize("form", ["ids", "colours"])
def test_a_layout_of_another_model_comes_with_that_model(buttons: OpenSave, form: str, tmp_path: Path) -> None:
    """Here it would land as other classes, or be read as a photo."""
    streets = load_palette("cityscapes")
    labels = read_layout("assets/layouts/street.png", streets)
    Image.fromarray(labels if form == "ids" else streets.colorize(labels)).save(tmp_path / "street.png")
    session = Session("faces")
    view = buttons.open(controls(session), str(tmp_path / "street.png"))
    assert view.model == session.model == "streets" and view.painter["model"] == "streets"
    assert np.array_equal(view.painter["value"], labels)
    assert view.parts[buttons.line].endswith("This is a layout of the model 'streets', which was chosen.")
    session = Session("faces")
    if form == "ids":  # somebody says that it is meant so
        assert buttons.open(controls(session), str(tmp_path / "street.png"), "own").painter["value"].max() == 13
