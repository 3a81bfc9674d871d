"""A photo of a set that is labelled, what a model proposes for it, and what was on its canvas.

Everything is kept as small as it travels: photos as files, class ids and margins compressed.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from semflow_core.method.palette import Palette
from semflow_core.pictures.photos import read_photo


@dataclass(frozen=True)
class Proposal:
    """What a model proposes for a photo."""

    labels: bytes  # compressed class ids of the set's palette
    margin: bytes  # compressed (H, W) uint8, 255 for certain


@dataclass
class Item:
    """A photo of the set.

    Attributes:
        name: of its files, without a suffix.
        file, suffix: the photo as it is saved.
        shape: height and width in pixels, those of its mask, too.
        labels: compressed class ids (H, W), as they were on the canvas last; None before anything was.
        accepted: whether somebody said that they are right.
    """

    name: str
    file: bytes
    suffix: str
    shape: tuple[int, int]
    labels: bytes | None = None
    accepted: bool = False
    proposal: Proposal | None = None

    def pixels(self) -> np.ndarray:
        """The photo, (H, W, 3) uint8."""
        return read_photo(self.file)

    def mask(self, palette: Palette) -> np.ndarray:
        """What belongs on the canvas: what was there last, or the proposal, or all background."""
        packed = self.labels or (self.proposal.labels if self.proposal is not None else None)
        if packed is None:
            return np.full(self.shape, palette.background, np.uint8)
        return unpack(packed, self.shape)

    def margin(self) -> np.ndarray | None:
        """How certain the proposal is, (H, W) float32 in 0..1."""
        if self.proposal is None:
            return None
        return unpack(self.proposal.margin, self.shape).astype(np.float32) / 255


def pack(labels: np.ndarray) -> bytes:
    """(H, W) uint8, compressed."""
    return zlib.compress(np.ascontiguousarray(labels, np.uint8).tobytes(), 3)


def unpack(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    """The inverse of `pack`."""
    return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape).copy()
