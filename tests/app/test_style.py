"""The tab "Style" on the fake pipeline: colours of regions, in painted pictures and in photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.actions import Actions
from app.editing import EditTab
from app.session import Session
from app.style import StyleTab
from semflow_core.method.appearance import fit_appearance
from semflow_core.method.colors import read_color
from semflow_core.requests.requests import EditRequest

from .conftest import FakePipeline
from .test_actions import HOW, save_picture

HAIR = 13


@pytest.fixture
def tab(actions: Actions, pipeline: FakePipeline) -> StyleTab:
    with gr.Blocks():
        return StyleTab(actions, pipeline.palette, StyleTab.make_clicks())


@pytest.fixture
def colours(pipeline: FakePipeline) -> FakePipeline:
    pipeline.appearance = fit_appearance(np.random.default_rng(0).normal(128, 30, (50, 19, 3)))
    return pipeline


def test_without_looks_there_is_no_colour_to_choose(tab: StyleTab) -> None:
    session = Session("faces")
    assert tab.choose(session, "faces", 7, HAIR)[-1]["visible"] is False
    assert tab.show(Session("faces"), "faces", 7)[-1]["visible"] is False


def test_without_looks_a_pad_that_moved_is_no_edit(
    tab: StyleTab, actions: Actions, pipeline: FakePipeline, tmp_path: Path
) -> None:
    session = Session("faces")
    painter, *_ = actions.open(save_picture(tmp_path / "photo.png", (300, 300)), session, "faces")
    tab.choose(session, "faces", 7, int(painter["value"][0, 0]))
    read = len(pipeline.calls)
    list(tab.release((0.5, 0.5, 0.5), session, "faces", painter["value"], 4, 7, True, *HOW))
    assert len(pipeline.calls) == read and session.unchanged(painter["value"], False)


def test_a_colour_is_the_regions_handle_and_is_shown_again(
    tab: StyleTab, colours: FakePipeline, labels: np.ndarray
) -> None:
    session = Session("faces")
    tab.choose(session, "faces", 7, HAIR)
    list(tab.recolour("#a06030", session, "faces", labels, 4, 7, True, *HOW))
    assert colours.appearance is not None
    wanted = colours.appearance.offset_of(HAIR, (160, 96, 48))
    assert session.regions.offsets == {HAIR: wanted} and HAIR in session.regions.locked
    assert dict(colours.calls[-1].offsets)[HAIR] == wanted
    *_, color = tab.show(session, "faces", 7)
    assert color["visible"] is True and color["value"] == "#a06030"


def test_what_is_no_colour_changes_nothing(
    tab: StyleTab, colours: FakePipeline, labels: np.ndarray, warnings_said: list[str]
) -> None:
    session = Session("faces")
    tab.choose(session, "faces", 7, HAIR)
    list(tab.recolour("mauve", session, "faces", labels, 4, 7, True, *HOW))
    assert "'mauve' is no colour" in warnings_said[0] and not session.regions.offsets and not colours.calls


def test_a_typed_colour_that_the_class_never_has_is_said(
    tab: StyleTab, colours: FakePipeline, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch, warnings_said: list[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr("app.style.gr.Info", said.append)
    session = Session("faces")
    tab.choose(session, "faces", 7, HAIR)
    for typed in ("#a06030", "#00ff00", "mauve"):
        list(tab.recolour_as_typed(typed, session, "faces", labels, 4, 7, True, *HOW))
    (remark,) = said
    assert "hair is never #00ff00" in remark and len(warnings_said) == 1 and "mauve" in warnings_said[0]
    assert tab.show(session, "faces", 7)[-1]["value"] in remark  # the colour that it gets


def test_a_photo_is_recoloured_without_a_stroke_and_once_accepted_stays_so(
    tab: StyleTab, actions: Actions, colours: FakePipeline, tmp_path: Path
) -> None:
    session = Session("faces")
    painter, *_ = actions.open(save_picture(tmp_path / "photo.png", (300, 300)), session, "faces")
    inputs: tuple[Any, ...] = ("faces", painter["value"], 4, 7, True, *HOW)
    region = int(painter["value"][0, 0])
    *_, color = tab.choose(session, "faces", 7, region)
    assert colours.appearance is not None
    shown = colours.appearance.offset_of(region, read_color(color["value"]))
    assert shown == pytest.approx(session.styles[region], abs=0.05)  # the photo's own, to begin with
    list(tab.recolour("#a06030", session, *inputs))
    request = colours.calls[-1]
    assert isinstance(request, EditRequest) and region in dict(request.offsets)
    with gr.Blocks():
        edits = EditTab(actions, gr.Radio(["edit", "new"]))
    edits.take(session, "faces")
    *_, locked, color = tab.show(session, "faces", 7)
    assert locked is False and color["visible"] is True
    assert not session.regions.offsets and session.unchanged(painter["value"], True)
