"""The path column: what is shown, which of it makes a timeline, and what is saved."""

from __future__ import annotations

import base64
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio import EventData
from PIL import Image, ImageSequence

from app.actions import Actions
from app.path import PathPanel
from app.player import Film, Player
from app.player.film import with_both_timelines
from app.session import Session
from semflow_core.requests.packing import pack_labels
from semflow_core.requests.requests import MorphRequest, SynthesisRequest, TrajectoryRequest

from .conftest import FakePipeline

HOW = ("euler", "quadratic", 40.0)


@pytest.fixture
def panel(actions: Actions) -> PathPanel:
    """What the column does, without its components."""
    made = PathPanel.__new__(PathPanel)
    made.actions = actions
    return made


def walk(panel: PathPanel, labels: np.ndarray, frames: int = 5, session: Session | None = None) -> tuple[Film, str]:
    return panel.walk(session or Session(), "faces", labels, 4, 7, *HOW, frames, lambda *a, **k: None)  # pyright: ignore


def event(film: Film, **changes: Any) -> EventData:
    shown = {"request": film.request, "view": "path", "timeline": "even", "there_and_back": False, "seconds": 2.0}
    return EventData(None, shown | {"format": "zip"} | changes)


def saved(answer: Any) -> bytes:
    return base64.b64decode(answer[0]["url"].split(",")[1])


def pictures(answer: Any) -> list[int]:
    """The grey values of the pictures in a saved zip."""
    with zipfile.ZipFile(io.BytesIO(saved(answer))) as archive:
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


def test_a_path_keeps_the_regions_looks(panel: PathPanel, pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    session.regions.reroll((1,), 5)
    session.regions.style((13,), (0.5, 0.0, -0.5), 7)
    walk(panel, labels, session=session)
    assert pipeline.calls[-1].class_seeds == ((1, 5), (13, 7))
    assert pipeline.calls[-1].offsets == ((13, (0.5, 0.0, -0.5)),)


def test_an_opened_photo_starts_the_path(panel: PathPanel, pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    session.photo, session.opened = np.zeros((256, 256, 3), np.uint8), True
    assert "from your photo" in walk(panel, labels, session=session)[1]
    assert pipeline.calls[-1].photo and not pipeline.calls[-1].layout


def test_what_moments_head_for_comes_when_asked(panel: PathPanel, labels: np.ndarray) -> None:
    film, _ = walk(panel, labels)
    ahead, _ = panel.predict(Session(), event(film), lambda *a, **k: None)  # pyright: ignore
    assert set(film.views) == {"path"} and set(ahead.views) == {"path", "photos", "layouts"}
    assert ahead.places == film.places and ahead.timelines == film.timelines
    assert (ahead.views["photos"] == 0).all() and (ahead.views["layouts"] == 255).all()


def test_between_two_seeds(panel: PathPanel, pipeline: FakePipeline, labels: np.ndarray) -> None:
    film, status = panel.between_seeds(9, Session(), "faces", labels, 4, 7, *HOW, 6, lambda *a, **k: None)  # pyright: ignore
    request = pipeline.calls[-1]
    assert (request.seed, request.other_seed, request.frames) == (7, 9, 6)
    assert request.layout == request.other_layout == pack_labels(labels)
    assert film.ends == ("seed 7", "seed 9") and set(film.timelines) == {"even"} and not film.predictable
    assert status == "From seed 7 to seed 9: 6 photos."


def test_the_same_seed_twice_is_refused(panel: PathPanel, labels: np.ndarray, warnings_said: list[str]) -> None:
    panel.between_seeds(7, Session(), "faces", labels, 4, 7, *HOW, 6, lambda *a, **k: None)  # pyright: ignore
    assert warnings_said == ["Both seeds are 7; choose another one to go to."]


def test_from_an_earlier_state_to_this_one(panel: PathPanel, pipeline: FakePipeline, labels: np.ndarray) -> None:
    then = SynthesisRequest(layout=pack_labels(labels * 0), seed=1, class_seeds=((1, 3),), steps=50)
    film, _ = panel.between_states(then, Session(), "faces", labels, 4, 7, *HOW, 6, lambda *a, **k: None)  # pyright: ignore
    request = pipeline.calls[-1]
    assert (request.layout, request.seed, request.class_seeds) == (then.layout, 1, ((1, 3),))
    assert (request.other_layout, request.other_seed, request.other_class_seeds) == (pack_labels(labels), 7, ())
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
    assert pictures(panel.save(event(film, timeline=timeline, there_and_back=back))) == values


def test_a_view_ahead_and_a_morph_are_saved_too(panel: PathPanel, labels: np.ndarray) -> None:
    film, _ = walk(panel, labels)
    ahead, _ = panel.predict(Session(), event(film), lambda *a, **k: None)  # pyright: ignore
    assert pictures(panel.save(event(ahead, view="layouts"))) == [255] * 5
    morph, _ = panel.between_seeds(9, Session(), "faces", labels, 4, 7, *HOW, 3, lambda *a, **k: None)  # pyright: ignore
    assert pictures(panel.save(event(morph))) == [0, 128, 255]


@pytest.mark.parametrize("kind", ["gif", "webp", "mp4"])
def test_animations_last_as_long_as_they_play(panel: PathPanel, labels: np.ndarray, tmp_path: Path, kind: str) -> None:
    film, _ = walk(panel, labels)
    answer = panel.save(event(film, format=kind, seconds=1.0))
    assert answer[0]["name"] == f"path.{kind}" and "5 pictures" in answer[1]
    if kind != "mp4":
        image = Image.open(io.BytesIO(saved(answer)))
        # a copy loads the frame: WebP does not know its duration before
        durations = [frame.copy().info["duration"] for frame in ImageSequence.Iterator(image)]
        assert durations == [250] * 5  # four steps a second from end to end


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"format": "avi"}, "There is no format 'avi'"),
        ({"view": "photos"}, "not shown any more"),
        ({"request": "{"}, "The request is not JSON"),
        ({"request": None}, "reload the page"),
    ],
)
def test_nonsense_from_the_page_is_one_sentence(
    panel: PathPanel, labels: np.ndarray, warnings_said: list[str], changes: dict[str, Any], words: str
) -> None:
    panel.save(event(walk(panel, labels)[0], **changes))
    (said,) = warnings_said
    assert words in said and "\n" not in said


def test_a_walk_between_layouts_counts_all_its_batches(pipeline: FakePipeline, labels: np.ndarray) -> None:
    done: list[tuple[int, int]] = []
    request = MorphRequest(steps=3, frames=9, layout=pack_labels(labels), other_seed=1)
    Session().walk(pipeline, request, lambda i, n: done.append((i, n)))
    assert done[0] == (1, 6) and done[-1] == (6, 6)


def test_the_browser_gets_a_file_for_every_picture(panel: PathPanel, labels: np.ndarray) -> None:
    film, _ = walk(panel, labels)
    value = Player(film).postprocess(film)
    assert value is not None
    assert len(value["views"]["path"]) == len(value["places"]) == len(film.places)
    assert all(Path(f["path"]).is_file() and f["path"].endswith(".webp") for f in value["views"]["path"])
    assert TrajectoryRequest.from_json(value["request"]) == replace(
        with_both_timelines(5, layout=pack_labels(labels), steps=4, seed=7, beta=40.0, grid="quadratic"), model="faces"
    )
    assert Player(None).postprocess(None) is None
