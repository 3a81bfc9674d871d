"""The tab "Label" beside what else comes to the canvas: neither loses what the other had there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio import Blocks, EventData
from PIL import Image

from app.actions.models import Models
from app.actions.painting import Painting
from app.actions.restoring import restore_visit
from app.actions.switching import switch_model
from app.actions.walking import Walking
from app.controls import View
from app.state.kept import keep_state, read_kept
from app.state.model_state import ModelState
from app.state.own_palette import rows_of
from app.state.session import Cancelled, Session
from app.tabs import AppearanceTab, LabelTab, OpenSave, PaintPanel, RegionActs, StartTab, VariationsTab
from app.tabs.region_acts import Act
from app.widgets.pad.by_hand import ByHand
from semflow_core.errors import InputError
from semflow_core.method.appearance import fit_appearance
from semflow_core.requests.packing import pack_labels
from tools.drawn import palette

from ..conftest import FakePipeline, controls
from .conftest import here


def test_something_else_on_the_canvas_leaves_the_set_as_it_was(
    tab: LabelTab, session: Session, models: Models, pipeline: FakePipeline
) -> None:
    list(tab.use_classes(here(session), rows_of(palette())))
    view = switch_model(models, controls(session), "streets")
    assert session.labelling is None and view.painter["classes"][0]["name"] != "sky" and view.painter["spots"] == ""
    assert tab.show_parts(controls(session)).parts[tab.line.resume]["visible"]
    with pytest.raises(InputError, match="Back to the set"):
        list(tab.accept_item(controls(session)))
    views = list(tab.return_to_set(controls(session)))
    assert session.labelling is not None and len(views[0].painter["classes"]) == 13


@pytest.mark.parametrize("press", ["model", "photo", "layout", "blank", "card"])
def test_strokes_on_the_open_photo_stay_when_something_else_comes(
    tab: LabelTab, session: Session, models: Models, painting: Painting, tmp_path: Path, photos: list[str], press: str
) -> None:
    layout = tmp_path / "layout.png"
    Image.fromarray(np.zeros((256, 256), np.uint8)).save(layout)
    with Blocks():
        start, opener = StartTab(models, models.pipeline("faces")), OpenSave(models, painting)
    painted = controls(session, np.full((256, 256), 5, np.uint8))
    handlers: dict[str, Any] = {
        "model": lambda: switch_model(models, painted, "streets"),
        "photo": lambda: opener.open(painted, photos[1], "photo"),
        "layout": lambda: opener.open(painted, str(layout), "own"),
        "blank": lambda: start.start_blank(painted),
        "card": lambda: start.start_photo(painted, EventData(None, {"index": 0})),
    }
    handlers[press]()
    labelled = session.labelled
    assert session.labelling is None and labelled is not None and labelled.unsaved
    assert labelled.items[0].mask(labelled.palette).min() == 5


def test_the_sets_canvas_is_not_kept_as_a_models(tab: LabelTab, session: Session, models: Models) -> None:
    switch_model(models, controls(session, np.full((256, 256), 5, np.uint8)), "streets")
    before = session.models["faces"].canvas  # as it was when the set was opened
    assert before is not None and before.labels.max() != 5
    view = switch_model(models, controls(session, np.zeros((128, 256), np.uint8)), "faces")
    assert view.painter["value"] is before.labels and view.photo is None  # none was painted


@pytest.mark.parametrize("way", ["leave", "model"])
def test_the_opened_photo_stays_while_a_set_is_labelled(
    tab: LabelTab, models: Models, painting: Painting, photos: list[str], way: str
) -> None:
    session = Session("faces")
    with Blocks():
        opener = OpenSave(models, painting)
    opener.open(controls(session), photos[0], "photo")
    opened, photo = session.current.opened, session.current.photo
    layout = np.full((256, 256), 1, np.uint8)
    list(tab.open(controls(session, layout), photos[1:]))
    assert session.current.opened is None and session.current.photo is not photo  # strokes edit nothing
    list(tab.accept_item(controls(session, np.full((256, 256), 5, np.uint8))))
    if way == "leave":
        view = tab.leave_set(here(session))
        with pytest.raises(InputError, match="shows no photo of a set"):
            tab.leave_set(controls(session, layout))
    else:
        switch_model(models, here(session), "streets")
        assert session.current.photo is None
        view = switch_model(models, controls(session, np.zeros((128, 256), np.uint8)), "faces")
    assert opened is not None and session.current.opened is opened and session.current.editing
    assert view.photo is photo and np.array_equal(view.painter["value"], layout) and view.before
    assert session.labelled is not None and len(session.labelled.accepted) == 1


def test_nothing_puts_a_picture_where_the_photo_of_a_set_is(
    tab: LabelTab, session: Session, models: Models, painting: Painting, pipeline: FakePipeline
) -> None:
    walking, palette_ = Walking(models), models.pipeline("faces").palette
    with Blocks():
        variations = VariationsTab(models, painting)
        appearance = AppearanceTab(models, painting, palette_)
        acts = RegionActs(appearance, RegionActs.make_clicks())
        paint = PaintPanel(painting)
    asked = here(session)
    act: Act = {"points": [(0.5, 0.5)], "color": "#ff0000"}
    session.current.region = 1
    pipeline.appearance = fit_appearance(np.random.default_rng(0).normal(128, 30, (50, 19, 3)))
    calls = len(pipeline.calls)
    refused: list[Callable[[], Any]] = [
        lambda: painting.paint(asked),
        lambda: paint.new_seed(asked),
        lambda: variations.paint(asked, 4),
        lambda: variations.pick(asked, "whole", EventData(None, {"index": 0})),
        lambda: acts.reroll_at(asked, act),
        lambda: acts.recolor_at(asked, act),
        lambda: [acts.lock_at(asked, act)],
        lambda: appearance.changes.reroll(asked),
        lambda: appearance.changes.recolor(asked, "#ff0000"),
        lambda: appearance.changes.reset_region(asked),
        lambda: appearance.changes.copy_from_photo(asked),
        lambda: appearance.drag(asked, ByHand((0.5, 0, 0))),
        lambda: appearance.release(asked, (0.5, 0, 0)),
        lambda: acts.repaint(asked),
        lambda: [walking.walk(asked)],
        lambda: [walking.walk_to_seed(asked, 3)],
        lambda: [walking.walk_from_state(asked.request(), asked)],
    ]
    for ask in refused:
        with pytest.raises(InputError, match="a photo of a set .*; leave the set first"):
            list(ask())
    for view in (*painting.paint_if_live(asked), *paint.use_typed_seed(asked)):
        assert view == View()
    assert len(pipeline.calls) == calls and session.labelling is not None


def test_a_picture_that_is_painted_ends_when_a_set_comes(
    tab: LabelTab, painting: Painting, photos: list[str], pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it comes just before the painting takes its number."""
    session, start = Session("faces"), Session.start

    def start_late(self: Session, progress: Any = None) -> Any:
        monkeypatch.undo()
        list(tab.open(controls(session), photos))
        pipeline.calls.clear()
        return start(self, progress)

    monkeypatch.setattr(Session, "start", start_late)
    with pytest.raises(Cancelled):
        list(painting.paint(controls(session, np.full((256, 256), 1, np.uint8))))
    assert not pipeline.calls and session.labelling is not None


def test_a_visit_that_comes_back_leaves_the_set(tab: LabelTab, session: Session, models: Models) -> None:
    list(tab.use_classes(here(session), rows_of(palette())))
    state = json.loads(json.dumps(keep_state(ModelState())))
    settings = {"steps": 6, "seed": 123, "solver": "heun", "grid": "cubic", "beta": 20.5}
    packed = pack_labels(np.full((256, 256), 2, np.uint8))
    layout = {"layout": packed, "settings": settings, "state": state}
    kept = read_kept(
        json.dumps({"model": "faces", "live": False, "keep_seed": False, "frames": 30, "models": {"faces": layout}})
    )
    view = restore_visit(models, here(session), kept, {})
    assert session.labelling is None and session.labelled is not None and len(session.labelled.items) == 3
    assert len(view.painter["classes"]) == 19 and view.painter["model"] == "faces" and view.painter["value"].min() == 2
    assert session.current is session.models["faces"]


def test_an_example_brings_the_models_classes_back(tab: LabelTab, session: Session, models: Models) -> None:
    from app.actions.opening import land_layout

    list(tab.use_classes(here(session), rows_of(palette())))
    view = land_layout(np.zeros((256, 256), np.uint8), session, models.pipeline("faces"))
    assert len(view.painter["classes"]) == 19 and "--aspect: 1" in str(view.shape) and session.labelling is None
