"""The engine in this process, which is the default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from semflow_core.nets.threads import available_processors
from semflow_core.pipeline.engine import Progress

from ..deploy import zero
from ..state.pipeline import SOLVES, Pipeline


class LocalEngine:
    """Models of these folders, and the shipped ones, computed here (on ZeroGPU: where the GPU is).

    Args:
        folders: where to look for models, beside the shipped ones.
        device: where to compute: cpu, cuda or mps.
    """

    def __init__(self, folders: Sequence[Path], device: str = "cpu") -> None:
        self.folders, self.device = list(folders), device

    @property
    def turns(self) -> tuple[int, bool]:
        """See `Engine`.

        Two solves that share their cores would only slow each other down, so there are as many as have cores of their
        own. With one thread a batch gives the same bytes as its pictures alone; with more the order of the sums depends
        on its size.
        """
        threads = torch.get_num_threads()
        if self.device != "cpu":
            return 1, False
        return max(1, available_processors() // threads), threads == 1

    def describe(self, model: str) -> Pipeline:
        """See `Engine`."""
        return zero.load(model, self.folders, self.device)

    def call(self, model: str, method: str, arguments: Sequence[Any], progress: Progress | None = None) -> Any:
        """See `Engine`."""
        more = (progress,) if method in SOLVES else ()
        return getattr(self.describe(model), method)(*arguments, *more)
