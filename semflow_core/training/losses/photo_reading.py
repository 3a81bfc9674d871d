"""Cross-entropy of the layout that the network's own backbone predicts from the photo that the velocity comes from.

Nothing is decoded: the backbone takes latents. The layout is the exact one, also where synthesis got a rough one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from ...errors import InputError
from ...nets.backbone import BackboneUNet
from ..batch import Batch, States
from ..latents import LatentPairs
from .term import Term, TermConfig


@dataclass(frozen=True)
class PhotoReadingConfig(TermConfig):
    BACKBONE = True

    weight: float = 0.0
    samples: int = 4  # straight samples per batch; those that come from the layout count, too

    def build(self, latents: LatentPairs, network: Any) -> Term:
        if not isinstance(network, BackboneUNet):
            raise InputError(
                f"photo_reading needs a network with a backbone, and this is a {type(network).__name__}; set "
                "photo_reading.weight=0"
            )
        return PhotoReading(self, latents, network)


class PhotoReading(Term):
    def __init__(self, config: PhotoReadingConfig, latents: LatentPairs, network: BackboneUNet) -> None:
        self.weight, self.samples = config.weight, config.samples
        self.latents, self.network = latents, network

    def select(self, batch: Batch) -> torch.Tensor:
        return batch.nearest_layout(self.samples)

    def loss(self, v: torch.Tensor, states: States, batch: Batch) -> torch.Tensor:
        chosen = self.select(batch)
        _, scores = self.network.backbone(states.photos(v, chosen))
        labels = scored_labels(batch.labels[chosen], scores)
        return F.cross_entropy(scores.float(), labels, self.latents.rarity.to(scores.device))


def scored_labels(labels: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Class indices (B, S, S) at the resolution of class scores (B, n, H, W): every S/H-th, (B, H, W) int64."""
    step = labels.shape[-1] // scores.shape[-1]
    return labels[:, ::step, ::step].long()
