"""A model and a split of pairs, run in batches: what evaluation and the studies share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from ..pipeline.pipeline import SemFlowPipeline
from ..requests.requests import SegmentationRequest, SynthesisRequest
from .diversity import SEEDS


class Harness:
    """Runs a pipeline on a split; every picture is squeezed to the square that the network sees.

    Args:
        photos: N photos (S, S, 3) uint8, S = pipeline.size.
        masks: (N, S, S) uint8, their class ids; 255 is left out of every figure. Where 255 is no class of the
            palette it is painted as the background.
        seed: layout i is perturbed with seed + i.
        batch: pictures computed at once.
        mirror, smooth: how photos are read (SegmentationRequest).
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
        self.reading: dict[str, Any] = {"mirror": mirror, "smooth": smooth}
        self.layouts = self.palette.paintable(masks)

    def segment(self, photos: Sequence[np.ndarray], **how: Any) -> np.ndarray:
        """Class ids (N, S, S) of photos of any size.

        Args:
            how: steps, solver, grid as in SegmentationRequest.
        """
        labels = []
        for part in self._parts(photos):
            requests = [SegmentationRequest(photo=p, **self.reading, **how) for p in part]
            labels += [s.labels for s in self.pipeline.segment_many(requests)]
        # a model with an aspect shows, and so segments, wider pictures
        return np.stack([cv2.resize(m, self._side, interpolation=cv2.INTER_NEAREST_EXACT) for m in labels])

    def synthesize(self, layouts: np.ndarray | None = None, **how: Any) -> list[np.ndarray]:
        """Photos (S, S, 3) of the split's layouts, or of others.

        Args:
            how: steps, solver, grid, beta, spectrum, offsets as in SynthesisRequest.
        """
        layouts = self.layouts if layouts is None else layouts
        return self.photos_of(SynthesisRequest(layout=m, seed=self.seed + i, **how) for i, m in enumerate(layouts))

    def by_seed(self, layouts: int, **how: Any) -> list[list[np.ndarray]]:
        """Photos of the first so many layouts of the split, 8 seeds each."""
        few = self.layouts[:layouts]
        made = self.photos_of(SynthesisRequest(layout=m, seed=self.seed + k, **how) for m in few for k in range(SEEDS))
        return [made[i : i + SEEDS] for i in range(0, len(made), SEEDS)]

    def photos_of(self, requests: Iterable[SynthesisRequest]) -> list[np.ndarray]:
        photos = []
        for part in self._parts(list(requests)):
            photos += [s.photo for s in self.pipeline.synthesize_many(part)]
        return [cv2.resize(p, self._side, interpolation=cv2.INTER_AREA) for p in photos]

    def codec_labels(self) -> np.ndarray:
        """The perturbed layouts through the autoencoder alone: the ceiling of every mIoU."""
        parts = range(0, len(self.layouts), self.batch)
        return np.concatenate(
            [self.pipeline.codec_roundtrip(self.layouts[i : i + self.batch], self.seed + i) for i in parts]
        )

    def codec_photos(self) -> list[np.ndarray]:
        """The photos through the autoencoder alone: what no synthesis can be better than."""
        decoded = [self.pipeline.decode_photos(self.pipeline.encode_photo(p))[0] for p in self.photos]
        return [cv2.resize(p, self._side, interpolation=cv2.INTER_AREA) for p in decoded]

    @property
    def _side(self) -> tuple[int, int]:
        return self.masks.shape[2], self.masks.shape[1]

    def _parts(self, items: Sequence[Any]) -> list[Sequence[Any]]:
        return [items[i : i + self.batch] for i in range(0, len(items), self.batch)]
