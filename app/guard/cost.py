"""What a request costs: network calls, the unit in which limits are set and waits are estimated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from semflow_core.errors import InputError
from semflow_core.requests import (
    EditRequest,
    MorphRequest,
    Request,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)

from ..state.sentences import count_steps

# evaluations of v per step (semflow_core/method/solvers.py); rk45 takes as many as it needs, in 7s
EVALUATIONS = {"euler": 1, "ab2": 1, "leapfrog": 1, "midpoint": 2, "heun": 2, "rk4": 4, "rk45": 14}
RENDERING = 1  # encoding and rendering a picture take about as long as one call


def calls_of(request: Request | Sequence[Request]) -> int:
    """Network calls of a request, or of a batch of them."""
    if not isinstance(request, Request):
        return sum(map(calls_of, request))
    per_picture = request.steps * EVALUATIONS.get(request.solver, max(EVALUATIONS.values()))
    if isinstance(request, EditRequest):  # a pair to recolour by, and what is repainted; reading takes two pictures
        return 3 * per_picture + (2 * request.steps if request.before is None else 0)
    if isinstance(request, SegmentationRequest):
        return per_picture * (2 if request.mirror else 1)
    if isinstance(request, MorphRequest):
        return request.frames * per_picture
    if isinstance(request, TrajectoryRequest):
        return per_picture + (len(request.shown_times) if request.predict else 0)
    return per_picture


def pictures_of(request: Request | Sequence[Request]) -> int:
    """How many pictures a request decodes."""
    if not isinstance(request, Request):
        return sum(map(pictures_of, request))
    if isinstance(request, TrajectoryRequest):
        return len(request.shown_times) * (3 if request.predict else 1)
    return request.frames if isinstance(request, MorphRequest) else 1


def weight_of(request: Any) -> int:
    """How long a request takes, in network calls."""
    return calls_of(request) + RENDERING * pictures_of(request)


def check_cost(request: Request | Sequence[Request], most: int) -> None:
    """Refuse what would hold the others.

    Args:
        most: network calls of one request.

    Raises:
        InputError: it takes more.
    """
    calls = calls_of(request)
    if calls <= most:
        return
    first = request if isinstance(request, Request) else request[0]
    if isinstance(first, (MorphRequest,)):
        what = f"{first.frames} frames"
    else:
        count = 1 if isinstance(request, Request) else len(request)
        what = "a picture" if count == 1 else f"{count} pictures"
    raise InputError(
        f"{count_steps(first.steps)} of {first.solver} for {what} are {calls:,} network calls, and this studio makes "
        f"at most {most:,} per request; take fewer steps or pictures, or a solver of fewer evaluations"
    )


def compatible(request: Any) -> tuple[object, ...] | None:
    """What requests that can be solved as one batch have in common; None for a request that is solved alone."""
    if type(request) is SynthesisRequest:
        return request.steps, request.solver, request.grid
    return None
