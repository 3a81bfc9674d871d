"""How well photos can be read: the layout reader on pixels, by itself, beside the flow that follows it.

Photos are read at their own size; figures are those of the whole development split that the settings name. By
class, too: means hide what is thin or rare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from ..data.pairs import read_pair
from ..errors import InputError
from ..evaluation.bootstrap import bootstrap
from ..evaluation.evaluate import miou
from ..evaluation.segmentation import background_index, confusion, foreground_miou_of, iou
from ..nets.backbone import BackboneUNet
from ..nets.placement import dtype_of
from ..pipeline.pipeline import SemFlowPipeline
from ..pipeline.pixels import labels_of, probabilities
from ..pipeline.registry import load_as_torch
from .settings import StudySettings
from .split import development_split
from .table import Outcome, Table

STEPS = (1, 2, 4, 8)
PLAIN = {"mirror": False, "smooth": 0.0}

Look = Callable[[np.ndarray], np.ndarray]  # a photo (H, W, 3) -> class ids (H, W)


@dataclass(frozen=True)
class Way:
    """A way to read a photo, and its confusion counts per photo, (N, n, n)."""

    name: str
    counts: np.ndarray


def run_ceiling(settings: StudySettings) -> Outcome:
    """Read the development split in every way that a model has.

    Raises:
        InputError: the data or the model is wrong, or the model has no reader.
    """
    pipeline = load_as_torch(settings.model, settings.extra).to(settings.device)
    if pipeline.reader is None:
        raise InputError(f"the model '{pipeline.name}' has no layout reader; train one (kind=reader, kind=guide)")
    pairs, _ = development_split(pipeline, settings)
    split = [read_pair(pair, pipeline.palette) for pair in pairs]
    ways = [Way(name, _counts(look, split, pipeline)) for name, look in ways_of(pipeline).items()]
    background, rows = background_index(pipeline.palette), []
    for way in ways:
        row = {"read by": way.name, "mIoU": miou(way.counts, settings.seed)}
        if background is not None:
            row["background left out"] = bootstrap(
                lambda i, c=way.counts: foreground_miou_of(c[i].sum(0), background), len(split), settings.seed
            )
        rows.append(row)
    by_class = [
        {"class": c.name, **{w.name: 100 * float(iou(w.counts.sum(0))[k]) for w in ways}}
        for k, c in enumerate(pipeline.palette.classes)
    ]
    about = (
        f"model {pipeline.name}, {len(split)} pairs of the development split at their own size, seed {settings.seed}"
    )
    return Outcome(
        "How well can photos be read: by the layout reader alone, and by the flow that follows it?",
        f"{about}; [95 % bootstrap interval over pictures]",
        [Table("Segmentation", rows), Table("IoU by class", by_class)],
    )


def ways_of(pipeline: SemFlowPipeline) -> dict[str, Look]:
    """The ways by name: the backbone's head, the reader, and the flow by steps and as the studio reads."""
    reader, palette = pipeline.reader, pipeline.palette
    assert reader is not None

    def by_reader(mirror: bool) -> Look:
        return lambda photo: labels_of(
            probabilities(reader, [photo], palette, mirror)[0], palette, photo.shape[0], photo.shape[1]
        )

    def by_flow(**how: object) -> Look:
        return lambda photo: pipeline.segment(pipeline.read_request(photo, **how)).labels

    ways: dict[str, Look] = {}
    module = getattr(pipeline.velocity, "module", None)
    if isinstance(module, BackboneUNet):
        ways["the backbone's head"] = lambda photo: _by_head(pipeline, module, photo)
    ways |= {"the reader": by_reader(False), "the reader, with the mirror image": by_reader(True)}
    ways |= {f"the flow, {n} step{'s' * (n > 1)}": by_flow(steps=n, **PLAIN) for n in STEPS}
    return {**ways, "the flow, as the studio reads": by_flow()}


@torch.inference_mode()
def _by_head(pipeline: SemFlowPipeline, module: BackboneUNet, photo: np.ndarray) -> np.ndarray:
    """What the velocity's own backbone sees in the photo's latents."""
    _, scores = module.backbone(pipeline.encode_photo(photo).to(dtype_of(module)))
    large = F.interpolate(scores.float(), photo.shape[:2], mode="bilinear", align_corners=False)[0]
    return pipeline.palette.ids[large.argmax(0).cpu().numpy()]


def _counts(look: Look, split: Sequence[tuple[np.ndarray, np.ndarray]], pipeline: SemFlowPipeline) -> np.ndarray:
    return np.stack([confusion(look(photo), mask, pipeline.palette) for photo, mask in split])
