"""The tab "Appearance" on the fake pipeline: colours of regions, in painted pictures and in photos."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.actions.models import Models
from app.actions.opening import open_photo
from app.actions.painting import Painting
from app.controls import View
from app.state import region_colors
from app.state.session import Session
from app.tabs import AppearanceTab, EditTab, RegionActs
from app.tabs.region_acts import Act
from app.widgets.pad.by_hand import ByHand
from semflow_core.errors import InputError
from semflow_core.method.appearance import fit_appearance
from semflow_core.method.colors import read_color
from semflow_core.requests import EditRequest

from ..actions.test_opening import save_picture
from ..conftest import FakePipeline, controls, last

HAIR, SKIN = 13, 1


@pytest.fixture
def tab(models: Models, painting: Painting, pipeline: FakePipeline) -> AppearanceTab:
    with gr.Blocks():
        return AppearanceTab(models, painting, pipeline.palette)


@pytest.fixture
def acts(tab: AppearanceTab) -> RegionActs:
    with gr.Blocks():
        return RegionActs(tab, RegionActs.make_clicks())


@pytest.fixture
def colours(pipeline: FakePipeline) -> FakePipeline:
    pipeline.appearance = fit_appearance(np.random.default_rng(0).normal(128, 30, (50, 19, 3)))
    return pipeline


def test_without_an_appearance_there_is_no_colour_to_choose(tab: AppearanceTab) -> None:
    assert tab.choose(controls(), HAIR).parts[tab.color]["visible"] is False
    assert tab.show(controls()).parts[tab.color]["visible"] is False


def test_without_an_appearance_a_pad_that_moved_is_no_edit(
    tab: AppearanceTab, pipeline: FakePipeline, tmp_path: Path
) -> None:
    session = Session("faces")
    opened = open_photo(Path(save_picture(tmp_path / "photo.png", (300, 300))), session, pipeline)
    values = controls(session, opened.painter["value"])
    tab.choose(values, int(values.labels[0, 0]))
    calls = len(pipeline.calls)
    last(tab.release(values, (0.5, 0.5, 0.5)))
    assert len(pipeline.calls) == calls and session.current.is_unchanged(values.labels, False)


def test_a_colour_is_the_regions_offset_and_is_shown_again(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray
) -> None:
    values = controls(labels=labels)
    tab.choose(values, HAIR)
    last(tab.changes.recolor(values, "#a06030"))
    assert colours.appearance is not None
    offset = colours.appearance.offset_of(HAIR, read_color("#a06030"))
    assert values.state.regions.offsets == {HAIR: offset} and not values.state.regions.locked
    assert dict(colours.calls[-1].offsets)[HAIR] == offset
    parts = tab.show(values).parts
    assert tab.color not in parts  # the picker has it already
    assert (
        parts[tab.region]["value"] == HAIR and parts[tab.lock]["value"] is False and parts[tab.pad]["value"] == offset
    )


def test_the_menu_that_is_left_as_it_was_changes_nothing(tab: AppearanceTab) -> None:
    values = controls()
    assert tab.choose_by_name(values, None) == View()
    assert tab.choose_by_name(values, HAIR).parts[tab.region]["value"] == HAIR
    assert tab.choose_by_name(values, HAIR) == View()


def test_a_draft_that_comes_after_the_handle_was_let_go_changes_nothing(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray
) -> None:
    """Gradio sends the last of fast events when the one before is done: then the handle may be at rest already."""
    values = controls(labels=labels)
    tab.choose(values, HAIR)
    assert last(tab.drag(values, ByHand((0.1, 0.0, 0.0)))) is not None
    last(tab.release(values, (0.2, 0.0, 0.0)))
    newest, calls = values.session.newest, len(colours.calls)
    assert not list(tab.drag(values, ByHand((0.2, 0.0, 0.0))))
    assert values.session.newest == newest and len(colours.calls) == calls


def test_the_pad_is_told_of_a_release_once_the_region_has_it(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray
) -> None:
    """What the page asks for from then on must not bring the handle back to where it was."""
    values = controls(labels=labels)
    tab.choose(values, HAIR)
    last(tab.drag(values, ByHand((0.0, 0.0, 0.0))))
    for view in tab.release(values, (1.0, 0.0, 0.0)):
        if tab.pad in view.parts:
            assert view.parts[tab.pad]["released"][:3] == [1.0, 0.0, 0.0]
            assert tab.show(values).parts[tab.pad]["value"] == (1.0, 0.0, 0.0)
            return
    raise AssertionError("the pad is not told")


def test_a_late_answer_leaves_the_picker_to_the_visitor(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray
) -> None:
    values = controls(labels=labels)
    assert tab.choose(values, HAIR).parts[tab.color]["visible"] is True
    assert tab.color not in tab.show(values).parts  # the same again, while a colour is being typed, perhaps
    skin = tab.choose(values, SKIN).parts[tab.color]["value"]
    assert tab.choose(values, HAIR).parts[tab.color]["value"] != skin


def test_what_is_no_colour_changes_nothing(tab: AppearanceTab, colours: FakePipeline) -> None:
    values = controls()
    tab.choose(values, HAIR)
    with pytest.raises(InputError, match="'mauve' is no colour"):
        last(tab.changes.recolor(values, "mauve"))
    assert not values.state.regions.offsets and not colours.calls


def test_a_typed_colour_that_the_class_never_has_is_said(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray, sentences: list[str]
) -> None:
    values = controls(labels=labels)
    tab.choose(values, HAIR)
    for typed in ("#a06030", "#00ff00"):
        last(tab.changes.recolor_as_typed(values, typed))
    with pytest.raises(InputError, match="mauve"):
        last(tab.changes.recolor_as_typed(values, "mauve"))
    (remark,) = sentences
    assert "hair is never #00ff00" in remark
    assert tab.show(values).parts[tab.color]["value"] in remark  # the colour that it gets


def test_a_photo_is_recoloured_without_a_stroke_and_once_accepted_stays_so(
    tab: AppearanceTab, models: Models, painting: Painting, colours: FakePipeline, tmp_path: Path
) -> None:
    session = Session("faces")
    opened = open_photo(Path(save_picture(tmp_path / "photo.png", (300, 300))), session, colours)
    values = controls(session, opened.painter["value"])
    region = int(values.labels[0, 0])
    color = tab.choose(values, region).parts[tab.color]["value"]
    assert colours.appearance is not None
    shown = colours.appearance.offset_of(region, read_color(color))
    assert shown == pytest.approx(session.current.photo_offsets[region], abs=0.05)  # the photo's own, to begin with
    last(tab.changes.recolor(values, "#a06030"))
    request = colours.calls[-1]
    assert isinstance(request, EditRequest) and region in dict(request.offsets)
    with gr.Blocks():
        edits = EditTab(models, painting, EditTab.make_mode())
    edits.accept_edit(values)
    parts = tab.show(values).parts
    assert parts[tab.lock]["value"] is False and parts[tab.color]["visible"] is True
    assert not session.current.regions.offsets and session.current.is_unchanged(values.labels, True)


def test_an_act_on_several_regions_is_undone_and_redone(
    acts: RegionActs, colours: FakePipeline, labels: np.ndarray
) -> None:
    values = controls(labels=labels)
    places = [np.argwhere(labels == i)[0][::-1] for i in np.unique(labels)[:2]]
    act: Act = {"points": [((x + 0.5) / labels.shape[1], (y + 0.5) / labels.shape[0]) for x, y in places], "color": ""}
    regions = acts.regions_at(values, act)
    assert len(regions) == 2
    ids = {i for region in regions for i in region}

    acts.remember_regions(values)
    last(acts.reroll_at(values, act))
    assert set(values.state.regions.seeds) == ids and set(dict(colours.calls[-1].class_seeds)) == ids
    acts.remember_regions(values)
    last(acts.recolor_at(values, {**act, "color": "#a06030"}))
    assert set(values.state.regions.offsets) == ids
    acts.remember_regions(values)
    assert acts.lock_at(values, act).painter["locked"] == sorted(ids)
    assert values.state.regions.locked == ids  # the colour locked none
    assert acts.lock_at(values, act).painter["locked"] == []
    assert values.state.regions.locked == set()  # all were locked

    acts.undo(values)
    assert values.state.regions.locked == set() and set(values.state.regions.offsets) == ids
    acts.undo(values)
    assert not values.state.regions.offsets and set(values.state.regions.seeds) == ids
    acts.redo(values)
    assert set(values.state.regions.offsets) == ids
    for _ in range(2):
        acts.undo(values)
    assert not values.state.regions.seeds
    acts.undo(values)  # there is nothing before
    last(acts.repaint(values))
    assert not colours.calls[-1].class_seeds


def test_a_lock_is_shown_by_the_tab_and_the_canvas(tab: AppearanceTab, labels: np.ndarray) -> None:
    values = controls(labels=labels)
    tab.choose(values, HAIR)
    assert tab.changes.set_lock(values, True).painter["locked"] == [HAIR]
    tab.choose(values, SKIN)
    shown = tab.show_choices(values)  # as after a layout, a model or a state has come
    assert shown.painter == {"locked": [HAIR]} and shown.parts[tab.lock]["value"] is False
    tab.choose(values, HAIR)
    assert tab.show(values).parts[tab.lock]["value"] is True
    assert tab.changes.set_lock(values, False).painter["locked"] == []


def test_all_that_the_tab_changes_is_one_step_each_of_the_canvas(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray
) -> None:
    values = controls(labels=labels)
    state, session = values.state, values.session
    tab.choose(values, HAIR)
    seen = [deepcopy(state.regions)]

    def is_step(views: list[View]) -> None:
        """Exactly one, which the canvas is told of."""
        assert [v.painter["asides"] for v in views if v.painter] == [len(seen)] == [session.asides]
        seen.append(deepcopy(state.regions))
        assert seen[-1] != seen[-2]

    is_step(list(tab.changes.reroll(values)))
    dragged = [v for x in (0.1, 0.2, 0.3) for v in tab.drag(values, ByHand((x, 0.0, 0.0)))]
    is_step([*dragged, *tab.release(values, (0.3, 0.0, 0.0))])
    is_step(list(tab.release(values, (0.4, 0.0, 0.0))))  # another drag
    is_step(
        [v for c in ("#a06030", "#905030") for v in tab.changes.recolor(values, c)]
        + [*tab.changes.finish_color(values, "#805030")]
    )
    assert not any(v.painter for v in tab.changes.recolor(values, "#805030"))  # a late event of the drag
    locking = tab.set_lock(values, True)
    assert locking.parts[tab.lock] is True
    is_step([locking])
    is_step(list(tab.changes.reset_region(values)))
    assert not state.regions.offsets and state.regions.seeds == {HAIR: values.seed} and state.regions.locked == {HAIR}
    assert not any(v.painter for v in tab.changes.reset_region(values))  # as it is already
    for before in reversed(seen[:-1]):
        state.undo_regions()
        assert state.regions == before
    for after in seen[1:]:
        state.redo_regions()
        assert state.regions == after


def test_a_late_answer_that_the_page_sends_back_as_a_drag_changes_nothing(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray
) -> None:
    values = controls(labels=labels)
    tab.choose(values, HAIR)
    pad = tab.pad
    list(tab.drag(values, pad.preprocess([0.5, 0.0, 0.0, 1])))
    list(tab.release(values, pad.preprocess([0.9, 0.0, 0.0, 1])))
    assert values.state.regions.offsets == {HAIR: (0.9, 0.0, 0.0)}
    assert not list(tab.drag(values, pad.preprocess([0.5, 0.0, 0.0])))  # an answer on its way overwrote the value
    assert values.state.regions.offsets == {HAIR: (0.9, 0.0, 0.0)}


def test_the_ends_of_the_pad_are_the_colours_that_it_gives(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray
) -> None:
    assert colours.appearance is not None
    pad = tab.choose(controls(labels=labels), HAIR).parts[tab.pad]
    _, second, third = pad["value"]
    (_, dark), (name, light) = pad["ends"][0]
    assert name == "light" and read_color(light) == pytest.approx(
        colours.appearance.color_of(HAIR, (0.95, second, third)), abs=1
    )
    assert sum(read_color(dark)) < sum(read_color(light))
    assert "may change a little" in pad["note"]  # a photo that is edited keeps what lies beside the region


def test_what_changes_a_region_rests_until_one_is_chosen(tab: AppearanceTab, labels: np.ndarray) -> None:
    values = controls(labels=labels)
    changers = (tab.again, tab.reset, tab.from_photo, tab.lock)
    assert {part.interactive for part in changers} == {False}
    for region in (HAIR, None):
        parts = tab.choose(values, region).parts
        assert {parts[part]["interactive"] for part in changers} == {region is not None}


def test_what_is_refused_is_no_step(tab: AppearanceTab, colours: FakePipeline) -> None:
    values = controls()
    with pytest.raises(InputError, match="no region is chosen"):
        tab.changes.set_lock(values, True)
    tab.choose(values, HAIR)
    for act in (lambda: tab.changes.recolor(values, "mauve"), lambda: tab.changes.copy_from_photo(values)):
        with pytest.raises(InputError):
            last(act())
    assert not values.state.undone and not values.session.asides


def test_a_colour_where_there_are_none_and_an_act_without_a_place_are_refused(
    acts: RegionActs, labels: np.ndarray
) -> None:
    with pytest.raises(InputError, match="takes no colours"):
        last(acts.recolor_at(controls(labels=labels), {"points": [(0.5, 0.5)], "color": "#a06030"}))
    with pytest.raises(InputError, match="no region is selected"):
        acts.choose_at(controls(labels=labels), {"points": [], "color": ""})
    crafted: list[Any] = [{}, [], {"points": "ab"}, {"points": [[[]]]}, {"points": [[0, float("nan")]]}, {"points": 1}]
    for act in crafted:
        with pytest.raises(InputError, match="do not understand each other"):
            acts.choose_at(controls(labels=labels), act)
        with pytest.raises(InputError):
            last(acts.recolor_at(controls(labels=labels), act))


def test_what_is_selected_on_the_canvas_is_the_chosen_region_and_no_tab_comes_to_the_front(
    tab: AppearanceTab, acts: RegionActs, labels: np.ndarray
) -> None:
    values = controls(labels=labels)
    tab.choose(values, HAIR)
    view = acts.follow(values, {"points": [(0.5, 0.5)], "color": ""})
    assert values.state.region == SKIN and view.parts[tab.region]["value"] == SKIN
    assert not view.tab and not view.status


def test_a_new_draw_names_the_region_and_looks_different(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = controls(labels=labels)
    tab.choose(values, SKIN)
    drawn = iter([values.seed, 8, 9])  # the first is the one that is shown
    monkeypatch.setattr(region_colors, "draw_seed", lambda: next(drawn))
    view = last(tab.changes.reroll(values))
    assert view.status.startswith("Drawn anew: skin. Painted") and values.state.regions.seeds[SKIN] in (8, 9)


def test_a_new_draw_ends_where_no_seed_looks_different(
    tab: AppearanceTab, colours: FakePipeline, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = controls(labels=labels)
    tab.choose(values, SKIN)
    drawn = iter([values.seed] * region_colors.TRIES)
    monkeypatch.setattr(region_colors, "draw_seed", lambda: next(drawn))
    last(tab.changes.reroll(values))
    assert values.state.regions.seeds == {SKIN: values.seed}
