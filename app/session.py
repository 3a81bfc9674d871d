"""What one visitor has: requests in, results out. No interface here, so it is tested without a browser.

The newest request wins. A pointer that goes down raises the visitor's number (`begin`); a solve that was
started under an older number stops before its next step by raising `Cancelled`.
"""

from __future__ import annotations

import random
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from semflow_core.request import SegmentationRequest, SynthesisRequest, TrajectoryRequest

KEPT_PHOTOS = 128  # of 256x256: 25 MB; an undo then shows its picture at once
SEEDS = 100_000  # drawn seeds are below this: short enough to be read out and typed in again

Progress = Callable[[int, int], None]  # (steps done, steps in all)


class Cancelled(Exception):
    """A newer request made this one pointless."""


class Pipeline(Protocol):
    """What a session needs of semflow_core.pipeline.SemFlowPipeline."""

    def synthesize(self, request: SynthesisRequest, on_step: Any = None) -> Any: ...
    def segment(self, request: SegmentationRequest, on_step: Any = None) -> Any: ...
    def trajectory(self, request: TrajectoryRequest, on_step: Any = None) -> Any: ...


class _Kept:
    """The last photos of one pipeline by request: the same request gives every visitor the same picture."""

    def __init__(self) -> None:
        self._photos: OrderedDict[SynthesisRequest, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, request: SynthesisRequest) -> np.ndarray | None:
        with self._lock:
            if request in self._photos:
                self._photos.move_to_end(request)
            return self._photos.get(request)

    def put(self, request: SynthesisRequest, photo: np.ndarray) -> None:
        with self._lock:
            self._photos[request] = photo
            while len(self._photos) > KEPT_PHOTOS:
                self._photos.popitem(last=False)


_kept: WeakKeyDictionary[Pipeline, _Kept] = WeakKeyDictionary()


class Session:
    """One visitor's state; plain data, because Gradio copies it for each.

    Attributes:
        newest: number of the newest request.
        photo: the picture in the photo column, (H, W, 3) uint8.
        opened: whether that picture is the visitor's own, not painted by the model. The path then
            starts from it.
        recalled: whether the last painted photo came from memory.
    """

    def __init__(self) -> None:
        self.newest = 0
        self.photo: np.ndarray | None = None
        self.opened = False
        self.recalled = False

    def begin(self) -> None:
        """Make every request that is under way pointless."""
        self.newest += 1

    def _watch(self, steps: int, progress: Progress | None) -> Callable[..., None]:
        self.begin()
        mine = self.newest

        def on_step(i: int, *_: Any) -> None:
            if self.newest != mine:
                raise Cancelled
            if progress is not None:
                progress(i + 1, steps)

        return on_step

    def paint(self, pipeline: Pipeline, request: SynthesisRequest) -> np.ndarray:
        """Layout -> photo (H, W, 3) uint8, from memory if the same was asked before.

        Raises:
            Cancelled: a newer request came.
            InputError: the request does not fit the model.
        """
        on_step = self._watch(request.steps, None)
        kept = _kept.setdefault(pipeline, _Kept())
        photo = kept.get(request)
        self.recalled = photo is not None
        if photo is None:
            photo = pipeline.synthesize(request, on_step).photo
            kept.put(request, photo)
        on_step(request.steps - 1)  # decoding takes time, too
        self.photo, self.opened = photo, False
        return photo

    def read(self, pipeline: Pipeline, photo: np.ndarray, request: SegmentationRequest) -> Any:
        """Photo -> Segmentation; `photo` becomes the picture in the photo column.

        Raises:
            Cancelled, InputError: as in `paint`.
        """
        on_step = self._watch(request.steps, None)
        result = pipeline.segment(request, on_step)
        on_step(request.steps - 1)
        self.photo, self.opened = photo, True
        return result

    def walk(self, pipeline: Pipeline, request: TrajectoryRequest, progress: Progress | None = None) -> Any:
        """The path between photo and layout -> Trajectory.

        Raises:
            Cancelled, InputError: as in `paint`.
        """
        on_step = self._watch(request.steps, progress)
        result = pipeline.trajectory(request, on_step)
        on_step(request.steps - 1)
        return result


def new_seed() -> int:
    """A seed for another variation."""
    return random.randrange(SEEDS)
