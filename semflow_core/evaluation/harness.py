"""A model and a split of pairs, run in batches: what evaluation and the studies share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
import torch

from ..pipeline.pipeline import SemFlowPipeline
from ..pipeline.results import Synthesis
from ..requests import SegmentationRequest, SynthesisRequest
from .diversity import SEEDS

T = TypeVar("T")
# (a method of the pipeline that takes a batch of requests, batches) -> the results of each batch, in order
Solve = Callable[[str, Iterable[Sequence[Any]]], Iterable[Sequence[Any]]]


class Readings(NamedTuple):
    labels: np.ndarray  # (N, S, S) uint8 class ids
    margins: np.ndarray  # (N, S, S) float32 in 0..1


class Syntheses(NamedTuple):
    photos: list[np.ndarray]  # (S, S, 3) uint8
    states: list[torch.Tensor]  # (1, D, h, w), where the flow ended; none of a model without a renderer


class Harness:
    """Runs a pipeline on a split; every picture is squeezed to the square that the network works on.

    Args:
        photos: N photos (S, S, 3) uint8, S = pipeline.size.
        masks: (N, S, S) uint8, their class ids; 255 is left out of every figure. Where 255 is no class of the
            palette it is painted as the background.
        seed: layout i is perturbed with seed + i.
        batch: pictures computed at once.
        mirror, smooth: how photos are segmented (SegmentationRequest).
        solve: computes batches of requests elsewhere; None is here.
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
        solve: Solve | None = None,
    ) -> None:
        self.pipeline, self.palette = pipeline, pipeline.palette
        self.photos, self.masks, self.seed, self.batch = photos, masks, seed, batch
        self.mirror, self.smooth = mirror, smooth
        self.layouts = self.palette.paintable(masks)
        self.solve = solve or (lambda method, parts: map(getattr(pipeline, method), parts))

    def segment(self, photos: Sequence[np.ndarray], **how: Any) -> np.ndarray:
        """Class ids (N, S, S) of photos (H, W, 3) uint8 of any size; see `read`."""
        return self.read(photos, **how).labels

    def read(self, photos: Sequence[np.ndarray], **how: Any) -> Readings:
        """Segment photos (H, W, 3) uint8 of any size.

        Args:
            how: steps, solver, grid as in SegmentationRequest.
        """
        requests = [self._request(p, **how) for p in photos]
        results = [s for part in self.solve("segment_many", self._batches(requests)) for s in part]

        # a model with an aspect has wider photos, and so wider label maps
        def square(x: np.ndarray) -> np.ndarray:
            return cv2.resize(x, self._side, interpolation=cv2.INTER_NEAREST_EXACT)

        return Readings(np.stack([square(s.labels) for s in results]), np.stack([square(s.margin) for s in results]))

    def segment_whole(self, photo: np.ndarray, **how: Any) -> np.ndarray:
        """Class ids (H, W) of a photo (H, W, 3) uint8 at its own size; `how` as in `read`."""
        (results,) = self.solve("segment_many", [[self._request(photo, **how)]])
        return results[0].labels

    def synthesize(self, layouts: np.ndarray | None = None, **how: Any) -> list[np.ndarray]:
        """Photos (S, S, 3) uint8 of the split's layouts, or of others.

        Args:
            layouts: class ids (N, H, W) uint8.
            how: steps, solver, grid, beta, spectrum, offsets as in SynthesisRequest.
        """
        return self.photos_of(self.requests(layouts, **how))

    def requests(self, layouts: np.ndarray | None = None, **how: Any) -> list[SynthesisRequest]:
        """The requests of `synthesize`: layout i with seed + i."""
        layouts = self.layouts if layouts is None else layouts
        return [SynthesisRequest(layout=m, seed=self.seed + i, **how) for i, m in enumerate(layouts)]

    def by_seed(self, layouts: int, **how: Any) -> list[list[np.ndarray]]:
        """Photos of the split's first `layouts` layouts, 8 seeds each."""
        return grouped(self.photos_of(self.seed_requests(layouts, **how)))

    def seed_requests(self, layouts: int, **how: Any) -> list[SynthesisRequest]:
        """The requests of `by_seed`, in one list."""
        return [
            SynthesisRequest(layout=m, seed=self.seed + k, **how) for m in self.layouts[:layouts] for k in range(SEEDS)
        ]

    def photos_of(self, requests: Sequence[SynthesisRequest]) -> list[np.ndarray]:
        """The photos (S, S, 3) uint8 of requests that agree in steps, solver and grid."""
        return self.syntheses(requests).photos

    def syntheses(self, requests: Sequence[SynthesisRequest]) -> Syntheses:
        """Photos, and the states that `decode` shows without the renderer, of requests as in `photos_of`."""
        results = self.results(requests)
        states = [s.z0 for s in results] if self.pipeline.learned else []
        return Syntheses(self._squares([s.photo for s in results]), states)

    def results(self, requests: Sequence[SynthesisRequest]) -> list[Synthesis]:
        """The pipeline's own syntheses, photos at the size at which they are shown."""
        return [s for part in self.solve("synthesize_many", self._batches(requests)) for s in part]

    def decode(self, states: Sequence[torch.Tensor]) -> list[np.ndarray]:
        """Photos (S, S, 3) uint8 of states z0 (1, D, h, w) as the codec decodes them."""
        model = self.pipeline
        return self._squares([model.decode_photos(model.states.photos(z0))[0] for z0 in states])

    def codec_labels(self) -> np.ndarray:
        """The perturbed layouts after the codec alone, (N, S, S): the ceiling of every mIoU."""
        starts = range(0, len(self.layouts), self.batch)
        return np.concatenate(
            [self.pipeline.codec_roundtrip(self.layouts[i : i + self.batch], self.seed + i) for i in starts]
        )

    def codec_photos(self) -> list[np.ndarray]:
        """The photos after the codec alone, (S, S, 3) uint8: the bound of every synthesis."""
        return self.decode([self.pipeline.encode_photo(p) for p in self.photos])

    def _request(self, photo: np.ndarray, **how: Any) -> SegmentationRequest:
        return SegmentationRequest(photo=photo, mirror=self.mirror, smooth=self.smooth, **how)

    def _squares(self, photos: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [cv2.resize(p, self._side, interpolation=cv2.INTER_AREA) for p in photos]

    @property
    def _side(self) -> tuple[int, int]:
        return self.masks.shape[2], self.masks.shape[1]

    def _batches(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        for start in range(0, len(items), self.batch):
            yield items[start : start + self.batch]


def grouped(photos: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    """The photos of `Harness.seed_requests` by layout."""
    return [list(photos[i : i + SEEDS]) for i in range(0, len(photos), SEEDS)]
