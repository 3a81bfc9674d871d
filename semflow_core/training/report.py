"""What tasks report on the development split: one line of figures, and a sheet of samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ..data.pairs import PairArrays
from ..evaluation.harness import Harness
from ..evaluation.segmentation import mean_iou
from ..method.palette import Palette
from ..pipeline.pipeline import SemFlowPipeline

FEW = 16  # layouts that photos are made of
COLUMNS = 8  # photos per row of the sheet


def segmentation(
    segment: Callable[[list[np.ndarray]], np.ndarray], pairs: PairArrays, palette: Palette, size: int = 10
) -> str:
    """A line with the mIoU of a split.

    Args:
        segment: photos (S, S, 3) uint8 -> class ids (n, S, S).
        size: photos segmented at once.
    """
    parts = [segment(list(pairs.photos[i : i + size])) for i in range(0, len(pairs), size)]
    miou = mean_iou(np.concatenate(parts), pairs.masks, palette)
    return f"segmentation {miou:.1f} mIoU ({count_held_out(len(pairs))})"


def count_held_out(pairs: int) -> str:
    """How many pairs a figure is on."""
    return f"{pairs} held-out pair" + ("s" if pairs != 1 else "")


def both_directions(pipeline: SemFlowPipeline, pairs: PairArrays, sheet: Path) -> str:
    """A line with the mIoU of a split and of photos made of its first layouts; writes the sheet.

    The sheet's rows: photos, layouts, two syntheses of each layout, segmentations of the photos.
    """
    palette, n = pipeline.palette, COLUMNS
    harness = Harness(pipeline, list(pairs.photos), pairs.masks, batch=16)
    other = Harness(pipeline, harness.photos, pairs.masks, seed=1000, batch=16)
    labels = harness.segment(harness.photos)
    few = harness.layouts[:FEW]
    photos, others = harness.synthesize(few), other.synthesize(few[:n])
    rows = [pairs.photos[:n], palette.colorize(pairs.masks[:n]), photos[:n], others, palette.colorize(labels[:n])]
    Image.fromarray(np.concatenate([np.concatenate(list(row), axis=1) for row in rows])).save(sheet)
    return (
        f"8 steps: segmentation {mean_iou(labels, pairs.masks, palette):.1f} mIoU ({count_held_out(len(pairs))}), "
        f"cycle {mean_iou(harness.segment(photos), pairs.masks[:FEW], palette):.1f} mIoU ({len(few)})"
    )
