"""A flow that gets the size of its next step (Frans et al. 2024, One Step Diffusion via Shortcut Models).

Without a step size it is the flow and is trained as the flow is; a step of d must be the mean of two steps of d/2, for
a share of the samples. A step has a sign: above 0 towards the mask, below towards the photo.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch

from ...errors import InputError
from ...method.flow import flow_loss
from ...nets.conditioned import ConditionedVelocity, fold, step_unet
from ...nets.contracts import Velocity
from ...nets.starts import start_from
from ...requests.typed import Bounds
from ..batch import Batch
from ..objective import FlowObjective, ObjectiveConfig
from ..report import both_directions
from ..task import Context, Task

STEP_SIZES = (1.0, 1 / 2, 1 / 4, 1 / 8)  # steps of the grids of 1, 2, 4 and 8 even ones; smaller ones count as 0


@dataclass(frozen=True)
class ShortcutConfig(ObjectiveConfig):
    """The section `shortcut`; the terms of the flow's loss (`losses/registry.py`) are further keys."""

    # share of the samples that also take steps, and the weight of that part, as in the paper
    share: Annotated[float, Bounds(0, 1, "shortcut.share")] = 0.25


class ShortcutTask(Task):
    def __init__(self, config: ShortcutConfig, context: Context) -> None:
        self.config, self.latents = config, context.latents
        self.model: Any = step_unet(config.unet, self.latents.codec.channels, self.latents.side)
        if config.init:
            start_from(self.model, config.init)
        self.objective = FlowObjective(config, self.latents, self.model)

    def batch(self, rng: np.random.Generator, device: torch.device) -> Batch:
        return self.objective.batch(rng, device)

    def loss(self, model: torch.nn.Module, batch: Batch) -> dict[str, torch.Tensor]:
        parts = self.objective.loss(ConditionedVelocity(model, 0.0), batch)
        parts["steps"] = consistency(lambda d: ConditionedVelocity(model, d), batch, self.config.share)
        parts["loss"] = parts["loss"] + self.config.share * parts["steps"]
        return parts

    def report(self, model: Any, step: int, out: Path) -> str:
        pipeline = self.latents.pipeline(fold(model, 0.0)).to(self.latents.device)
        return both_directions(pipeline, self.latents.dev, out / f"{step:07d}.png")

    def export(self, model: Any, out: Path) -> None:
        """`unet` is the flow; `to_photo_N` and `to_mask_N` are what a grid of N even steps uses."""
        model = copy.deepcopy(model)
        self.latents.pipeline(fold(model, 0.0)).save_pretrained(out)
        for size in STEP_SIZES:
            self.latents.pipeline(fold(model, -size)).save_pretrained(out / f"to_photo_{round(1 / size)}")
            self.latents.pipeline(fold(model, size)).save_pretrained(out / f"to_mask_{round(1 / size)}")


def check_shortcut(config: ShortcutConfig, before: Sequence[str]) -> None:
    """Raise InputError for a term that the network cannot have: it has no backbone."""
    for name, term in config.items():
        if term.BACKBONE and term.is_on:
            raise InputError(
                f"shortcut.{name} needs a backbone, which only the stage flow has; set shortcut.{name}.{term.SWITCH}=0"
            )


def consistency(network: Callable[[torch.Tensor], Velocity], batch: Batch, share: float) -> torch.Tensor:
    """Squared error of a step of d against the mean of two steps of d/2, a scalar.

    Args:
        network: step sizes (n,) -> the velocity under them; 0 is the flow's.
        share: of the batch's samples, drawn at random.
    """
    n, device = len(batch.t), batch.t.device
    few = torch.randperm(n, device=device)[: max(1, round(share * n))]
    size = torch.tensor(STEP_SIZES, device=device)[torch.randint(len(STEP_SIZES), (len(few),))]
    towards = torch.where(torch.rand_like(size) < 0.5, 1.0, -1.0)
    start = torch.floor(torch.rand_like(size) / size) * size  # one of the grid's own times
    start = torch.where(towards > 0, start, 1 - start)
    s = start.view(-1, 1, 1, 1)
    z = (1 - s) * batch.z0[few] + s * batch.z1[few]

    def step(z: torch.Tensor, t: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
        return network(torch.where(d.abs() < min(STEP_SIZES), 0.0, d))(z, t)

    with torch.no_grad():
        half = towards * size / 2
        first = step(z, start, half)
        second = step(z + half.view(-1, 1, 1, 1) * first, start + half, half)
    return flow_loss(step(z, start, 2 * half), (first + second) / 2)
