"""The engine of a studio: every call of a model goes through it.

It is stateless. A request holds all that its result depends on, so whichever process answers, the answer is the same,
and a call whose process died is simply made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol, cast

import numpy as np

from semflow_core.method.appearance import Offset
from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.results import Segmentation

from ..state.pipeline import SOLVES, Pipeline


class Engine(Protocol):
    """Calls of models by name.

    Attributes:
        turns: how many calls are worth making at once, and whether compatible ones are better made as one batch.
    """

    @property
    def turns(self) -> tuple[int, bool]: ...

    def describe(self, model: str) -> Any:
        """What a `Pipeline` has beside its calls: name, sizes, codebook, perturbation, appearance.

        Raises:
            InputError: there is no such model, or it cannot be loaded.
        """
        ...

    def call(self, model: str, method: str, arguments: Sequence[Any], progress: Progress | None = None) -> Any:
        """One method of a model: those of `Solver`, with one request, and `region_offsets`.

        Args:
            progress: called as (steps done, steps in all), at least before the work starts; raising in it stops it.

        Raises:
            InputError: the request does not fit the model.
        """
        ...


class EnginePipeline:
    """A `Pipeline` whose calls are an engine's."""

    def __init__(self, engine: Engine, model: str) -> None:
        self._engine, self._model, self._description = engine, model, engine.describe(model)

    def __getattr__(self, name: str) -> Any:
        return partial(self._solve, name) if name in SOLVES else getattr(self._description, name)

    def _solve(self, method: str, request: Any, progress: Progress | None = None) -> Any:
        return self._engine.call(self._model, method, (request,), progress)

    def region_offsets(
        self, photo: np.ndarray, segmentation: Segmentation | None, labels: np.ndarray
    ) -> dict[int, Offset]:
        return self._engine.call(self._model, "region_offsets", (photo, segmentation, labels))


def pipeline_of(engine: Engine, model: str) -> Pipeline:
    """A model by name. Raises InputError: see `Engine.describe`."""
    return cast(Pipeline, EnginePipeline(engine, model))
