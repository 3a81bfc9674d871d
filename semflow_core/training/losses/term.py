"""A term of the flow's training: samples of its own, states of its own, a part of the loss, or several of these."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from ...nets.contracts import Velocity
from ..batch import Batch, States, Times
from ..latents import LatentPairs


class Term:
    """One file per term; a method that it does not have changes nothing.

    Attributes:
        weight: of its part in the whole loss.
        reserved: samples of each batch whose times the term chooses (`times`).
    """

    weight: float = 1.0
    reserved: int = 0

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


class TermConfig:
    """Settings of a term: a frozen dataclass of its own that inherits from this, a key of the configuration.

    Attributes:
        SWITCH: the field that is 0 or empty where the term is off.
        BACKBONE: whether the term needs the backbone of the network that is trained.
    """

    SWITCH: ClassVar[str] = "weight"
    BACKBONE: ClassVar[bool] = False

    @property
    def is_on(self) -> bool:
        return bool(getattr(self, self.SWITCH))

    @property
    def reserved(self) -> int:
        """Samples of each batch whose times the term chooses."""
        return 0

    @property
    def straight(self) -> int:
        """Straight samples of each batch that the term needs."""
        return getattr(self, "samples", 0)

    def build(self, latents: LatentPairs, network: Any) -> Term:
        """The term; asked for only where it is on.

        Raises:
            InputError: a setting does not fit the network, or weights are not on this machine.
        """
        raise NotImplementedError
