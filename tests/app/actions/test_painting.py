"""What painting does: Controls in, Views out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.actions.models import Models
from app.actions.opening import open_photo
from app.actions.painting import EMPTY, UNCHANGED, Painting
from app.controls import View
from app.state.session import Cancelled, Session
from app.tabs import PaintPanel
from app.tabs.paint import OTHER_SETTINGS
from semflow_core.errors import InputError

from ..conftest import FakePipeline, controls, last
from .test_opening import save_picture


@pytest.fixture
def panel(painting: Painting) -> PaintPanel:
    with gr.Blocks():
        return PaintPanel(painting)


def test_paint_says_what_it_did(painting: Painting, labels: np.ndarray) -> None:
    view = last(painting.paint(controls(labels=labels)))
    assert view.photo.shape == (256, 256, 3)
    assert view.settings == {}  # a kept seed is left to who may be typing it
    assert last(painting.paint_with_seed(controls(labels=labels))).settings == {"seed": 7}
    assert view.film is None  # the path of before is not this picture's
    assert "4 steps of euler, seed 7" in view.status


def test_exchanged_sides_are_said(painting: Painting, labels: np.ndarray) -> None:
    right = labels.copy()
    right[100:110, 60:80], right[100:110, 160:180] = 5, 4  # the person's left eye is on the picture's right
    wrong = np.where(right == 5, 4, np.where(right == 4, 5, right)).astype(np.uint8)
    one = np.where(right == 5, 1, right).astype(np.uint8)
    for layout, words in ((right, False), (one, False), (wrong, True)):
        status = last(painting.paint(controls(labels=layout, steps=2))).status
        assert ("Left eye/right eye: exchanged?" in status) == words and status.startswith("Painted")


def test_a_layout_of_one_class_is_painted_and_said_to_be_no_face(painting: Painting, tmp_path: Path) -> None:
    words = "One class, glasses, gives no clear photo: draw others."
    whole = np.full((256, 256), 3, np.uint8)
    view = last(painting.paint(controls(labels=whole, steps=2)))
    assert view.photo is not None and view.status.startswith("Painted") and view.status.endswith(f" {words}")
    whole[100, 100] = 1
    assert words not in last(painting.paint(controls(labels=whole, steps=2))).status
    session = Session("faces")  # an edit starts from a photo, which has a face
    open_photo(Path(save_picture(tmp_path / "a.png", (256, 256))), session, painting.models.pipeline("faces"))
    whole[:] = 3
    status = last(painting.paint(controls(session, labels=whole, steps=2))).status
    assert status.startswith("Edited") and words not in status


def test_an_unlocked_seed_is_drawn_anew(painting: Painting, labels: np.ndarray) -> None:
    seeds = {last(painting.paint(controls(labels=labels, keep_seed=False))).settings["seed"] for _ in range(5)}
    assert len(seeds) > 1


def test_the_dice_draws_even_if_the_seed_is_kept(panel: PaintPanel, labels: np.ndarray) -> None:
    assert len({last(panel.new_seed(controls(labels=labels))).settings["seed"] for _ in range(5)}) > 1


def test_a_stroke_paints_only_when_live(painting: Painting, pipeline: FakePipeline, labels: np.ndarray) -> None:
    view = last(painting.paint_if_live(controls(labels=labels, live=False)))
    assert not view.photo and "Paint it" in view.status and not pipeline.calls
    assert last(painting.paint_if_live(controls(labels=labels))).photo.shape == (256, 256, 3)


def test_a_photo_and_its_layout_wait_for_no_button(painting: Painting, pipeline: FakePipeline, tmp_path: Path) -> None:
    session = Session("faces")
    opened = open_photo(Path(save_picture(tmp_path / "photo.png", (300, 300))), session, pipeline)
    assert (pipeline.calls[-1].steps, pipeline.calls[-1].mirror) == (3, True)  # as the model reads best
    layout = opened.painter["value"].copy()
    layout[:9] = 14
    assert "Paint it" in last(painting.paint_if_live(controls(session, layout, live=False))).status
    calls = len(pipeline.calls)
    undone = last(painting.paint_if_live(controls(session, opened.painter["value"], live=False)))
    assert undone.photo is opened.photo and undone.status == UNCHANGED and len(pipeline.calls) == calls


@pytest.mark.parametrize("live", [True, False])
def test_an_empty_layout_has_no_photo(
    painting: Painting, pipeline: FakePipeline, labels: np.ndarray, live: bool
) -> None:
    session, empty = Session("faces"), np.zeros_like(labels)
    painted = last(painting.paint(controls(session, labels)))
    calls = len(pipeline.calls)
    view = last(painting.paint_if_live(controls(session, empty, live=live)))
    assert view.photo is None and view.film is None and view.status == EMPTY and len(pipeline.calls) == calls
    assert session.current.photo is None and session.current.request is None
    back = last(painting.paint_if_live(controls(session, labels, live=live)))  # an undo, live or not
    assert back.photo is painted.photo and len(pipeline.calls) == calls
    assert str(back.status).startswith("Painted with 4 steps")  # it took no time
    one = labels.copy()
    one[:] = 13  # one class everywhere is a drawing
    assert last(painting.paint(controls(session, one))).photo is not None


def test_an_emptied_photo_comes_back(painting: Painting, pipeline: FakePipeline, tmp_path: Path) -> None:
    session = Session("faces")
    opened = open_photo(Path(save_picture(tmp_path / "photo.png", (300, 300))), session, pipeline)
    layout = opened.painter["value"]
    assert last(painting.paint_if_live(controls(session, np.zeros_like(layout)))).status == EMPTY
    back = last(painting.paint_if_live(controls(session, layout, live=False)))
    assert back.photo is opened.photo and back.status == UNCHANGED


def test_a_draft_is_called_one(painting: Painting, labels: np.ndarray) -> None:
    draft, full = painting.paint(controls(labels=labels))
    assert "draft of 2 steps; 4 are on their way" in str(draft.status) and "4 steps of euler" in str(full.status)


def test_the_dice_leaves_locked_regions_alone(panel: PaintPanel, pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session("faces")
    regions = session.current.regions
    regions.reroll((1,), 5)
    regions.reroll((13,), 6)
    regions.lock((13,), 7)
    last(panel.new_seed(controls(session, labels)))
    assert pipeline.calls[-1].class_seeds == ((13, 6),)


def test_a_typed_seed_draws_everything_anew_but_leaving_the_field_does_not(
    panel: PaintPanel, painting: Painting, pipeline: FakePipeline, labels: np.ndarray
) -> None:
    session = Session("faces")
    last(painting.paint(controls(session, labels)))
    session.current.regions.reroll((1,), 5)
    last(painting.paint(controls(session, labels)))
    last(panel.use_typed_seed(controls(session, labels)))
    assert session.current.regions.seeds == {1: 5}
    last(panel.use_typed_seed(controls(session, labels, seed=8)))
    assert session.current.regions.seeds == {} and pipeline.calls[-1].seed == 8


@pytest.mark.parametrize("live", [True, False])
def test_a_control_that_is_left_as_it_was_changes_nothing(
    panel: PaintPanel, painting: Painting, pipeline: FakePipeline, labels: np.ndarray, live: bool
) -> None:
    """Gradio's menus and numbers report it when the focus leaves them."""
    session = Session("faces")
    shown = last(painting.paint(controls(session, labels, keep_seed=False))).settings["seed"]
    calls, newest = len(pipeline.calls), session.newest
    left = controls(session, labels, live=live, keep_seed=False, seed=shown)
    for handler in (panel.use_settings, panel.use_typed_seed):
        assert last(handler(left)) == View()
    panel.stop_running(left)
    assert len(pipeline.calls) == calls and session.newest == newest
    other = replace(left, solver="heun")
    panel.stop_running(other)
    assert session.newest > newest
    status = last(panel.use_settings(other)).status
    assert status == OTHER_SETTINGS if not live else "of heun" in status
    assert last(panel.use_settings(replace(other, seed=session.current.seed_shown(0) if live else shown))) == View()


def test_live_mode_with_fewer_steps_is_what_was_asked_for(
    panel: PaintPanel, pipeline: FakePipeline, labels: np.ndarray
) -> None:
    session = Session("faces")
    session.current.pace.live_steps = lambda steps: 2  # pyright: ignore[reportAttributeAccessIssue]
    last(panel.use_settings(controls(session, labels, steps=50)))
    assert pipeline.calls[-1].steps == 2
    assert last(panel.use_settings(controls(session, labels, steps=50))) == View()


def test_a_typed_seed_counts_where_seeds_are_not_kept(panel: PaintPanel, pipeline: FakePipeline) -> None:
    last(panel.use_typed_seed(controls(labels=np.eye(256, dtype=np.uint8), seed=77, keep_seed=False)))
    assert pipeline.calls[-1].seed == 77


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 0}, "number of steps"),
        ({"seed": -1}, "the seed is -1"),
        ({"solver": "magic"}, "no solver 'magic'"),
        ({"labels": np.full((256, 256), 99, np.uint8)}, "no class of celebamask_hq: 99"),
    ],
)
def test_mistakes_are_one_sentence(painting: Painting, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        last(painting.paint(controls(**changes)))
    assert "\n" not in str(error.value)


def test_cancelled_work_shows_nothing(painting: Painting, pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session("faces")
    pipeline.before_step = lambda i: session.cancel_running()
    with pytest.raises(Cancelled):
        last(painting.paint(controls(session, labels)))
    assert session.current.photo is None


def test_every_setting_of_the_page_is_in_the_request(models: Models, labels: np.ndarray) -> None:
    request = controls(labels=labels, solver="heun", grid="cubic", beta=12.5, steps=11, seed=42).request()
    assert (request.solver, request.grid, request.beta, request.steps, request.seed) == ("heun", "cubic", 12.5, 11, 42)
    assert request.model == "faces" and np.array_equal(request.layout, labels)


def test_on_a_slow_machine_live_mode_takes_fewer_steps_and_says_so(painting: Painting, labels: np.ndarray) -> None:
    slow = controls(labels=labels, steps=25)
    slow.state.pace.note(2.0, steps=1)
    view = last(painting.paint_if_live(slow))
    assert "live mode takes 3 of 25 steps" in str(view.status) and view.draft == "Live: 3 of 25 steps"
    view = last(painting.paint(slow))  # the button
    assert "25 steps of euler" in str(view.status) and view.draft == ""
