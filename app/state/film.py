"""What the player shows: pictures along a line between two ends, and which of them make a timeline.

A path has pictures at even times and at the solver's times; both timelines come at once, so that changing between them
asks the server nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from semflow_core.method.flow import times_to_image
from semflow_core.pipeline.results import Morph, Trajectory
from semflow_core.requests import MorphRequest, TrajectoryRequest

EVEN, OWN = "even", "own"  # timelines: even times, and the solver's own
PATH, PHOTOS, LAYOUTS = "path", "photos", "layouts"  # views: the moments, and the two ends that each heads for


@dataclass(frozen=True)
class Film:
    """Pictures between two ends.

    Attributes:
        request: JSON of its TrajectoryRequest or MorphRequest, from which it can be made again.
        places: where each picture is, ascending from 0 (left) to 1 (right).
        views: name -> (N, H, W, 3) uint8.
        timelines: name -> indices of the pictures it shows; there is always "even".
        ends: what stands at the left and at the right.
        predictable: whether the views of what each moment heads for can be asked for.
    """

    request: str
    places: tuple[float, ...]
    views: dict[str, np.ndarray]
    timelines: dict[str, list[int]]
    ends: tuple[str, str]
    predictable: bool = False

    def frames(self, view: str, timeline: str, there_and_back: bool) -> np.ndarray:
        """The pictures as they play, (n, H, W, 3) uint8."""
        frames = self.views[view][self.timelines[timeline]]
        return np.concatenate([frames, frames[-2:0:-1]]) if there_and_back else frames


def with_both_timelines(request: TrajectoryRequest) -> TrajectoryRequest:
    """A request with its even times and the solver's between them."""
    times = sorted({*_even(request.frames), *times_to_image(request.steps, request.time_grid)})
    return replace(request, times=tuple(times))


def film_of_path(request: TrajectoryRequest, result: Trajectory) -> Film:
    """A path, with the views it was asked for; `request` is one of `with_both_timelines`."""
    even = set(_even(request.frames))
    views = {PATH: result.frames}
    if result.photos is not None and result.layouts is not None:
        views |= {PHOTOS: result.photos, LAYOUTS: result.layouts}
    timelines = {
        EVEN: [i for i, t in enumerate(result.times) if t in even],
        OWN: [i for i, t in enumerate(result.times) if t in result.marks],
    }
    return Film(request.to_json(), result.times, views, timelines, ("photo", "layout"), predictable=True)


def film_of_morph(request: MorphRequest, result: Morph) -> Film:
    """The way between two seeds or layouts."""
    if request.other_layout is None or np.array_equal(request.other_layout, request.layout):
        ends = f"seed {request.seed}", f"seed {request.other_seed}"
    else:
        ends = "then", "now"
    return Film(request.to_json(), result.shares, {PATH: result.frames}, {EVEN: [*range(len(result.shares))]}, ends)


def _even(frames: int) -> list[float]:
    return np.linspace(0, 1, frames).tolist()
