"""The path column: what is shown, which of it makes a timeline, and what is saved."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio import EventData
from PIL import Image, ImageSequence

from app.actions.walking import Walking
from app.controls import View
from app.state.film import Film, with_both_timelines
from app.state.paths import morph
from app.state.session import Session
from app.tabs import PathPanel
from app.widgets import Player
from semflow_core.errors import InputError
from semflow_core.requests import MorphRequest, SynthesisRequest, TrajectoryRequest

from ..conftest import FakePipeline, controls


def quiet(*args: Any, **options: Any) -> None:
    """In place of gr.Progress."""


QUIET: Any = quiet


@pytest.fixture
def panel(walking: Walking) -> PathPanel:
    with gr.Blocks():
        return PathPanel(walking, Player())


def film_of(view: View) -> Film:
    assert isinstance(view.film, Film)
    return view.film


def walk(panel: PathPanel, labels: np.ndarray, session: Session | None = None) -> tuple[Film, str]:
    view = panel.walk(controls(session, labels), QUIET)
    return film_of(view), str(view.status)


def event(film: Film, **changes: Any) -> EventData:
    shown = {"request": film.request, "view": "path", "timeline": "even", "there_and_back": False, "seconds": 2.0}
    return EventData(None, shown | {"format": "zip"} | changes)


def saved(view: View) -> bytes:
    assert isinstance(view.download, dict)
    return base64.b64decode(view.download["url"].split(",")[1])


def pictures(view: View) -> list[int]:
    """The grey values of the pictures in a saved zip."""
    with zipfile.ZipFile(io.BytesIO(saved(view))) as archive:
        return [int(np.asarray(Image.open(archive.open(n)))[0, 0, 0]) for n in archive.namelist()]


def test_a_path_has_even_times_and_the_solvers_own(panel: PathPanel, labels: np.ndarray) -> None:
    film, status = walk(panel, labels)
    even, own = ([film.places[i] for i in film.timelines[name]] for name in ("even", "own"))
    assert even == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert own == pytest.approx([0, 7 / 16, 3 / 4, 15 / 16, 1])  # 1 - u^2
    assert film.ends == ("photo", "layout") and film.predictable
    assert "from your layout: 5 moments, 4 steps of euler" in status
    assert [f[0, 0, 0] for f in film.frames("path", "even", False)] == [0, 64, 128, 191, 255]


def test_there_and_back_shows_the_ends_once(panel: PathPanel, labels: np.ndarray) -> None:
    film, _ = walk(panel, labels)
    assert [f[0, 0, 0] for f in film.frames("path", "even", True)] == [0, 64, 128, 191, 255, 191, 128, 64]


def test_a_path_keeps_the_regions(panel: PathPanel, pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session("faces")
    session.current.regions.reroll((1,), 5)
    session.current.regions.set_offset((13,), (0.5, 0.0, -0.5))
    walk(panel, labels, session)
    assert pipeline.calls[-1].class_seeds == ((1, 5),)
    assert pipeline.calls[-1].offsets == ((13, (0.5, 0.0, -0.5)),)


def test_an_opened_photo_starts_the_path(panel: PathPanel, pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session("faces")
    session.current.show(np.zeros((256, 256, 3), np.uint8), None)
    assert "from your photo" in walk(panel, labels, session)[1]
    assert pipeline.calls[-1].photo is not None and pipeline.calls[-1].layout is None


def test_what_moments_head_for_comes_when_asked(panel: PathPanel, labels: np.ndarray) -> None:
    film, _ = walk(panel, labels)
    ahead = film_of(panel.predict(controls(), event(film), QUIET))
    assert set(film.views) == {"path"} and set(ahead.views) == {"path", "photos", "layouts"}
    assert ahead.places == film.places and ahead.timelines == film.timelines
    assert (ahead.views["photos"] == 0).all() and (ahead.views["layouts"] == 255).all()


def test_between_two_seeds(panel: PathPanel, pipeline: FakePipeline, labels: np.ndarray) -> None:
    view = panel.walk_to_seed(controls(labels=labels, frames=6), 9, QUIET)
    film, status = film_of(view), view.status
    request = pipeline.calls[-1]
    assert (request.seed, request.other_seed, request.frames) == (7, 9, 6)
    assert np.array_equal(request.layout, labels) and np.array_equal(request.other_layout, labels)
    assert film.ends == ("seed 7", "seed 9") and set(film.timelines) == {"even"} and not film.predictable
    assert status == "From seed 7 to seed 9: 6 photos."


def test_the_same_seed_twice_is_refused(panel: PathPanel, labels: np.ndarray) -> None:
    with pytest.raises(InputError, match="both seeds are 7; choose another one to go to"):
        panel.walk_to_seed(controls(labels=labels), 7, QUIET)


def test_from_an_earlier_state_to_this_one(walking: Walking, pipeline: FakePipeline, labels: np.ndarray) -> None:
    earlier = SynthesisRequest(layout=labels * 0, seed=1, class_seeds=((1, 3),), steps=50)
    film = film_of(walking.walk_from_state(earlier, controls(labels=labels)))
    request = pipeline.calls[-1]
    assert (request.seed, request.class_seeds, request.layout.any()) == (1, ((1, 3),), False)
    assert (request.other_seed, request.other_class_seeds) == (7, ())
    assert np.array_equal(request.other_layout, labels)
    assert request.steps == 4 and film.ends == ("then", "now")


@pytest.mark.parametrize(
    "timeline, back, values",
    [
        ("even", False, [0, 64, 128, 191, 255]),
        ("own", False, [0, 112, 191, 239, 255]),
        ("even", True, [0, 64, 128, 191, 255, 191, 128, 64]),
    ],
)
def test_what_plays_is_saved(
    panel: PathPanel, labels: np.ndarray, timeline: str, back: bool, values: list[int]
) -> None:
    film, _ = walk(panel, labels)
    assert pictures(panel.save(controls(), event(film, timeline=timeline, there_and_back=back))) == values


def test_a_view_ahead_and_a_morph_are_saved_too(panel: PathPanel, labels: np.ndarray) -> None:
    film, _ = walk(panel, labels)
    ahead = film_of(panel.predict(controls(), event(film), QUIET))
    assert pictures(panel.save(controls(), event(ahead, view="layouts"))) == [255] * 5
    morph = film_of(panel.walk_to_seed(controls(labels=labels, frames=3), 9, QUIET))
    assert pictures(panel.save(controls(), event(morph))) == [0, 128, 255]


@pytest.mark.parametrize("kind", ["gif", "webp", "mp4"])
def test_animations_last_as_long_as_they_play(panel: PathPanel, labels: np.ndarray, tmp_path: Path, kind: str) -> None:
    film, _ = walk(panel, labels)
    view = panel.save(controls(), event(film, format=kind, seconds=1.0))
    assert isinstance(view.download, dict) and view.download["name"] == f"path.{kind}"
    assert "5 pictures" in str(view.status)
    if kind != "mp4":
        image = Image.open(io.BytesIO(saved(view)))
        # a copy loads the frame: WebP does not know its duration before
        durations = [frame.copy().info["duration"] for frame in ImageSequence.Iterator(image)]
        assert durations == [250] * 5  # four steps per second from end to end


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"format": "avi"}, "there is no format 'avi'"),
        ({"view": "photos"}, "not shown any more"),
        ({"request": "{"}, "the request is not JSON"),
        ({"request": SynthesisRequest(layout=np.zeros((16, 16), np.uint8)).to_json()}, "has no path to show"),
        ({"request": None}, "reload the page"),
    ],
)
def test_nonsense_from_the_page_is_one_sentence(
    panel: PathPanel, labels: np.ndarray, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as error:
        panel.save(controls(), event(walk(panel, labels)[0], **changes))
    assert "\n" not in str(error.value)


def test_a_morph_reports_what_the_pipeline_reports(pipeline: FakePipeline, labels: np.ndarray) -> None:
    done: list[tuple[int, int]] = []
    request = MorphRequest(steps=3, frames=9, layout=labels, other_seed=1)
    morph(Session("faces"), pipeline, request, lambda i, n: done.append((i, n)))
    assert done == [(1, 3), (2, 3), (3, 3)]


def test_the_browser_gets_a_file_for_every_picture(panel: PathPanel, labels: np.ndarray) -> None:
    film, _ = walk(panel, labels)
    value = Player(film).postprocess(film)
    assert value is not None
    assert len(value["views"]["path"]) == len(value["places"]) == len(film.places)
    assert all(Path(f["path"]).is_file() and f["path"].endswith(".webp") for f in value["views"]["path"])
    same = TrajectoryRequest(layout=labels, steps=4, seed=7, beta=40.0, grid="quadratic", frames=5)
    assert TrajectoryRequest.from_json(value["request"]) == with_both_timelines(same)
    assert Player(None).postprocess(None) is None
