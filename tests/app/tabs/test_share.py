"""The tab "Share": what a click saves."""

from __future__ import annotations

import base64
import io

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from app.actions.models import Models
from app.actions.walking import Walking
from app.controls import View
from app.state.label_set import LabelSet
from app.tabs import ShareRow
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette

from ..conftest import controls


@pytest.fixture
def row(models: Models, walking: Walking) -> ShareRow:
    with gr.Blocks():
        return ShareRow(models, walking)


def opened(view: View) -> Image.Image:
    assert isinstance(view.download, dict)
    return Image.open(io.BytesIO(base64.b64decode(view.download["url"].split(",")[1])))


def test_a_clip_is_three_seconds_of_the_path(row: ShareRow, labels: np.ndarray) -> None:
    view = row.save_clip("gif", controls(labels=labels, frames=25))
    clip = opened(view)
    assert clip.info["duration"] > 0 and clip.size == (256, 256) and "three seconds" in str(view.status)
    assert np.asarray(clip.convert("RGB"))[0, 0, 0] == 0  # the photo's end of the stand-in's path
    assert not isinstance(view.film, np.ndarray)


def test_the_pair_needs_a_photo(row: ShareRow, labels: np.ndarray) -> None:
    wanted = controls(labels=labels)
    with pytest.raises(InputError, match="no photo yet"):
        row.save_pair(wanted)
    wanted.state.show(np.full((512, 512, 3), 7, np.uint8), None)
    view = row.save_pair(wanted)
    both = opened(view)
    assert view.status == "Saved layout_and_photo.png: layout and photo side by side, 1024 × 512 pixels."
    assert both.size == (1024, 512) and "model faces" in both.info["Comment"]
    assert (np.asarray(both)[:, 512:] == 7).all()


def test_a_clip_comes_after_a_path_that_was_asked_for(row: ShareRow, walking: Walking, labels: np.ndarray) -> None:
    wanted = controls(labels=labels, frames=5)
    wanted.state.show(np.full((256, 256, 3), 7, np.uint8), None)
    walking.walk(wanted)  # the player shows it, and what is walked ahead would replace it
    walked = wanted.session.walked
    assert walked is not None
    assert opened(row.save_clip("gif", wanted)).size == (256, 256)
    assert wanted.session.walked is walked


def test_a_set_that_is_labelled_has_no_clip(row: ShareRow, labels: np.ndarray) -> None:
    wanted = controls(labels=labels)
    wanted.session.labelled = LabelSet(load_palette("celebamask_hq"), own=False, open=True)
    with pytest.raises(InputError, match="leave the set first"):
        row.save_clip("gif", wanted)
