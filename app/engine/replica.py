"""What runs on the machines of a cluster: the models, and requests for photos put together as they come."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from semflow_core.errors import InputError
from semflow_core.method.appearance import Appearance
from semflow_core.method.codebook import Codebook
from semflow_core.method.colors import RegionColors
from semflow_core.method.palette import Palette
from semflow_core.method.perturbation import Perturbation
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests import SegmentationRequest

from ..deploy.zero import in_main_memory
from ..guard.cost import compatible


@dataclass(frozen=True)
class Description:
    """What a front end knows of a model: a `Pipeline` without its calls and without its weights."""

    name: str
    size: int
    aspect: float
    codebook: Codebook
    perturbation: Perturbation
    appearance: Appearance | None
    read_defaults: dict[str, Any]

    @property
    def palette(self) -> Palette:
        return self.codebook.palette

    @property
    def colors(self) -> RegionColors:
        return RegionColors(self.palette, self.appearance)

    def read_request(self, photo: np.ndarray, **settings: Any) -> SegmentationRequest:
        """As `Engine.read_request` of the core."""
        return SegmentationRequest.from_dict({"model": self.name, **self.read_defaults, **settings, "photo": photo})


@dataclass(frozen=True)
class Answer:
    """What a call gave; a caller's mistake is its sentence: raised, it would come back among the words of ray."""

    value: Any = None
    mistake: str | None = None


class Replica:
    """One process with models, which computes one batch or call after the other.

    Args:
        folders: where to look for models, beside the shipped ones.
        device: cpu or cuda.
        batch: requests for photos that are computed at once, at most; 1 computes each alone.
        wait: seconds that the first of a batch waits for others.
        variables: of the environment.
    """

    def __init__(
        self, folders: Sequence[Path], device: str, batch: int, wait: float, variables: dict[str, str]
    ) -> None:
        os.environ.update(variables)
        self.folders, self.device = list(folders), device
        # beside the loop that takes requests in and says that the replica is healthy
        self.thread = ThreadPoolExecutor(1)
        serve: Any = importlib.import_module("ray.serve")
        self.batched = serve.batch(max_batch_size=batch, batch_wait_timeout_s=wait)(self.synthesize)

    async def describe(self, model: str) -> Answer:
        """The model's `Description`."""

        def description() -> Description:
            p = load_pipeline(model, self.folders, self.device)
            return Description(
                p.name, p.size, p.aspect, p.codebook, p.perturbation, p.appearance, dict(p.read_defaults)
            )

        return await self._run(partial(answered, description))

    async def call(self, model: str, method: str, arguments: Sequence[Any]) -> Answer:
        """See `interface.Engine.call`."""
        if method == "synthesize":
            return await self.batched((model, arguments[0]))
        return await self._run(partial(answered, self._call, model, method, *arguments))

    async def synthesize(self, asked: list[tuple[str, Any]]) -> list[Answer]:
        """Requests that came at about the same time; those that agree in model, steps, solver and grid are a batch."""
        return await self._run(partial(self._synthesize, asked))

    def check_health(self) -> None:
        """Called by Ray Serve again and again; a replica that raises is replaced."""
        if float(torch.ones(1, device=self.device).sum()) != 1:
            raise RuntimeError(f"the device {self.device} does not compute")

    def _synthesize(self, asked: list[tuple[str, Any]]) -> list[Answer]:
        groups: dict[Any, list[int]] = {}
        for i, (model, request) in enumerate(asked):
            groups.setdefault((model, compatible(request)), []).append(i)
        answers = [Answer()] * len(asked)
        for (model, _), group in groups.items():
            together = answered(self._call, model, "synthesize_many", [asked[i][1] for i in group])
            for k, i in enumerate(group):
                if together.mistake is None:
                    answers[i] = Answer(together.value[k])
                else:  # one visitor's mistake is not the others'
                    answers[i] = answered(self._call, model, "synthesize", asked[i][1])
        return answers

    def _call(self, model: str, method: str, *arguments: Any) -> Any:
        return in_main_memory(getattr(load_pipeline(model, self.folders, self.device), method)(*arguments))

    async def _run(self, function: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.thread, function)


def answered(function: Any, *arguments: Any) -> Answer:
    """What a function gives, or the sentence of its InputError."""
    try:
        return Answer(function(*arguments))
    except InputError as error:
        return Answer(mistake=str(error))
