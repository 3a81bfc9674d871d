"""A plain discriminative U-Net: what segmentation reaches that is trained for nothing else.

The photo's latents go in, class scores of the pixels of each latent cell come out, under cross-entropy. The U-Net has
the flow's default size, and `discriminative.unet` sets another:

    python -m semflow_core train configs/faces.yaml kind=discriminative
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from ...nets.contracts import UNetVelocity, Velocity
from ...nets.placement import save_half
from ...nets.unet import UNetConfig
from ...pipeline.pipeline import SemFlowPipeline
from ..config import OptimConfig
from ..report import segmentation
from ..task import Context, Task


@dataclass(frozen=True)
class DiscriminativeConfig:
    """The section `discriminative`."""

    unet: UNetConfig = field(default_factory=UNetConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)


def class_scores(network: Velocity, z0: torch.Tensor, factor: int) -> torch.Tensor:
    """Photo latents (B, C, h, w) -> class scores (B, n, factor * h, factor * w); the network's time stands at 0."""
    return F.pixel_shuffle(network(z0, 0.0), factor)


@torch.inference_mode()
def segment_discriminative(pipeline: SemFlowPipeline, network: Velocity, photos: Sequence[np.ndarray]) -> np.ndarray:
    """Class ids (B, size, size) of photos (H, W, 3) uint8; the pipeline's codec and palette are used, not its flow."""
    z0 = torch.cat([pipeline.encode_photo(p) for p in photos])
    factor = pipeline.size // z0.shape[-2]
    return pipeline.palette.ids[class_scores(network, z0, factor).argmax(1).cpu().numpy()]


@dataclass(frozen=True)
class LabelledPhotos:
    z0: torch.Tensor  # (B, C, h, w)
    labels: torch.Tensor  # (B, S, S) class indices


class DiscriminativeTask(Task):
    def __init__(self, config: DiscriminativeConfig, context: Context) -> None:
        self.config, self.latents = config, context.latents
        codec, classes = self.latents.codec, len(self.latents.codebook.palette.classes)
        self.model: Any = config.unet.build(codec.channels, codec.factor**2 * classes, self.latents.side)

    def batch(self, rng: np.random.Generator, device: torch.device) -> LabelledPhotos:
        drawn = self.latents.draw(rng, self.config.optim.batch)
        return LabelledPhotos(drawn.z0.to(device).float(), drawn.labels.to(device).long())

    def loss(self, model: torch.nn.Module, batch: LabelledPhotos) -> dict[str, torch.Tensor]:
        scores = class_scores(UNetVelocity(model), batch.z0, self.latents.codec.factor)
        return {"loss": F.cross_entropy(scores, batch.labels)}

    def report(self, model: Any, step: int, out: Path) -> str:
        network = UNetVelocity(copy.deepcopy(model))
        network.to(self.latents.device)
        pipeline = self.latents.pipeline(network.module)
        return segmentation(
            lambda photos: segment_discriminative(pipeline, network, photos), self.latents.dev, pipeline.palette
        )

    def export(self, model: Any, out: Path) -> None:
        save_half(model, out / "unet")
