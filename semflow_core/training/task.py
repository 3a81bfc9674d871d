"""What the training loop needs of a task, and what a task needs of its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from .config import DomainConfig
from .latents import LatentPairs


class Task(Protocol):
    """A network, its batches and its loss. Tasks inherit from it for `prepare` only."""

    model: torch.nn.Module

    def prepare(self) -> None:
        """Called once, before the first step of a run that starts."""

    def groups(self, lr: float) -> list[dict[str, Any]]:
        """Parameters for the optimizer with their peak learning rates; gradients are clipped group by group."""
        return [{"params": list(self.model.parameters()), "lr": lr}]

    def batch(self, rng: np.random.Generator, device: torch.device) -> Any: ...

    def loss(self, model: torch.nn.Module, batch: Any) -> dict[str, torch.Tensor]:
        """Named parts; 'loss' is the one that is minimised.

        Args:
            model: `self.model`, maybe compiled or wrapped for several processes.
        """
        ...

    def report(self, model: Any, step: int, out: Path) -> str:
        """Write a sheet of held-out samples below `out`; return one line of held-out figures."""
        ...

    def export(self, model: Any, out: Path) -> None:
        """Save what the pipeline, or a later stage, loads."""
        ...


@dataclass(frozen=True)
class Context:
    """What a task gets beside its own section of the configuration.

    Attributes:
        folder: the stage's own folder.
        root: the data root.
        seed: of the whole run.
        exports: folders that the stages before have exported, by the stage's name.
        pairs: the latents, for a stage that is trained on them.
        domain: the folder of pairs and its label set, for a stage that is trained on photos and masks as they are.
        max_shard_size: of the exports' files, as diffusers writes it; "" is one file per network.
    """

    folder: Path
    root: Path
    seed: int
    exports: Mapping[str, Path]
    pairs: LatentPairs | None = None
    max_shard_size: str = ""
    domain: DomainConfig | None = None

    @property
    def latents(self) -> LatentPairs:
        assert self.pairs is not None, "a stage that is trained on latents says so in the registry (stages.py)"
        return self.pairs
