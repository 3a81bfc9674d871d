"""States off the straight path: where one Euler step of the network leads from the photo, or from the layout.

On the straight path alone (Eq. 10) the network is never trained at its own errors, and every step of a solve adds to
them. From an off-path state the velocity must lead to the other end all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ...method.flow import stratified_times
from ...nets.contracts import Velocity
from ..batch import Batch, States, Times
from ..latents import LatentPairs
from .term import Term, TermConfig

FARTHEST = 0.9  # share of the way at most: a velocity over the last tenth would have to be large to correct an error


@dataclass(frozen=True)
class OffPathConfig(TermConfig):
    SWITCH = "samples"

    samples: int = 0  # per batch and direction

    @property
    def reserved(self) -> int:
        return 2 * self.samples

    @property
    def straight(self) -> int:
        return 0

    def build(self, latents: LatentPairs, network: Any) -> Term:
        return OffPath(self.samples)


class OffPath(Term):
    def __init__(self, samples: int) -> None:
        self.each, self.reserved = samples, 2 * samples

    def times(self) -> Times:
        """Even times of the step: up to 0.9 from the photo, down to 0.1 from the layout."""
        k = self.each
        t = torch.cat([FARTHEST * stratified_times(k), 1 - FARTHEST * stratified_times(k)])
        first = torch.arange(2 * k) < k
        return Times(t, first, ~first)

    @torch.no_grad()
    def states(self, states: States, batch: Batch, velocity: Velocity) -> States:
        """Replace the off-path samples' states, targets and weights.

        A target is the error of the end over the time that is left to correct it, so it is weighed by that time: what
        counts is the error of the end.
        """
        near, far = (where.nonzero()[:, 0] for where in (batch.times.from_photo, batch.times.from_layout))
        if not len(near) + len(far):
            return states
        z0, z1, t = batch.z0, batch.z1, batch.t.view(-1, 1, 1, 1)
        starts = torch.cat([z0[near], z1[far]])
        times = torch.cat([torch.zeros_like(batch.t[near]), torch.ones_like(batch.t[far])])
        v0, v1 = velocity(starts, times).split([len(near), len(far)])
        zt, target, weight = states.zt.clone(), states.target.clone(), states.weight.clone()
        zt[near] = z0[near] + t[near] * v0
        zt[far] = z1[far] - (1 - t[far]) * v1
        target[near] = (z1[near] - zt[near]) / (1 - t[near])
        target[far] = (zt[far] - z0[far]) / t[far]
        weight[near], weight[far] = 1 - batch.t[near], batch.t[far]
        return States(zt, states.t, target, weight)
