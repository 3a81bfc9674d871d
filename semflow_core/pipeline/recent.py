"""Latents of the layouts and photos that were encoded last: a draft, its refinement and the next seed share them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
import torch

KEPT = 32  # of 64 kB each at 256x256


class RecentLatents:
    """The last latents by what they were made from."""

    def __init__(self) -> None:
        self._latents: OrderedDict[Hashable, torch.Tensor] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, encode: Callable[[], torch.Tensor]) -> torch.Tensor:
        """What `encode` gives, or gave for this key before; nobody writes into it."""
        with self._lock:
            if key in self._latents:
                self._latents.move_to_end(key)
                return self._latents[key]
        latents = encode()  # outside the lock: two threads that ask at once get the same bytes
        with self._lock:
            self._latents[key] = latents
            while len(self._latents) > KEPT:
                self._latents.popitem(last=False)
        return latents


def digest(pixels: np.ndarray) -> Hashable:
    """What stands for an array in a key."""
    return pixels.shape, pixels.dtype.str, hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).digest()
