"""A model's figures by solver steps: segmentation, cycle (layout -> photo -> layout), the codec's ceiling."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from tqdm import tqdm

from ..data.pairs import Pair, match
from ..errors import InputError
from ..palette import Palette
from ..pipeline import SemFlowPipeline
from ..request import SegmentationRequest, SynthesisRequest, pack_labels, pack_photo
from .segmentation import confusion, iou

Row = dict[str, Any]


def evaluate(
    pipeline: SemFlowPipeline,
    photos: Sequence[np.ndarray],
    masks: np.ndarray,
    steps: Sequence[int],
    seed: int = 0,
    batch: int = 8,
) -> list[Row]:
    """Measure both directions with Euler steps on the requests' default grids.

    Args:
        photos: N photos (S, S, 3) uint8, S = pipeline.size.
        masks: (N, S, S) uint8, their class ids; 255 is left out of every figure. Where 255 is no class of
            the palette it is painted as the background.
        steps: numbers of steps, a row of figures each.
        seed: layout i is perturbed with seed + i.
        batch: pictures computed at once.

    Returns:
        Rows with steps, n, resolution; miou and accuracy (0..100) of `segmentation` and `cycle`, iou a class
        (None where the class does not occur); codec_miou, what is left of the layouts when they only go
        through the autoencoder and back; seconds an image of `segment` and `synthesize`.
    """
    palette, n = pipeline.palette, len(masks)
    layouts = palette.paintable(masks)
    parts = [slice(i, i + batch) for i in range(0, n, batch)]
    codec = _no_counts(palette)
    for part in parts:
        codec += confusion(pipeline.codec_roundtrip(layouts[part], seed + part.start), masks[part], palette)
    _segment(
        pipeline, photos[parts[0]], 1
    )  # the first call of a process is slow and would be charged to row 1
    rows = []
    with tqdm(total=len(steps) * n, desc="evaluate", unit="pair", disable=None) as bar:
        for count in steps:
            segmented, cycled = _no_counts(palette), _no_counts(palette)
            seconds = {"segment": 0.0, "synthesize": 0.0}
            for part in parts:
                start = time.perf_counter()
                labels = _segment(pipeline, photos[part], count)
                middle = time.perf_counter()
                made = _synthesize(pipeline, layouts[part], count, seed + part.start)
                seconds["synthesize"] += (time.perf_counter() - middle) / n
                seconds["segment"] += (middle - start) / n
                segmented += confusion(_fit(labels, masks), masks[part], palette)
                cycled += confusion(_fit(_segment(pipeline, made, count), masks), masks[part], palette)
                bar.update(len(masks[part]))
            rows.append(
                {
                    "steps": count,
                    "n": n,
                    "resolution": pipeline.size,
                    "segmentation": _figures(segmented, palette),
                    "cycle": _figures(cycled, palette),
                    "codec_miou": _figures(codec, palette)["miou"],
                    "seconds": {k: round(v, 4) for k, v in seconds.items()},
                }
            )
    return rows


def match_folders(images: Path, masks: Path) -> list[Pair]:
    """Pairs of images/NAME.jpg|png and masks/NAME.png, sorted by name; photos without a mask are left out.

    Raises:
        InputError: a mask has no photo, or there is no mask.
    """
    pairs, alone = match(images, masks)
    for phrase in alone:
        if phrase.endswith("has no photo"):
            raise InputError(f"{phrase} in {images}")
    if not pairs:
        raise InputError(f"there are no masks (NAME.png) in {masks}")
    return pairs


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    heads = ("steps", "seg mIoU", "seg acc", "cycle mIoU", "codec mIoU", "s/seg", "s/synth")
    lines = ["{:>5} {:>9} {:>8} {:>11} {:>11} {:>7} {:>8}".format(*heads)]
    for r in rows:
        seg, cycle, s = r["segmentation"], r["cycle"], r["seconds"]
        lines.append(
            f"{r['steps']:>5} {_show(seg['miou']):>9} {_show(seg['accuracy']):>8} {_show(cycle['miou']):>11} "
            f"{_show(r['codec_miou']):>11} {s['segment']:>7.2f} {s['synthesize']:>8.2f}"
        )
    return "\n".join(lines)


def _show(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _segment(pipeline: SemFlowPipeline, photos: Sequence[np.ndarray], steps: int) -> list[np.ndarray]:
    requests = [SegmentationRequest(steps=steps, photo=pack_photo(p)) for p in photos]
    return [s.labels for s in pipeline.segment_many(requests)]


def _synthesize(pipeline: SemFlowPipeline, layouts: np.ndarray, steps: int, seed: int) -> list[np.ndarray]:
    requests = [
        SynthesisRequest(steps=steps, layout=pack_labels(m), seed=seed + i) for i, m in enumerate(layouts)
    ]
    return [s.photo for s in pipeline.synthesize_many(requests)]


def _fit(labels: Sequence[np.ndarray], masks: np.ndarray) -> np.ndarray:
    """Labels at the masks' size: a model with an aspect shows, and so segments, wider pictures."""
    h, w = masks.shape[1:]
    return np.stack([cv2.resize(m, (w, h), interpolation=cv2.INTER_NEAREST_EXACT) for m in labels])


def _no_counts(palette: Palette) -> torch.Tensor:
    return torch.zeros(len(palette.classes), len(palette.classes), dtype=torch.int64)


def _figures(counts: torch.Tensor, palette: Palette) -> Row:
    """Confusion counts -> mIoU over the classes of the truth, pixel accuracy and IoU a class, 0..100."""
    each = 100 * iou(counts)
    present = counts.sum(1) > 0
    if not present.any():
        return {"miou": None, "accuracy": None, "iou": {}}
    names = [c.name for c in palette.classes]
    return {
        "miou": round(float(each[present].mean()), 3),
        "accuracy": round(100 * float(counts.diag().sum() / counts.sum()), 3),
        "iou": {name: None if v != v else round(v, 2) for name, v in zip(names, each.tolist())},
    }
