"""The squared error of the velocity (Eq. 10): the one term that every flow has."""

from __future__ import annotations

import torch

from ...method.flow import flow_loss
from ..batch import Batch, States
from .term import Term


class Flow(Term):
    def loss(self, v: torch.Tensor, states: States, batch: Batch) -> torch.Tensor:
        weight = states.weight.view(-1, 1, 1, 1)
        return flow_loss(weight * v, weight * states.target)
