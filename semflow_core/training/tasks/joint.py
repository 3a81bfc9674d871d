"""One network for several domains, with an embedding of the domain; batches take turns at random."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...nets.conditioned import ConditionedVelocity, domain_unet, fold
from ..batch import Batch
from ..latents import LatentPairs
from ..objective import FlowObjective
from ..report import both_directions
from ..task import Task
from .flow import FlowConfig


class JointTask(Task):
    """Training of one velocity on the latents of all domains.

    Args:
        config: of every domain's flow; without a backbone and without a network to start from.
        domains: latents by the domain's name; a domain's number is its place.
    """

    def __init__(self, config: FlowConfig, domains: Mapping[str, LatentPairs]) -> None:
        self.domains = list(domains.items())
        first = self.domains[0][1]
        self.model: Any = domain_unet(config.unet, first.codec.channels, first.side, len(domains))
        self.objectives = [FlowObjective(config, latents, self.model) for latents in domains.values()]

    def batch(self, rng: np.random.Generator, device: torch.device) -> tuple[int, Batch]:
        domain = int(rng.integers(len(self.objectives)))
        return domain, self.objectives[domain].batch(rng, device)

    def loss(self, model: Any, batch: tuple[int, Batch]) -> dict[str, torch.Tensor]:
        domain, samples = batch
        return self.objectives[domain].loss(ConditionedVelocity(model, domain), samples)

    def report(self, model: Any, step: int, out: Path) -> str:
        lines = []
        for i, (name, latents) in enumerate(self.domains):
            (out / name).mkdir(exist_ok=True)
            pipeline = latents.pipeline(fold(model, i)).to(latents.device)
            lines.append(f"{name}: {both_directions(pipeline, latents.dev, out / name / f'{step:07d}.png')}")
        return "; ".join(lines)

    def export(self, model: Any, out: Path) -> None:
        for i, (name, latents) in enumerate(self.domains):
            latents.pipeline(fold(model, i)).save_pretrained(out / name)
