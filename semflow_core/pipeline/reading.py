"""Reading: photo -> layout (Eq. 12), at the photo's own size, and the regional offsets of a photo."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from ..method.appearance import Offset, region_colors, region_offsets
from ..method.flow import times_to_mask
from ..pictures.strips import enlarged, parts_of
from ..requests import SegmentationRequest
from .engine import Engine, Progress, Steps
from .results import Segmentation
from .synthesis import shared


def segment(
    engine: Engine,
    requests: Sequence[SegmentationRequest],
    progress: Progress | None = None,
    margins: bool = True,
) -> list[Segmentation]:
    """A batch of photos -> layouts; the photos may differ in size.

    Args:
        margins: False spares the memory of them, and they are 1 everywhere.

    Raises:
        InputError: the requests differ in how to solve or in how to decide.
    """
    first = shared(requests, "grid", "mirror", "smooth")
    photos = [r.photo for r in requests]
    views = photos + [p[:, ::-1] for p in photos] if first.mirror else photos
    z0 = torch.cat([engine.encode_photo(p) for p in views])
    times, velocity = times_to_mask(first.steps, first.grid), engine.towards_layouts(views)
    z1 = engine.solve(z0, times, first.solver, Steps(progress, first.steps), velocity)
    distances = engine.codebook.distances(engine.decode_masks(z1))
    if first.mirror or first.smooth:
        tables = [distances] if engine.reader is None else [distances, seen_in(engine, views, distances)]
        looks = [
            turned(engine, part) if i else part for table in tables for i, part in enumerate(table.split(len(photos)))
        ]
        distances = engine.codebook.agree(*looks, smooth=first.smooth)
    distances, chances = distances.cpu(), chances_in(engine, views, len(photos))
    results = []
    for i, photo in enumerate(photos):
        height, width = photo.shape[:2]
        labels, margin = labels_at(engine, distances[i], height, width, margins)
        if chances is not None and margins:
            fill_chances(engine, chances[i].numpy(), labels, margin)
        results.append(Segmentation(labels, margin, z0[i : i + 1], z1[i : i + 1]))
    return results


def turned(engine: Engine, table: torch.Tensor) -> torch.Tensor:
    """What was found in mirror images, (B, n, h, w), as it is in the photos."""
    palette = engine.palette
    other_side = torch.from_numpy(palette.index(palette.mirror_of_id[palette.ids])).to(table.device)
    return table.flip(-1)[:, other_side]


def seen_in(engine: Engine, photos: Sequence[np.ndarray], like: torch.Tensor) -> torch.Tensor:
    """What the reader sees in photos, as distances of the size of those of the flow, `like` (B, n, h, w)."""
    read = torch.cat([engine.read(photo) for photo in photos]).to(like.device)
    read = F.interpolate(read, like.shape[2:], mode="bilinear", align_corners=False, antialias=True)
    return engine.codebook.distances_of(read)


def chances_in(engine: Engine, views: Sequence[np.ndarray], count: int) -> torch.Tensor | None:
    """The reader's class probabilities of `count` photos, (count, n, h, w) on the CPU; None for a model without one.

    Args:
        views: the photos, and as many mirror images or none, whose probabilities are averaged.
    """
    if engine.reader is None:
        return None
    photos, *mirrored = torch.cat([engine.read(view) for view in views]).split(count)
    return (sum((turned(engine, part) for part in mirrored), photos) / (1 + len(mirrored))).cpu()


def fill_chances(engine: Engine, chances: np.ndarray, labels: np.ndarray, margin: np.ndarray) -> None:
    """Write the probability of each pixel's class over its margin, in place.

    Distances to anchors order pixels by how sure the flow is; the reader's probabilities are calibrated as well
    (docs/experiments/reader.md).

    Args:
        chances: (n, h, w) of the classes.
        labels: (H, W) uint8 class ids.
        margin: (H, W) float32.
    """
    for part in parts_of(labels):
        for class_id, chance in zip(engine.palette.ids, chances):
            here = labels[part] == class_id
            if here.any():
                np.copyto(margin[part], enlarged(chance, part, labels.shape), where=here)


def labels_at(
    engine: Engine, distances: torch.Tensor, height: int, width: int, margins: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Nearest anchor at any size: class scores are enlarged, never colours, which would blend into ghosts.

    Args:
        distances: (n, size, width) of the decoded mask to each anchor.
        margins: see `segment`.

    Returns:
        class ids (height, width) uint8, and their margin in 0..1 (`Codebook.decode`).
    """
    labels = np.zeros((height, width), np.uint8)
    margin = np.empty(labels.shape, np.float32) if margins else np.broadcast_to(np.float32(1), labels.shape)
    # one class at a time, in place: a 40-megapixel photo has no room for 19, or for an array more
    for part in parts_of(labels):
        best = np.full(margin[part].shape, np.inf, np.float32)
        second = best.copy()
        for class_id, d in zip(engine.palette.ids, distances.numpy()):
            d = enlarged(d, part, labels.shape)
            nearer = d < best
            np.minimum(second, d, out=second)
            np.copyto(second, best, where=nearer)
            np.copyto(best, d, where=nearer)
            labels[part][nearer] = class_id
        if not margins:
            continue
        np.subtract(second, best, out=second)
        np.divide(second, np.float32(engine.codebook.s), out=second)
        np.clip(second, 0, 1, out=margin[part])
    return labels, margin


def photo_offsets(
    engine: Engine, photo: np.ndarray, segmentation: Segmentation | None, labels: np.ndarray
) -> dict[int, Offset]:
    """The regional offsets (`PerturbedRequest.offsets`) of a photo's regions, by class id.

    With an appearance they are computed from the regions' colours, otherwise from where the flow ended.

    Args:
        photo: (H, W, 3) uint8.
        segmentation: the photo's; with an appearance it is not needed.
        labels: the regions, class ids (H, W) of any size; corrected by hand, perhaps.
    """
    if engine.appearance is not None:
        small = cv2.resize(photo, (engine.width, engine.size), interpolation=cv2.INTER_AREA)
        colors = torch.from_numpy(region_colors(small, engine.sized(labels), engine.palette))
        rows = [(r, g, b) for r, g, b in engine.appearance.offsets(colors).tolist()]
        return {int(i): row for i, row in zip(engine.palette.ids, rows) if not math.isnan(row[0])}
    assert segmentation is not None
    colors = engine.decode_masks(segmentation.z1)[0].permute(1, 2, 0).cpu().numpy()
    return region_offsets(engine.codebook, colors, engine.sized(labels), engine.perturbation.regional_amplitude)
