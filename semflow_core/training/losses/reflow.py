"""A reflow round (Liu et al. 2022): photos that a trained model makes of the layouts, instead of the true ones.

Segmentation starts at t = 0 from true photos, so the first times keep those. A method of the study few-steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import torch
from tqdm import tqdm

from ...method.flow import times_to_image
from ...method.solvers import solve
from ...nets.placement import compact
from ...pipeline.pipeline import SemFlowPipeline
from ...requests.typed import Bounds
from ..batch import Batch
from ..latents import LatentPairs
from .term import Term, TermConfig


@dataclass(frozen=True)
class ReflowConfig(TermConfig):
    SWITCH = "model"

    model: str = ""  # folder of the model that makes the photos; empty is no reflow
    steps: Annotated[int, Bounds(1, 1000, "reflow.steps")] = 16  # solver steps of that model
    real_below: Annotated[float, Bounds(0, 1, "reflow.real_below")] = 0.25  # times at which photos are still true ones

    def build(self, latents: LatentPairs, network: Any) -> Term:
        return Reflow(self, latents)


class Reflow(Term):
    """The photos are simulated once, when the term is made.

    Raises:
        InputError: the folder holds no model.
    """

    def __init__(self, config: ReflowConfig, latents: LatentPairs) -> None:
        self.real_below = config.real_below
        teacher = SemFlowPipeline.from_pretrained(config.model).to(latents.device)
        self.z0 = simulate(teacher, latents.copies.z1, config.steps)

    def pairs(self, batch: Batch) -> Batch:
        true = (batch.t < self.real_below) & ~batch.times.from_layout | batch.times.from_photo
        simulated = self.z0[batch.index.cpu()].to(batch.z0)
        return replace(batch, z0=torch.where(true.view(-1, 1, 1, 1), batch.z0, simulated))


@torch.inference_mode()
def simulate(teacher: SemFlowPipeline, z1: torch.Tensor, steps: int) -> torch.Tensor:
    """Where `teacher` takes each z1 (N, C, h, w): (N, C, h, w) float16 on the CPU."""
    parts = []
    for part in tqdm(z1.split(32), desc="reflow", mininterval=10):
        z, *_ = solve(teacher.velocity, part.to(teacher.device).float(), times_to_image(steps))
        parts.append(compact(z))
    return torch.cat(parts)
