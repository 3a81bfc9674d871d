"""What a flow is trained for: batches of pairs, and the loss of a velocity on them, the sum of its terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..errors import InputError
from ..method.flow import TIME_SAMPLING, stratified_times
from ..nets.contracts import Velocity
from .batch import Batch, States, Times
from .latents import LatentPairs
from .losses.flow import Flow
from .losses.registry import Terms
from .losses.term import Term


class FlowObjective:
    """The flow's squared error (Eq. 10) and the terms that a configuration adds.

    Args:
        time_sampling: one of `TIME_SAMPLING`.
        network: the module that is trained; a term may need a part of it.
        size: samples per batch.

    Raises:
        InputError: a term's settings do not fit.
    """

    def __init__(self, terms: Terms, time_sampling: str, latents: LatentPairs, network: Any, size: int) -> None:
        self.latents, self.size, self.time_sampling = latents, size, time_sampling
        self.terms: dict[str, Term] = {"flow": Flow()}
        for name, config in terms.items():
            term = config.build(latents, network)
            if term is not None:
                self.terms[name] = term
        self.straight = size - sum(term.reserved for term in self.terms.values())
        reserving = [name for name, term in self.terms.items() if term.reserved]
        for name, term in self.terms.items():
            if term.samples < 0 or max(term.samples, 1) > self.straight:
                raise InputError(
                    f"{name} needs {max(term.samples, 1)} samples on the straight path, and a batch has "
                    f"{self.straight}; raise optim.batch, or lower the samples of {' or '.join((name, *reserving))}"
                )

    def times(self) -> Times:
        """Times of one batch: stratified on the straight path, then those that terms reserve."""
        straight = TIME_SAMPLING[self.time_sampling](stratified_times(self.straight))
        reserved = [term.times() for term in self.terms.values() if term.reserved]
        return Times.joined([Times.straight(straight), *reserved])

    def batch(self, rng: np.random.Generator, device: torch.device) -> Batch:
        copies = self.latents.copies
        index = torch.from_numpy(rng.integers(len(copies.z0), size=self.size))
        times = self.times()
        # segmentation decides below one half; it must not be trained on roughly painted layouts
        exact = times.segments.view(-1, 1, 1, 1)
        z1 = torch.where(exact, copies.z1[index], self.latents.painted[index])
        batch = Batch(
            copies.z0[index].to(device).float(),
            z1.to(device).float(),
            Times(times.t.to(device), times.from_photo.to(device), times.from_layout.to(device)),
            copies.labels[index].to(device),
            index,
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
