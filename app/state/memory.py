"""The last photos of each pipeline by request: the same request gives every visitor the same picture."""

from __future__ import annotations

import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

import numpy as np

from semflow_core.requests import EditRequest, SynthesisRequest

from .pipeline import Pipeline

MAX_BYTES = 64 * 2**20  # some 250 pictures of 256x256, 75 of 512x512; an undo then shows its picture at once


class PhotoMemory:
    """Photos by request, bounded by their bytes: the one that was used longest ago is dropped first."""

    def __init__(self) -> None:
        self._photos: OrderedDict[SynthesisRequest, np.ndarray] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, request: SynthesisRequest) -> np.ndarray | None:
        """The photo of a request, (H, W, 3) uint8, if it is still here."""
        with self._lock:
            if request in self._photos:
                self._photos.move_to_end(request)
            return self._photos.get(request)

    def put(self, request: SynthesisRequest, photo: np.ndarray) -> None:
        """Keep a photo."""
        with self._lock:
            if request not in self._photos:
                self._bytes += _bytes_of(request, photo)
            self._photos[request] = photo
            while self._bytes > MAX_BYTES:
                self._bytes -= _bytes_of(*self._photos.popitem(last=False))


def _bytes_of(request: SynthesisRequest, photo: np.ndarray) -> int:
    start = request.photo.nbytes if isinstance(request, EditRequest) else 0  # an edit holds the photo it starts from
    return photo.nbytes + request.layout.nbytes + start


_memories: WeakKeyDictionary[Pipeline, PhotoMemory] = WeakKeyDictionary()


def memory_of(pipeline: Pipeline) -> PhotoMemory:
    """The photos that a pipeline painted last."""
    return _memories.setdefault(pipeline, PhotoMemory())
