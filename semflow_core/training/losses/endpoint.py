"""Cross-entropy of the decoded mask that the velocity points to, of the samples nearest to the photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import torch

from ...requests.typed import Bounds
from ..batch import Batch, States
from ..latents import LatentPairs
from .anchors import anchor_cross_entropy
from .term import Term, TermConfig

WIDTH = 0.4  # deviation of the softmax over the anchors, as a share of their spacing s


@dataclass(frozen=True)
class EndpointConfig(TermConfig):
    weight: float = 0.0
    # q of the generalised cross-entropy, which is robust where classes are equally likely; 0: none
    power: Annotated[float, Bounds(0, 1, "endpoint.power")] = 0.0
    samples: int = 4  # straight samples per batch; those that come from the photo count, too

    def build(self, latents: LatentPairs, network: Any) -> Term:
        return Endpoint(self, latents)


class Endpoint(Term):
    def __init__(self, config: EndpointConfig, latents: LatentPairs) -> None:
        self.weight, self.samples, self.power = config.weight, config.samples, config.power
        self.latents = latents

    def select(self, batch: Batch) -> torch.Tensor:
        return batch.nearest_photo(self.samples)

    def loss(self, v: torch.Tensor, states: States, batch: Batch) -> torch.Tensor:
        chosen = self.select(batch)
        masks = self.latents.codec.decode(states.masks(v, chosen))
        labels = batch.labels[chosen].long()
        rarity = self.latents.rarity
        return anchor_cross_entropy(masks, [self.latents.codebook], [labels], [rarity], WIDTH, self.power)
