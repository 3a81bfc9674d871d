"""Distance of the photo that the velocity comes from to the true one, in the features of MobileNetV2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ..batch import Batch, States
from ..latents import LatentPairs
from .features import FeatureDistance
from .term import Term, TermConfig
from .window import decoded_windows


@dataclass(frozen=True)
class PhotoFeaturesConfig(TermConfig):
    weight: float = 0.0
    samples: int = 4  # straight samples per batch; those that come from the layout count, too

    def build(self, latents: LatentPairs, network: Any) -> Term:
        return PhotoFeatures(self, latents)


class PhotoFeatures(Term):
    """`FeatureDistance` of decoded windows.

    Raises:
        InputError: MobileNetV2's weights are not on this machine.
    """

    def __init__(self, config: PhotoFeaturesConfig, latents: LatentPairs) -> None:
        self.weight, self.samples = config.weight, config.samples
        self.codec, self.distance = latents.codec, FeatureDistance().to(latents.device)

    def select(self, batch: Batch) -> torch.Tensor:
        return batch.nearest_layout(self.samples)

    def loss(self, v: torch.Tensor, states: States, batch: Batch) -> torch.Tensor:
        return self.distance(*decoded_windows(self.codec, v, states, batch, self.select(batch)))
