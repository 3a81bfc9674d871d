"""Train a guide: with it, a flow follows what a reader saw in a photo. The flow itself stays as it is.

    python -m semflow_core train configs/faces.yaml kind=guide guide.model=assets/models/faces

What the reader will see is not needed for that: the guide learns to follow annotated layouts.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from torch.nn import functional as F

from ...errors import InputError
from ...method.flow import sample_path, times_to_mask
from ...nets.backbone import FINE, BackboneUNet
from ...nets.contracts import GuidedVelocity, LearnedGuide, UNetVelocity, reader_of
from ...nets.guide import LayoutGuide
from ...nets.placement import place
from ...nets.starts import load_reader
from ...pipeline.pipeline import SemFlowPipeline
from ...requests.typed import Bounds
from ..config import OptimConfig
from ..losses.anchors import anchor_cross_entropy
from ..losses.endpoint import WIDTH
from ..losses.off_path import FARTHEST
from ..report import segmentation
from ..task import Context, Task

STEPS = 4  # of the solve that is reported on


@dataclass(frozen=True)
class GuideConfig:
    """The section `guide`."""

    model: str = ""  # folder of the model whose flow is guided; empty: that of the stage before
    reader: str = ""  # folder of the layout reader that it is to follow; empty: that of the stage before
    width: int = 96  # channels of the guide
    photo_share: Annotated[float, Bounds(0, 1, "guide.photo_share")] = 0.4  # of the samples, at t = 0
    # of the samples, one Euler step of the guided flow away from their photo: where its own errors have led
    stepped_share: Annotated[float, Bounds(0, 1, "guide.stepped_share")] = 0.4
    endpoint: float = 0.3  # weight of the cross-entropy of the decoded end
    optim: OptimConfig = field(default_factory=OptimConfig)


@dataclass(frozen=True)
class GuidedStates:
    z0: torch.Tensor  # (B, C, h, w)
    z1: torch.Tensor
    labels: torch.Tensor  # (B, S, S) class indices
    t: torch.Tensor  # (B,)
    stepped: torch.Tensor  # (B,) whether the state is one step of the flow from z0, instead of on the straight path


class GuideTask(Task):
    """The flow's own loss towards annotated layouts, with the guide as the only thing that learns.

    Raises:
        InputError: there is no model, one without a backbone, or no layout reader.
    """

    model: Any

    def __init__(self, config: GuideConfig, context: Context) -> None:
        folder = config.model or next(
            (context.exports[n] for n in ("finish", "renderer", "flow") if n in context.exports), None
        )
        if folder is None:
            raise InputError("there is no flow to guide: train one before, or name a model's folder in guide.model")
        self.config, self.latents = config, context.latents
        self.pipeline = SemFlowPipeline.from_pretrained(folder)
        velocity = self.pipeline.velocity
        if not isinstance(velocity, UNetVelocity) or not isinstance(velocity.module, BackboneUNet):
            raise InputError(f"the model in {folder} has no backbone, whose predicted layout a guide replaces")
        reader = config.reader or context.exports.get("reader")
        if reader is None:
            raise InputError("there is no layout reader to follow: train one, or name its folder in guide.reader")
        self.reader = load_reader(reader, len(self.latents.codebook.palette.classes))
        self.velocity, self.shards = velocity, context.max_shard_size
        velocity.module.requires_grad_(False)
        settings: Any = velocity.module.config
        self.model = LayoutGuide(
            len(self.latents.codebook.palette.classes),
            FINE,
            int(settings["block_out_channels"][0]),
            int(settings["in_channels"]),
            config.width,
        )
        self.placed = False

    def batch(self, rng: np.random.Generator, device: torch.device) -> GuidedStates:
        if not self.placed:
            place(self.velocity.module, device, fast=False)
            self.placed = True
        drawn, config = self.latents.draw(rng, self.config.optim.batch), self.config
        u = torch.from_numpy(rng.random((2, len(drawn.z0)), dtype=np.float32)).to(device)
        stepped = u[0] >= 1 - config.stepped_share
        t = torch.where(u[0] < config.photo_share, 0, FARTHEST * u[1])
        z0, z1 = (z.to(device).float() for z in (drawn.z0, drawn.z1))
        return GuidedStates(z0, z1, drawn.labels.to(device).long(), t, stepped)

    def guided(self, guide: torch.nn.Module, labels: torch.Tensor) -> GuidedVelocity:
        """The velocity that is told these class indices (B, S, S)."""
        n = len(self.latents.codebook.palette.classes)
        read = F.one_hot(labels, n).movedim(-1, 1).float()
        return GuidedVelocity(self.velocity, LearnedGuide(guide), read)

    def loss(self, model: torch.nn.Module, batch: GuidedStates) -> dict[str, torch.Tensor]:
        """Mean squared error of the end that a state heads for, and the cross-entropy of its decoded layout."""
        velocity, left = self.guided(model, batch.labels), (1 - batch.t).view(-1, 1, 1, 1)
        zt = sample_path(batch.z0, batch.z1, batch.t).zt
        if bool(batch.stepped.any()):
            with torch.no_grad():
                first = velocity(batch.z0, torch.zeros_like(batch.t))
            zt = torch.where(batch.stepped.view(-1, 1, 1, 1), batch.z0 + (1 - left) * first, zt)
        end = zt + left * velocity(zt, batch.t)
        error = (end - batch.z1).square().mean()
        masks = self.latents.codec.decode(end)
        entropy = anchor_cross_entropy(
            masks, [self.latents.codebook], [batch.labels], [self.latents.rarity], WIDTH, power=0.5
        )
        return {"loss": error + self.config.endpoint * entropy, "error": error, "entropy": entropy}

    def report(self, model: Any, step: int, out: Path) -> str:
        """How much of the annotated layout arrives, if the guide is told it: what a reader without errors would get."""
        pipeline, palette = self.pipeline, self.latents.codebook.palette
        masks = iter(palette.paintable(self.latents.dev.masks))
        times = times_to_mask(STEPS, "uniform")

        def segment(photos: list[np.ndarray]) -> np.ndarray:
            labels = torch.from_numpy(palette.index(np.stack([next(masks) for _ in photos]))).long()
            z0 = torch.cat([pipeline.encode_photo(photo) for photo in photos])
            with torch.no_grad():
                z1 = pipeline.solve(z0, times, "euler", velocity=self.guided(model, labels))
            return pipeline.codebook.decode(pipeline.decode_masks(z1)).labels

        return f"told the annotated layout, {STEPS} steps: {segmentation(segment, self.latents.dev, palette)}"

    def export(self, model: Any, out: Path) -> None:
        """The whole model, with reader and guide."""
        pipeline = copy.copy(self.pipeline)
        pipeline.reader, pipeline.guide = reader_of(self.reader), LearnedGuide(copy.deepcopy(model))
        pipeline.save_pretrained(out, max_shard_size=self.shards)
