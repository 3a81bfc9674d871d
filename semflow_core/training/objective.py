"""What a flow is trained for: batches of pairs, and the loss of a velocity on them, the sum of its terms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import torch

from ..method.flow import TIME_SAMPLING, stratified_times
from ..nets.contracts import Velocity
from ..nets.unet import UNetConfig
from ..requests.typed import OneOf
from .batch import Batch, States, Times
from .config import OptimConfig
from .latents import LatentPairs
from .losses.flow import Flow
from .losses.registry import Terms
from .losses.term import Term


@dataclass(frozen=True)
class ObjectiveConfig(Terms):
    """What all sections have whose network is trained as a flow; the terms are further keys."""

    time_sampling: Annotated[str, OneOf(TIME_SAMPLING, "time sampling")] = "uniform"
    init: str = ""  # folder of a U-Net of the same shape to start from, for example another domain's
    unet: UNetConfig = field(default_factory=UNetConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)


class FlowObjective:
    """The flow's squared error (Eq. 10) and the terms that a configuration adds.

    Args:
        config: the section; `read_plan` has checked it.
        network: the module that is trained; a term may need a part of it.

    Raises:
        InputError: a term does not fit the network.
    """

    def __init__(self, config: ObjectiveConfig, latents: LatentPairs, network: Any) -> None:
        self.latents, self.size, self.time_sampling = latents, config.optim.batch, config.time_sampling
        self.terms: dict[str, Term] = {"flow": Flow()}
        self.terms |= {name: term.build(latents, network) for name, term in config.items() if term.is_on}
        self.straight = self.size - sum(term.reserved for term in self.terms.values())

    def times(self) -> Times:
        """Times of one batch: stratified on the straight path, then those that terms reserve."""
        straight = TIME_SAMPLING[self.time_sampling](stratified_times(self.straight))
        reserved = [term.times() for term in self.terms.values() if term.reserved]
        return Times.joined([Times.straight(straight), *reserved])

    def batch(self, rng: np.random.Generator, device: torch.device) -> Batch:
        drawn = self.latents.draw(rng, self.size, painted=True)
        times = self.times()
        # segmentation decides below one half; it must not be trained on roughly painted layouts
        exact = times.segments.view(-1, 1, 1, 1)
        z1 = torch.where(exact, drawn.z1, drawn.painted)
        batch = Batch(
            drawn.z0.to(device).float(),
            z1.to(device).float(),
            Times(times.t.to(device), times.from_photo.to(device), times.from_layout.to(device)),
            drawn.labels.to(device),
            drawn.index,
        )
        for term in self.terms.values():
            batch = term.pairs(batch)
        return batch

    def loss(self, velocity: Velocity, batch: Batch) -> dict[str, torch.Tensor]:
        """Each term's part before its weight, and 'loss', their weighted sum."""
        states = States.straight(batch)
        for term in self.terms.values():
            states = term.states(states, batch, velocity)
        v = velocity(states.zt, states.t)
        parts = {}
        for name, term in self.terms.items():
            part = term.loss(v, states, batch)
            if part is not None:
                parts[name] = part
        parts["loss"] = torch.stack([self.terms[name].weight * part for name, part in parts.items()]).sum()
        return parts
