"""A term of the flow's training: samples of its own, states of its own, a part of the loss, or several of these."""

from __future__ import annotations

from typing import Any, Protocol

import torch

from ...nets.contracts import Velocity
from ..batch import Batch, States, Times
from ..latents import LatentPairs


class Term:
    """One file per term; a method that it does not have changes nothing.

    Attributes:
        weight: of its part in the whole loss.
        reserved: samples of each batch whose times the term chooses (`times`).
        samples: straight samples of each batch that it needs.
    """

    weight: float = 1.0
    reserved: int = 0
    samples: int = 0

    def times(self) -> Times:
        """Times of the reserved samples."""
        raise NotImplementedError

    def pairs(self, batch: Batch) -> Batch:
        """The batch with other ends."""
        return batch

    def states(self, states: States, batch: Batch, velocity: Velocity) -> States:
        """The states with others in the place of some."""
        return states

    def loss(self, v: torch.Tensor, states: States, batch: Batch) -> torch.Tensor | None:
        """The term's part of the loss, before its weight; None where it has none.

        Args:
            v: velocities (B, C, h, w) float32 at the states.
        """
        return None


class TermConfig(Protocol):
    """Settings of a term: a frozen dataclass of its own, a key of the configuration."""

    def build(self, latents: LatentPairs, network: Any) -> Term | None:
        """The term, or None where its settings switch it off.

        Raises:
            InputError: a setting is wrong, or does not fit the network.
        """
        ...
