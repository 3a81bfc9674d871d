"""Paths that are asked for, and those that are computed before."""

from __future__ import annotations

import numpy as np
import pytest

from app.state.painted import paint
from app.state.paths import morph, trace, trace_ahead
from app.state.session import Cancelled, Session
from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.results import Trajectory
from semflow_core.requests import MorphRequest, TrajectoryRequest

from ..conftest import FakePipeline, last
from .conftest import request


def test_a_walk_reports_every_step(pipeline: FakePipeline, labels: np.ndarray) -> None:
    done: list[tuple[int, int]] = []
    walk = TrajectoryRequest(steps=3, frames=5, layout=labels)
    result = trace(Session(), pipeline, walk, lambda i, n: done.append((i, n)))
    assert len(result.frames) == 5
    assert done[:3] == [(1, 3), (2, 3), (3, 3)]


def test_a_walk_ahead_stops_nothing_and_gives_way(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, walk = Session(), TrajectoryRequest(steps=3, frames=5, layout=labels)
    painting = paint(session, pipeline, request(labels, steps=8))
    next(painting)  # its draft; the page asks for the path that it has no photo for yet
    assert len(trace_ahead(session, pipeline, walk).frames) == 5
    assert last(painting).last
    plain = pipeline.trajectory

    def interrupted(request: TrajectoryRequest, progress: Progress) -> Trajectory:
        session.cancel_running()
        return plain(request, progress)

    pipeline.trajectory = interrupted  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        trace_ahead(session, pipeline, walk)


def test_a_walk_ahead_does_not_replace_the_way_that_was_asked_for(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, walk = Session(), TrajectoryRequest(steps=3, frames=5, layout=labels)
    last(paint(session, pipeline, request(labels)))
    morph(session, pipeline, MorphRequest(steps=3, frames=5, layout=labels, other_layout=labels, other_seed=7))
    with pytest.raises(Cancelled):
        trace_ahead(session, pipeline, walk)
    last(paint(session, pipeline, request(labels, seed=1)))  # another photo, which has no path yet
    assert len(trace_ahead(session, pipeline, walk).frames) == 5
