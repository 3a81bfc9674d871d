"""A model's figures by solver steps: both directions, their cycle, confidence, photos beside real ones, diversity."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from ..method.palette import Palette
from .bootstrap import Estimate, bootstrap
from .confidence import measure_confidence
from .full_size import ReadPair, measure_full_size
from .harness import Harness, grouped
from .photos import PhotoMetrics
from .report import READER_STEPS, Decoded, Report, Row, Scores, Seconds
from .segmentation import accuracy_of, background_index, confusions, foreground_miou_of, iou, miou_of


def evaluate(
    harness: Harness,
    steps: Sequence[int],
    metrics: PhotoMetrics | None = None,
    others: Sequence[np.ndarray] | None = None,
    diverse: int = 8,
    reader: Harness | None = None,
    pairs: Sequence[ReadPair] | None = None,
) -> Report:
    """Measure with Euler steps on the requests' default grids.

    Args:
        harness: the model and the split.
        steps: numbers of solver steps, one row of figures each.
        metrics: the metrics of photos, or None to leave them out.
        others: as many photos that the model was trained on, (S, S, 3) uint8, to compare with the split's.
        diverse: number of layouts that are synthesised with 8 seeds each; 0 leaves diversity out.
        reader: another model with the same split and classes, which segments the syntheses, too: a model may flatter
            itself, the more so if it was trained on its own segmentation of syntheses.
        pairs: each reads one of the split's pairs at its own size, to segment at that, too; None leaves that out.
    """
    masks, palette, seed = harness.masks, harness.palette, harness.seed
    reader_miou = None
    if reader:
        reader_miou = miou(confusions(reader.segment(reader.photos, steps=READER_STEPS), masks, palette), seed)
    # the first call of a process is slow and would be charged to row 1
    harness.segment(harness.photos[: harness.batch], steps=1)
    rows, counts = [], {}
    for count in tqdm(steps, desc="evaluate", unit="number of steps", disable=None):
        row, counts[count] = _measure(harness, count, metrics, diverse, reader, pairs)
        rows.append(row)
    return Report(
        model=harness.pipeline.name,
        seed=seed,
        mirror=harness.mirror,
        smooth=harness.smooth,
        n=len(masks),
        resolution=harness.pipeline.size,
        codec_miou=miou(confusions(harness.codec_labels(), masks, palette), seed),
        train_photos=metrics.against(others, paired=False) if metrics and others is not None else {},
        codec_photos=metrics.against(harness.codec_photos(), paired=True) if metrics else {},
        real_diversity=metrics.between_real() if metrics else {},
        diversity_layouts=min(diverse, len(masks)),
        reader=reader.pipeline.name if reader else None,
        reader_miou=reader_miou,
        rows=tuple(rows),
        one_step_share=share_of_best(counts, seed) if 1 in counts else None,
    )


def _measure(
    harness: Harness,
    steps: int,
    metrics: PhotoMetrics | None,
    diverse: int,
    reader: Harness | None,
    pairs: Sequence[ReadPair] | None,
) -> tuple[Row, np.ndarray]:
    """One row, and its confusion counts per picture of segmentation, (N, n, n)."""
    masks, palette, seed = harness.masks, harness.palette, harness.seed
    start = time.perf_counter()
    labels, margins = harness.read(harness.photos, steps=steps)
    middle = time.perf_counter()
    shown = harness.syntheses(harness.requests(steps=steps))
    end = time.perf_counter()
    by_seed = harness.syntheses(harness.seed_requests(diverse if metrics else 0, steps=steps))
    counts = confusions(labels, masks, palette)
    full_size, enlarged = measure_full_size(harness, pairs, labels, steps) if pairs else (None, None)

    def figures(photos: list[np.ndarray], seeds: list[np.ndarray]) -> dict[str, Any]:
        cycle = confusions(harness.segment(photos, steps=steps), masks, palette)
        other = reader and confusions(reader.segment(photos, steps=READER_STEPS), masks, palette)
        return {
            "cycle": scores(cycle, palette, seed),
            "read_by_other": None if other is None else scores(other, palette, seed),
            "photos": metrics.against(photos, paired=True) if metrics else {},
            "diversity": metrics.between(grouped(seeds)) if metrics and seeds else {},
        }

    row = Row(
        steps=steps,
        n=len(masks),
        resolution=harness.pipeline.size,
        segmentation=scores(counts, palette, seed),
        seconds=Seconds((middle - start) / len(masks), (end - middle) / len(masks)),
        decoded=Decoded(**figures(*map(harness.decode, (shown.states, by_seed.states)))) if shown.states else None,
        confidence=measure_confidence(labels, margins, masks, seed),
        full_size=full_size,
        enlarged=enlarged,
        **figures(shown.photos, by_seed.photos),
    )
    return row, counts


def scores(counts: np.ndarray, palette: Palette, seed: int) -> Scores:
    """mIoU over the classes of the truth, pixel accuracy and IoU by class, from confusion counts (N, n, n)."""
    by_class, background = (100 * iou(counts.sum(0))).tolist(), background_index(palette)
    foreground = None
    if background is not None:
        foreground = bootstrap(lambda i: foreground_miou_of(counts[i].sum(0), background), len(counts), seed)
    return Scores(
        miou=miou(counts, seed),
        accuracy=bootstrap(lambda i: accuracy_of(counts[i].sum(0)), len(counts), seed),
        iou={c.name: None if x != x else x for c, x in zip(palette.classes, by_class)},
        foreground=foreground,
    )


def miou(counts: np.ndarray, seed: int) -> Estimate:
    """mIoU from confusion counts per picture, (N, n, n); the bootstrap resamples pictures and sums anew."""
    return bootstrap(lambda i: miou_of(counts[i].sum(0)), len(counts), seed)


def share_of_best(counts: dict[int, np.ndarray], seed: int) -> Estimate:
    """mIoU at one step over the best mIoU of all numbers of steps, on the same resampled pictures.

    Args:
        counts: confusion counts (N, n, n) by number of steps.
    """

    def share(i: np.ndarray) -> float:
        best = max(miou_of(c[i].sum(0)) for c in counts.values())
        return miou_of(counts[1][i].sum(0)) / best if best else float("nan")

    return bootstrap(share, len(counts[1]), seed)
