"""The path between photo and layout, and from one layout or seed to another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.results import Morph, Trajectory
from semflow_core.requests import MorphRequest, TrajectoryRequest

from .pipeline import Pipeline
from .session import Cancelled, Session


def trace(
    session: Session, pipeline: Pipeline, request: TrajectoryRequest, progress: Progress | None = None
) -> Trajectory:
    """The path between photo and layout.

    Raises:
        Cancelled, InputError: as in `painted.paint`.
    """
    with _walking(session):
        return pipeline.trajectory(request, session.start(progress))


def trace_ahead(session: Session, pipeline: Pipeline, request: TrajectoryRequest) -> Trajectory:
    """`trace` before anybody asks. It stops nothing, and gives way to whatever is asked for.

    Raises:
        Cancelled: something was asked for, or another path of the photo shown was, which would be replaced.
        InputError: as in `painted.paint`.
    """
    if session.walked is not None and session.walked is session.current.photo:
        raise Cancelled
    return trace_beside(session, pipeline, request)


def trace_beside(
    session: Session, pipeline: Pipeline, request: TrajectoryRequest, progress: Progress | None = None
) -> Trajectory:
    """`trace` for a file: what the player shows stays. It stops nothing, and gives way to whatever is asked for.

    Raises:
        Cancelled, InputError: as in `painted.paint`.
    """
    check = session.start_beside(progress)
    result = pipeline.trajectory(request, check)
    check(request.steps, request.steps)
    return result


def morph(session: Session, pipeline: Pipeline, request: MorphRequest, progress: Progress | None = None) -> Morph:
    """The way from one layout or seed to another.

    Raises:
        Cancelled, InputError: as in `painted.paint`.
    """
    with _walking(session):
        return pipeline.morph(request, session.start(progress))


@contextmanager
def _walking(session: Session) -> Iterator[None]:
    """A path that was asked for is what the photo shown has from now on, unless it comes to nothing."""
    session.walked = session.current.photo
    try:
        yield
    except BaseException:
        session.walked = None
        raise
