"""Segmentation at the photos' own size, beside the square's labels enlarged to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from .bootstrap import bootstrap
from .boundary import TOLERANCES, boundary_counts, boundary_score
from .harness import Harness
from .report import FullSize
from .segmentation import background_index, confusion, foreground_miou_of, miou_of

ReadPair = Callable[[], tuple[np.ndarray, np.ndarray]]  # reads a photo and its mask at their own size (`read_pair`)


def measure_full_size(
    harness: Harness, pairs: Sequence[ReadPair], labels: np.ndarray, steps: int
) -> tuple[FullSize, FullSize | None]:
    """Figures of the split's pairs at their own size, and of the square's labels enlarged by nearest neighbour.

    Args:
        pairs: each reads one of the harness's pairs at its own size, in its order.
        labels: the photos' class ids at the square, (N, S, S).
        steps: solver steps.

    Returns:
        The second is None where all photos are of the square's size: then the labels are both.
    """
    own, enlarged, differ, sizes = [], [], False, set()
    for read, square in zip(pairs, labels, strict=True):
        photo, mask = read()
        sizes.add(f"{mask.shape[1]}x{mask.shape[0]}")
        if mask.shape == square.shape:
            own.append(_counts(square, mask, harness))
            enlarged.append(own[-1])
            continue
        differ = True
        larger = cv2.resize(square, mask.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        own.append(_counts(harness.segment_whole(photo, steps=steps), mask, harness))
        enlarged.append(_counts(larger, mask, harness))
    size = sizes.pop() if len(sizes) == 1 else "several sizes"
    return _figures(own, size, harness), _figures(enlarged, size, harness) if differ else None


def _counts(labels: np.ndarray, mask: np.ndarray, harness: Harness) -> tuple[np.ndarray, np.ndarray]:
    return confusion(labels, mask, harness.palette), boundary_counts(labels, mask, harness.palette)


def _figures(counts: Sequence[tuple[np.ndarray, np.ndarray]], size: str, harness: Harness) -> FullSize:
    regions, edges = (np.stack(c) for c in zip(*counts))
    n, background = len(regions), background_index(harness.palette)
    boundary = {
        name: bootstrap(lambda i, k=k: float(boundary_score(edges[i].sum(0))[k]), n, harness.seed)
        for k, name in enumerate(TOLERANCES)
    }
    foreground = None
    if background is not None:
        foreground = bootstrap(lambda i: foreground_miou_of(regions[i].sum(0), background), n, harness.seed)
    return FullSize(size, bootstrap(lambda i: miou_of(regions[i].sum(0)), n, harness.seed), boundary, foreground)
