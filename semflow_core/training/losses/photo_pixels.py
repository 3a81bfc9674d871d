"""Mean absolute error of the photo that the velocity comes from, in pixels: a method of the study few-steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ..batch import Batch, States
from ..latents import LatentPairs
from .term import Term, TermConfig
from .window import decoded_windows


@dataclass(frozen=True)
class PhotoPixelsConfig(TermConfig):
    weight: float = 0.0
    samples: int = 4  # straight samples per batch; those that come from the layout count, too

    def build(self, latents: LatentPairs, network: Any) -> Term:
        return PhotoPixels(self, latents)


class PhotoPixels(Term):
    def __init__(self, config: PhotoPixelsConfig, latents: LatentPairs) -> None:
        self.weight, self.samples = config.weight, config.samples
        self.codec = latents.codec

    def select(self, batch: Batch) -> torch.Tensor:
        return batch.nearest_layout(self.samples)

    def loss(self, v: torch.Tensor, states: States, batch: Batch) -> torch.Tensor:
        photos, true = decoded_windows(self.codec, v, states, batch, self.select(batch))
        return (photos - true).abs().mean()
