"""Synthesis: layout -> photo (Eq. 13), in the colours that the request's offsets ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..errors import InputError
from ..method.flow import times_to_image
from ..pictures.blending import to_means
from ..requests import Request, SynthesisRequest
from .engine import Engine, Progress, Steps
from .results import Synthesis


def synthesize(
    engine: Engine, requests: Sequence[SynthesisRequest], progress: Progress | None = None
) -> list[Synthesis]:
    """A batch of layouts -> photos.

    Raises:
        InputError: a request does not fit this model, or the requests differ in steps, solver or grid.
    """
    first = shared(requests, "grid")
    z1 = torch.cat([engine.encode_layout(r) for r in requests])
    times = times_to_image(first.steps, first.grid)
    z0 = engine.solve(z1, times, first.solver, Steps(progress, first.steps))
    photos = [match_colors(engine, r, p) for r, p in zip(requests, engine.render(z0, z1, engine.detail(z0, requests)))]
    return [Synthesis(photos[i], z0[i : i + 1], z1[i : i + 1]) for i in range(len(requests))]


def match_colors(engine: Engine, request: SynthesisRequest, photo: np.ndarray) -> np.ndarray:
    """The photo made from a request, its regions at the mean colours that the request's offsets ask for.

    What the flow makes of an offset is near that for a usual colour, and far for one that training hardly showed
    (docs/experiments, style). Regions without an offset in the request stay as they are.

    Args:
        photo: (H, W, 3) uint8 of any size.
    """
    if not request.offsets:
        return photo
    labels = engine.sized(request.layout)
    return to_means(photo, engine.colors.regions(labels, True, dict(request.offsets)))


def shared(requests: Sequence[Any], *names: str) -> Any:
    """The first request, once all of a batch agree on the steps, the solver and the fields `names`.

    Raises:
        InputError: there is none, or they do not agree.
    """
    if not requests:
        raise InputError("there is nothing to do: the list of requests is empty")

    def how(r: Request) -> list[object]:
        return [getattr(r, name) for name in ("steps", "solver", *names)]

    if any(how(r) != how(requests[0]) for r in requests):
        raise InputError("the requests of one batch must have the same steps, solver and grid")
    return requests[0]
