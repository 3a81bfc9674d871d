"""Another model: its classes, shape and settings, and what was left of it."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from app.actions.models import Models, beta_range, shape_style
from app.actions.opening import open_photo
from app.actions.painting import Painting
from app.actions.switching import switch_model
from app.controls import View
from app.state.session import Session
from app.tabs import ModelMenu

from ..conftest import FakePipeline, controls, last
from .test_opening import save_picture


def test_switching_models_brings_classes_shape_and_amplitude(models: Models) -> None:
    view = switch_model(models, controls(), "streets")
    assert set(view.settings) == {"beta"}  # the others stay for a model that is new
    assert view.painter["value"].shape == (256, 512)
    assert any(c["name"] == "traffic sign" for c in view.painter["classes"])
    assert view.photo is None and view.film is None and "--aspect: 2" in str(view.shape)
    assert view.settings["beta"]["value"] == 40


def test_each_model_keeps_its_layout_and_settings(models: Models, painting: Painting, labels: np.ndarray) -> None:
    session = Session("faces")
    values = controls(session, labels)
    photo = last(painting.paint(values)).photo
    session.current.regions.reroll((13,), 5)
    street = switch_model(models, values, "streets").painter["value"]
    street[:50] = 10
    changed = controls(session, street, steps=9, seed=8, solver="heun", grid="cubic", beta=3.0)
    faces = switch_model(models, changed, "faces")
    assert np.array_equal(faces.painter["value"], labels) and faces.photo is photo
    assert "as you left it" in str(faces.status)
    settings = dict(faces.settings)
    assert settings.pop("beta")["value"] == 40
    assert settings == {"steps": 4, "seed": 7, "solver": "euler", "grid": "quadratic"}
    assert session.current.regions.seeds == {13: 5}
    streets = switch_model(models, controls(session, labels), "streets")
    settings = dict(streets.settings)
    assert np.array_equal(streets.painter["value"], street) and settings.pop("beta") == {"maximum": 62.0, "value": 3.0}
    assert settings == {"steps": 9, "seed": 8, "solver": "heun", "grid": "cubic"}


def test_a_photo_that_is_edited_waits_while_another_model_is_chosen(
    models: Models, pipeline: FakePipeline, tmp_path: Path
) -> None:
    session = Session("faces")
    opened = open_photo(Path(save_picture(tmp_path / "photo.png", (300, 300))), session, pipeline)
    switch_model(models, controls(session, opened.painter["value"]), "streets")
    back = switch_model(models, controls(session), "faces")
    assert back.painter["photo"] == opened.painter["photo"] and back.photo is opened.photo
    assert session.current.opened is not None


def test_another_model_paints_only_when_live(
    models: Models, painting: Painting, pipeline: FakePipeline, labels: np.ndarray
) -> None:
    with gr.Blocks():
        menu = ModelMenu(models, painting, "faces")
    session = Session("streets")
    menu.switch(controls(session, labels, model="faces"))
    view = last(menu.after_model_switch(controls(session, labels, model="faces", live=False)))
    assert not view.photo and "Paint it" in view.status and not pipeline.calls
    session = Session("streets")
    menu.switch(controls(session, labels, model="faces"))
    view = last(menu.after_model_switch(controls(session, labels, model="faces", keep_seed=False)))
    assert view.photo.shape == (256, 256, 3) and view.settings["seed"] == 7


def test_a_menu_that_is_left_without_a_choice_changes_nothing(
    models: Models, painting: Painting, pipeline: FakePipeline, labels: np.ndarray
) -> None:
    with gr.Blocks():
        menu = ModelMenu(models, painting, "faces")
    session = Session("faces")
    photo = last(painting.paint(controls(session, labels))).photo
    newest, calls = session.newest, len(pipeline.calls)
    menu.stop_running(controls(session, labels))
    assert menu.switch(controls(session, labels)) == View()
    assert last(menu.after_model_switch(controls(session, labels))) == View()
    assert session.newest == newest and len(pipeline.calls) == calls and session.current.photo is photo


@pytest.mark.parametrize("model, aspect", [("streets", "2"), ("faces", "1")])
def test_every_frame_has_the_models_shape(models: Models, model: str, aspect: str) -> None:
    assert f"--aspect: {aspect} }}" in shape_style(models.pipeline(model))


def test_the_amplitude_stays_below_half_the_spacing(pipeline: FakePipeline) -> None:
    assert pipeline.codebook.max_beta == 62.5
    assert beta_range(pipeline) == {"maximum": 62.0, "value": 40.0}  # 62.5 itself no longer decodes
