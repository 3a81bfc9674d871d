"""Layout -> photo: drafts, memory, cancellation, and variations."""

from __future__ import annotations

import numpy as np
import pytest

from app.state import memory
from app.state.painted import paint, stages_to, vary
from app.state.seeds import draw_seed
from app.state.session import Cancelled, Session
from semflow_core.requests import SynthesisRequest

from ..conftest import FakePipeline, last
from .conftest import request


def test_a_draft_comes_first_and_the_chosen_steps_last(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    seen = [(p.steps, p.last, session.current.drafting) for p in paint(session, pipeline, request(labels, steps=25))]
    assert seen == [(2, False, True), (8, False, True), (25, True, False)]
    assert {c.seed for c in pipeline.calls} == {0}  # the seed holds still


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 8, 16, 50, 1000])
def test_every_stage_at_least_doubles_the_last(steps: int) -> None:
    stages = stages_to(steps)
    assert stages[-1] == steps and stages[0] <= 3 and all(2 * a <= b for a, b in zip(stages, stages[1:]))


def test_a_draft_alone_is_one_stage(pipeline: FakePipeline, labels: np.ndarray) -> None:
    (only,) = paint(Session(), pipeline, request(labels, steps=8), draft=True)
    assert only.steps == 2 and not only.last


def test_paint_returns_and_keeps_the_photo(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    photo = last(paint(session, pipeline, request(labels))).photo
    assert photo.shape == (256, 256, 3)
    state = session.current
    assert state.photo is photo and not state.shows_opened and state.request == request(labels)


def test_the_classes_shown_are_those_of_the_picture_not_of_the_canvas(
    pipeline: FakePipeline, labels: np.ndarray
) -> None:
    session = Session()
    assert session.current.classes_shown() is None
    list(paint(session, pipeline, SynthesisRequest(layout=labels, steps=1)))
    assert session.current.classes_shown() == set(np.unique(labels).tolist())


def test_progress_counts_the_steps_of_drafts_too(labels: np.ndarray, pipeline: FakePipeline) -> None:
    done: list[tuple[int, int]] = []
    request = SynthesisRequest(layout=labels, steps=8, seed=3)
    list(paint(Session("faces"), pipeline, request, progress=lambda *at: done.append(at)))
    assert {total for _, total in done} == {10} and done[-1] == (10, 10)  # 2 of the draft, 8 of the picture
    assert [d for d, _ in done] == sorted(d for d, _ in done)


def test_the_same_request_is_computed_once_for_everyone(pipeline: FakePipeline, labels: np.ndarray) -> None:
    first = last(paint(Session(), pipeline, request(labels)))
    (again,) = paint(Session(), pipeline, request(labels))  # what is known needs no draft
    other = last(paint(Session(), pipeline, request(labels, seed=1)))
    assert np.array_equal(first.photo, again.photo) and not np.array_equal(first.photo, other.photo)
    assert again.recalled and not first.recalled
    assert [c.steps for c in pipeline.calls] == [2, 4, 2, 4]


def test_the_memory_is_bounded_and_forgets_the_oldest(
    pipeline: FakePipeline, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MAX_BYTES", 10 * 256 * 256 * 4)
    session = Session()
    for seed in range(11):
        last(paint(session, pipeline, request(labels, seed, steps=1)))
    last(paint(session, pipeline, request(labels, 10, steps=1)))
    assert len(pipeline.calls) == 11
    last(paint(session, pipeline, request(labels, 0, steps=1)))
    assert len(pipeline.calls) == 12


def test_a_pointer_that_goes_down_stops_the_solve_at_its_next_step(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, seen = Session(), []

    def interfere(i: int) -> None:
        seen.append(i)
        if len(seen) == 4:
            session.cancel_running()

    pipeline.before_step = interfere
    with pytest.raises(Cancelled):
        last(paint(session, pipeline, request(labels)))
    assert seen == [0, 1, 0, 1]  # the draft's two, and two of four
    assert session.current.drafting and session.current.photo is not None  # the draft stays
    pipeline.before_step = lambda i: None
    assert last(paint(session, pipeline, request(labels))).last  # and the next request is not affected


def test_a_pointer_that_goes_down_between_two_stages_stops_the_next(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    stages = paint(session, pipeline, request(labels))
    next(stages)
    session.cancel_running()
    with pytest.raises(Cancelled):
        next(stages)
    assert len(pipeline.calls) == 1


def test_another_visitors_pointer_stops_nothing(pipeline: FakePipeline, labels: np.ndarray) -> None:
    other = Session()
    pipeline.before_step = lambda i: other.cancel_running()
    assert last(paint(Session(), pipeline, request(labels))).last


def test_four_variations_are_one_batch_and_picking_one_computes_nothing(
    pipeline: FakePipeline, labels: np.ndarray
) -> None:
    session = Session()
    requests = [request(labels, seed, steps=8) for seed in range(4)]
    stages = list(vary(session, pipeline, requests))
    assert [steps for _, steps in stages] == [2, 8] and pipeline.batches == [4, 4]
    calls = len(pipeline.calls)
    (picked,) = paint(session, pipeline, session.current.variations[2])
    assert np.array_equal(picked.photo, stages[-1][0][2]) and len(pipeline.calls) == calls


def test_drafts_of_many_variations_come_a_batch_at_a_time(pipeline: FakePipeline, labels: np.ndarray) -> None:
    done: list[tuple[int, int]] = []
    requests = [request(labels, seed, steps=8) for seed in range(10)]
    stages = list(vary(Session(), pipeline, requests, lambda *at: done.append(at)))
    assert [(len(photos), steps) for photos, steps in stages] == [(4, 2), (8, 2), (10, 2), (10, 8)]
    assert pipeline.batches == [4, 4, 2, 4, 4, 2]
    assert {total for _, total in done} == {10 * (2 + 8)} and done == sorted(done) and done[-1] == (100, 100)


def test_drawn_seeds_are_short() -> None:
    assert all(0 <= draw_seed() < 100_000 for _ in range(100))
