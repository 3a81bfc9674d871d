"""A model and a split of pairs, run in batches: what evaluation and the studies share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import cv2
import numpy as np

from ..pipeline.pipeline import SemFlowPipeline
from ..requests import SegmentationRequest, SynthesisRequest
from .diversity import SEEDS

T = TypeVar("T")


class Harness:
    """Runs a pipeline on a split; every picture is squeezed to the square that the network works on.

    Args:
        photos: N photos (S, S, 3) uint8, S = pipeline.size.
        masks: (N, S, S) uint8, their class ids; 255 is left out of every figure. Where 255 is no class of the
            palette it is painted as the background.
        seed: layout i is perturbed with seed + i.
        batch: pictures computed at once.
        mirror, smooth: how photos are segmented (SegmentationRequest).
    """

    def __init__(
        self,
        pipeline: SemFlowPipeline,
        photos: Sequence[np.ndarray],
        masks: np.ndarray,
        seed: int = 0,
        batch: int = 8,
        mirror: bool = False,
        smooth: float = 0.0,
    ) -> None:
        self.pipeline, self.palette = pipeline, pipeline.palette
        self.photos, self.masks, self.seed, self.batch = photos, masks, seed, batch
        self.mirror, self.smooth = mirror, smooth
        self.layouts = self.palette.paintable(masks)

    def segment(self, photos: Sequence[np.ndarray], **how: Any) -> np.ndarray:
        """Class ids (N, S, S) of photos (H, W, 3) uint8 of any size.

        Args:
            how: steps, solver, grid as in SegmentationRequest.
        """
        requests = [SegmentationRequest(photo=p, mirror=self.mirror, smooth=self.smooth, **how) for p in photos]
        labels = [s.labels for part in self._batches(requests) for s in self.pipeline.segment_many(part)]
        # a model with an aspect has wider photos, and so wider label maps
        return np.stack([cv2.resize(m, self._side, interpolation=cv2.INTER_NEAREST_EXACT) for m in labels])

    def synthesize(self, layouts: np.ndarray | None = None, **how: Any) -> list[np.ndarray]:
        """Photos (S, S, 3) uint8 of the split's layouts, or of others.

        Args:
            layouts: class ids (N, H, W) uint8.
            how: steps, solver, grid, beta, spectrum, offsets as in SynthesisRequest.
        """
        layouts = self.layouts if layouts is None else layouts
        return self.photos_of([SynthesisRequest(layout=m, seed=self.seed + i, **how) for i, m in enumerate(layouts)])

    def by_seed(self, layouts: int, **how: Any) -> list[list[np.ndarray]]:
        """Photos of the split's first `layouts` layouts, 8 seeds each."""
        requests = [
            SynthesisRequest(layout=m, seed=self.seed + k, **how) for m in self.layouts[:layouts] for k in range(SEEDS)
        ]
        photos = self.photos_of(requests)
        return [photos[i : i + SEEDS] for i in range(0, len(photos), SEEDS)]

    def photos_of(self, requests: Sequence[SynthesisRequest]) -> list[np.ndarray]:
        """The photos (S, S, 3) uint8 of requests that agree in steps, solver and grid."""
        photos = [s.photo for part in self._batches(requests) for s in self.pipeline.synthesize_many(part)]
        return [cv2.resize(p, self._side, interpolation=cv2.INTER_AREA) for p in photos]

    def codec_labels(self) -> np.ndarray:
        """The perturbed layouts after the codec alone, (N, S, S): the ceiling of every mIoU."""
        starts = range(0, len(self.layouts), self.batch)
        return np.concatenate(
            [self.pipeline.codec_roundtrip(self.layouts[i : i + self.batch], self.seed + i) for i in starts]
        )

    def codec_photos(self) -> list[np.ndarray]:
        """The photos after the codec alone, (S, S, 3) uint8: the bound of every synthesis."""
        model = self.pipeline
        decoded = [model.decode_photos(model.states.photos(model.encode_photo(p)))[0] for p in self.photos]
        return [cv2.resize(p, self._side, interpolation=cv2.INTER_AREA) for p in decoded]

    @property
    def _side(self) -> tuple[int, int]:
        return self.masks.shape[2], self.masks.shape[1]

    def _batches(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        for start in range(0, len(items), self.batch):
            yield items[start : start + self.batch]
