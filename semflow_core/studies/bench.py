"""A model with its development split and metrics, and the row of figures that every synthesis is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ..errors import InputError
from ..evaluation.bootstrap import Estimate, bootstrap
from ..evaluation.evaluate import miou
from ..evaluation.features import HOW_TO_GET, find_networks
from ..evaluation.harness import Harness
from ..evaluation.lpips import find_lpips
from ..evaluation.photos import PhotoMetrics
from ..evaluation.segmentation import confusions, ghosts
from ..pictures.layouts import example_layouts, read_layout
from ..pipeline.pipeline import SemFlowPipeline
from ..requests import SynthesisRequest
from .settings import StudySettings
from .split import development_split, study_domain

READ_STEPS = 2  # solver steps with which syntheses are segmented, the same in all comparisons


@dataclass(frozen=True)
class Bench:
    """A model, its development split, and the metrics.

    Attributes:
        diverse: number of layouts that are synthesised with 8 seeds each; 0 leaves diversity out.
    """

    harness: Harness
    metrics: PhotoMetrics
    diverse: int = 4

    @property
    def pipeline(self) -> SemFlowPipeline:
        return self.harness.pipeline

    @property
    def about(self) -> str:
        """Model, split, number of pairs, resolution and seed, as a phrase."""
        size, n = self.pipeline.size, len(self.harness.masks)
        return (
            f"model {self.pipeline.name}, the first {n} pairs of the development split, {size}x{size}, "
            f"seed {self.harness.seed}; [95 % bootstrap interval over pictures]"
        )

    def segmentation(self, photos: Sequence[np.ndarray], **how: Any) -> Estimate:
        """mIoU of the photos' segmentation against the split's masks.

        Args:
            how: steps, solver, grid as in SegmentationRequest.
        """
        h = self.harness
        return miou(confusions(h.segment(photos, **how), h.masks, h.palette), h.seed)

    def codec_alone(self) -> dict[str, Estimate]:
        """The perturbed layouts after the codec alone: mIoU, and ghost classes at their borders."""
        h = self.harness
        labels = h.codec_labels()
        counts = np.array([ghosts(after, before) for after, before in zip(labels, h.layouts)], float)  # (N, 2)
        share = bootstrap(lambda i: 100 * counts[i, 0].sum() / counts[i, 1].sum(), len(counts), h.seed)
        return {
            "codec alone mIoU": miou(confusions(labels, h.masks, h.palette), h.seed),
            "its ghost classes, % of pixels at borders": share,
        }

    def synthesis(self, photos: list[np.ndarray] | None = None, **how: Any) -> dict[str, Estimate]:
        """Figures of the syntheses by name: cycle mIoU, distances to the real photos, diversity.

        Args:
            photos: the syntheses of the split's layouts, where they exist already.
            how: steps, solver, grid, beta, spectrum as in SynthesisRequest.
        """
        photos = self.harness.synthesize(**how) if photos is None else photos
        cycle = self.segmentation(photos, steps=READ_STEPS)
        figures = {"cycle mIoU": cycle, **self.metrics.against(photos, paired=True)}
        if self.diverse:
            figures |= self.metrics.between(self.harness.by_seed(self.diverse, **how))
        return figures

    def both_ways(self, steps: int) -> dict[str, Estimate]:
        """Figures of segmentation and of synthesis at one number of solver steps."""
        return {"segmentation mIoU": self.segmentation(self.harness.photos, steps=steps), **self.synthesis(steps=steps)}

    def sheet(self, settings: list[dict[str, Any]]) -> np.ndarray | None:
        """Our own layouts under this model and each of the settings; see `sheet`."""
        return sheet([(self.pipeline, s) for s in settings])


def sheet(columns: Sequence[tuple[SemFlowPipeline, dict[str, Any]]]) -> np.ndarray | None:
    """One row per example layout of the label set: the layout, then the photo of each column; None without examples.

    Args:
        columns: models of one label set and size, each with settings of a SynthesisRequest.
    """
    first, rows = columns[0][0], []
    for example in example_layouts(first.palette):
        labels = read_layout(example.file, first.palette, first.codebook)
        photos = [model.synthesize(SynthesisRequest(layout=labels, **how)).photo for model, how in columns]
        h, w = photos[0].shape[:2]
        small = cv2.resize(labels, (w, h), interpolation=cv2.INTER_NEAREST_EXACT)
        rows.append(np.concatenate([first.palette.colorize(small), *photos], axis=1))
    return np.concatenate(rows) if rows else None


def make_bench(pipeline: SemFlowPipeline, settings: StudySettings, data: str = "") -> Bench:
    """A bench of the first n pairs of the development split that the training configuration declares.

    Args:
        data: the data root; SEMFLOW_DATA when empty.

    Raises:
        InputError: the data is not there, is of another label set, or no feature network is installed.
    """
    study_domain(pipeline, settings)
    networks = find_networks()
    if not networks:
        raise InputError(HOW_TO_GET)
    _, harness = development_split(pipeline, settings, data)
    return Bench(harness, PhotoMetrics(harness.photos, networks, find_lpips(), settings.seed), settings.diverse)
