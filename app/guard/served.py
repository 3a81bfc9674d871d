"""A pipeline as it is served: every solve is bounded in what it costs, and takes its turn at the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.results import Synthesis
from semflow_core.requests import SynthesisRequest

from ..state.pipeline import SOLVES, Pipeline
from .cost import check_cost, compatible, weight_of
from .desk import BATCH, Desk
from .limits import MAX_CALLS


class ServedPipeline:
    """A `Pipeline` in front of another one.

    Args:
        most: network calls of one request.
    """

    def __init__(self, pipeline: Pipeline, desk: Desk, most: int = MAX_CALLS) -> None:
        self._pipeline, self._desk, self._most = pipeline, desk, most

    def __getattr__(self, name: str) -> Any:
        return partial(self._solve, name) if name in SOLVES else getattr(self._pipeline, name)

    def synthesize(self, request: SynthesisRequest, progress: Progress | None = None) -> Synthesis:
        """As the pipeline's own; waiting requests of other visitors may be solved along with it."""
        check_cost(request, self._most)
        one, many = self._pipeline.synthesize, self._pipeline.synthesize_many  # loaded before the turn, not in it

        def solve(batch: Sequence[Any], progress: Progress) -> Sequence[Any]:
            return [one(batch[0], progress)] if len(batch) == 1 else many(batch, progress)

        key = compatible(request)
        return self._desk.solve(request, weight_of(request), solve, progress, key and (id(self), *key))

    def synthesize_many(
        self, requests: Sequence[SynthesisRequest], progress: Progress | None = None
    ) -> list[Synthesis]:
        """As the pipeline's own, in batches between which others may have their turn."""
        check_cost(requests, self._most)
        parts = [requests[i : i + BATCH] for i in range(0, len(requests), BATCH)]
        results: list[Synthesis] = []
        for i, part in enumerate(parts):
            results += self._turn(part, partial(self._pipeline.synthesize_many, part), _share(progress, i, len(parts)))
        return results if parts else self._pipeline.synthesize_many(requests, progress)

    def _solve(self, name: str, request: Any, progress: Progress | None = None) -> Any:
        check_cost(request, self._most)
        return self._turn(request, partial(getattr(self._pipeline, name), request), progress)

    def _turn(self, request: Any, method: Callable[..., Any], progress: Progress | None) -> Any:
        return self._desk.solve(request, weight_of(request), lambda _, report: [method(report)], progress)


def served(pipeline: Pipeline, desk: Desk) -> Pipeline:
    """A pipeline behind a desk."""
    return cast(Pipeline, ServedPipeline(pipeline, desk))


def _share(progress: Progress | None, part: int, parts: int) -> Progress | None:
    """The progress of one of several equal parts as that of the whole."""
    if progress is None:
        return None
    return lambda done, total: progress(part * total + done, parts * total)
