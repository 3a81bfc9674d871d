"""Requests in, results out: memory, cancellation, and what a session holds."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from app.session import KEPT_PHOTOS, Cancelled, Session, new_seed
from semflow_core.request import (
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
    pack_labels,
    pack_photo,
)

from .conftest import FakePipeline


def request(labels: np.ndarray, seed: int = 0, steps: int = 4) -> SynthesisRequest:
    return SynthesisRequest(steps=steps, seed=seed, layout=pack_labels(labels))


def test_paint_returns_and_keeps_the_photo(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    photo = session.paint(pipeline, request(labels))
    assert photo.shape == (256, 256, 3)
    assert session.photo is photo and not session.opened


def test_the_same_request_is_computed_once_for_everyone(pipeline: FakePipeline, labels: np.ndarray) -> None:
    first = Session().paint(pipeline, request(labels))
    again = Session().paint(pipeline, request(labels))
    other = Session().paint(pipeline, request(labels, seed=1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert len(pipeline.calls) == 2


def test_the_memory_is_bounded_and_forgets_the_oldest(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    for seed in range(KEPT_PHOTOS + 1):
        session.paint(pipeline, request(labels, seed, steps=1))
    session.paint(pipeline, request(labels, KEPT_PHOTOS, steps=1))
    assert len(pipeline.calls) == KEPT_PHOTOS + 1
    session.paint(pipeline, request(labels, 0, steps=1))
    assert len(pipeline.calls) == KEPT_PHOTOS + 2


def test_a_pointer_that_goes_down_stops_the_solve_at_its_next_step(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, seen = Session(), []

    def interfere(i: int) -> None:
        seen.append(i)
        if i == 1:
            session.begin()

    pipeline.before_step = interfere
    with pytest.raises(Cancelled):
        session.paint(pipeline, request(labels))
    assert seen == [0, 1]
    assert session.photo is None
    pipeline.before_step = lambda i: None
    assert session.paint(pipeline, request(labels)) is not None  # and the next request is not affected


def test_another_visitors_pointer_stops_nothing(pipeline: FakePipeline, labels: np.ndarray) -> None:
    other = Session()
    pipeline.before_step = lambda i: other.begin()
    Session().paint(pipeline, request(labels))


def test_reading_a_photo_makes_it_the_visitors_own(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, photo = Session(), np.full((256, 256, 3), 200, np.uint8)
    result = session.read(pipeline, photo, SegmentationRequest(steps=2, photo=pack_photo(photo)))
    assert (result.labels == 1).all()
    assert session.opened and session.photo is photo
    session.paint(pipeline, request(labels))
    assert not session.opened


def test_a_walk_reports_every_step(pipeline: FakePipeline, labels: np.ndarray) -> None:
    done: list[tuple[int, int]] = []
    walk = TrajectoryRequest(steps=3, frames=5, layout=pack_labels(labels))
    result = Session().walk(pipeline, walk, lambda i, n: done.append((i, n)))
    assert len(result.frames) == 5
    assert done[:3] == [(1, 3), (2, 3), (3, 3)]


def test_sessions_are_copied_apart() -> None:
    """Gradio gives every visitor a deep copy of the first value."""
    first = Session()
    second = copy.deepcopy(first)
    second.begin()
    assert first.newest == 0


def test_drawn_seeds_are_short() -> None:
    assert all(0 <= new_seed() < 100_000 for _ in range(100))
