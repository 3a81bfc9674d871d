"""What a study of a trained model works on, and the row of figures that every synthesis is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..assets import asset
from ..data.pairs import data_root
from ..errors import InputError
from ..evaluation.bootstrap import Estimate, bootstrap
from ..evaluation.evaluate import miou
from ..evaluation.features import HOW_TO_GET, find_networks
from ..evaluation.harness import Harness
from ..evaluation.lpips import find_lpips
from ..evaluation.photos import PhotoMetrics
from ..evaluation.segmentation import confusions, ghosts
from ..pictures.layouts import read_layout
from ..pipeline.pipeline import SemFlowPipeline
from ..requests.requests import SynthesisRequest
from ..training.config import domain_of

LAYOUT_DIR = asset("layouts")
LAYOUTS = {"celebamask_hq": ("long_hair", "glasses", "hat"), "cityscapes": ("street",)}  # our own drawings, by palette
READ_STEPS = 2  # with which syntheses are segmented again; the same for all that is compared


@dataclass(frozen=True)
class Bench:
    """A model, its development split, and the metrics.

    Attributes:
        diverse: layouts that are made with 8 seeds each; 0 leaves diversity out.
    """

    harness: Harness
    metrics: PhotoMetrics
    diverse: int = 4

    @property
    def pipeline(self) -> SemFlowPipeline:
        return self.harness.pipeline

    @property
    def about(self) -> str:
        size, n = self.pipeline.size, len(self.harness.masks)
        return (
            f"model {self.pipeline.name}, the first {n} pairs of the development split, {size}x{size}, "
            f"seed {self.harness.seed}; [95 % bootstrap interval over pictures]"
        )

    def segmentation(self, photos: Any, **how: Any) -> Estimate:
        """mIoU of the photos' segmentation against the split's masks."""
        h = self.harness
        return miou(confusions(h.segment(photos, **how), h.masks, h.palette), h.seed)

    def codec_alone(self) -> dict[str, Estimate]:
        """The perturbed layouts after the autoencoder alone: mIoU, and ghost classes at their borders."""
        h = self.harness
        found = h.codec_labels()
        counts = np.array([ghosts(f, m) for f, m in zip(found, h.layouts)], float)  # (N, 2)
        share = bootstrap(lambda i: 100 * counts[i, 0].sum() / counts[i, 1].sum(), len(counts), h.seed)
        return {
            "codec alone mIoU": miou(confusions(found, h.masks, h.palette), h.seed),
            "its ghost classes, % of pixels at borders": share,
        }

    def synthesis(self, made: list[np.ndarray] | None = None, **how: Any) -> dict[str, Estimate]:
        """Photos from the split's layouts: cycle mIoU, distances to the real ones, diversity, by name.

        Args:
            made: the photos, where they are there already.
            how: steps, solver, grid, beta, spectrum as in SynthesisRequest.
        """
        made = self.harness.synthesize(**how) if made is None else made
        figures = {"cycle mIoU": self.segmentation(made, steps=READ_STEPS), **self.metrics.against(made, paired=True)}
        if self.diverse:
            figures |= self.metrics.between(self.harness.by_seed(self.diverse, **how))
        return figures

    def both_ways(self, steps: int) -> dict[str, Estimate]:
        """The split's photos read and its layouts made into photos, with so many steps each."""
        return {"segmentation mIoU": self.segmentation(self.harness.photos, steps=steps), **self.synthesis(steps=steps)}

    def sheet(self, settings: list[dict[str, Any]]) -> np.ndarray | None:
        """Our own layouts under this model and each setting; see `sheet`."""
        return sheet([(self.pipeline, s) for s in settings])


def sheet(columns: Sequence[tuple[SemFlowPipeline, dict[str, Any]]]) -> np.ndarray | None:
    """Our own layouts, a row each: the layout, then the photo of each column; None where we have drawn none.

    Args:
        columns: models of one label set and size, each with settings of a SynthesisRequest.
    """
    first, rows = columns[0][0], []
    for name in LAYOUTS.get(first.palette.name, ()):
        labels = read_layout(LAYOUT_DIR / f"{name}.png", first.palette, first.codebook)
        made = [m.synthesize(SynthesisRequest(layout=labels, **how)).photo for m, how in columns]
        h, w = made[0].shape[:2]
        small = cv2.resize(labels, (w, h), interpolation=cv2.INTER_NEAREST_EXACT)
        rows.append(np.concatenate([first.palette.colorize(small), *made], axis=1))
    return np.concatenate(rows) if rows else None


def make_bench(
    pipeline: SemFlowPipeline, config: Path, n: int, seed: int = 0, batch: int = 8, diverse: int = 4, data: str = ""
) -> Bench:
    """A bench of the first n pairs of the development split that a training configuration declares.

    Raises:
        InputError: the data is not there, is of another label set, or no feature network is installed.
    """
    domain = domain_of(config, [])
    if domain.palette != pipeline.palette.name:
        raise InputError(
            f"{config} is about {domain.palette} and the model '{pipeline.name}' about {pipeline.palette.name}; "
            "choose another --config"
        )
    networks = find_networks()
    if not networks:
        raise InputError(HOW_TO_GET)
    split = domain.split(data_root(data), "dev", pipeline.size, limit=n)
    harness = Harness(pipeline, list(split.photos), split.masks, seed, batch)
    return Bench(harness, PhotoMetrics(list(split.photos), networks, find_lpips(), seed), diverse)
