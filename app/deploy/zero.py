"""ZeroGPU Spaces lend a GPU for single calls, each in a process forked for it. Elsewhere nothing here does anything.

What crosses over must be plain: a request goes there, arrays come back, no callback is called. So a solve on such a
Space cannot be stopped, and reports no progress.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import torch

from semflow_core.errors import InputError
from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.registry import load_pipeline

from .. import ON_ZERO
from ..state.pipeline import SOLVES, Pipeline

SECONDS = 30  # what one call may take; visitors' quotas are charged by it

F = TypeVar("F", bound=Callable[..., Any])


def on_gpu(function: F) -> F:
    """Decorator: run where the GPU is."""
    if not ON_ZERO:
        return function
    import spaces  # pyright: ignore[reportMissingImports]

    return spaces.GPU(duration=SECONDS)(function)


@on_gpu
def solve(model: str, models: Sequence[Path], device: str, method: str, request: Any) -> Any:
    """One solve of a pipeline that is loaded already. An InputError is returned: raised ones lose their words."""
    try:
        return in_main_memory(getattr(load_pipeline(model, models, device), method)(request))
    except InputError as error:
        return error


def load(model: str, models: Sequence[Path], device: str) -> Pipeline:
    """`registry.load_pipeline`, or on ZeroGPU what stands for it.

    Raises:
        InputError: there is no such model or device.
    """
    if ON_ZERO:
        return cast(Pipeline, _borrower(model, tuple(models), device))
    return load_pipeline(model, models, device)


class Borrower:
    """A `Pipeline` whose solves run where the GPU is."""

    def __init__(self, model: str, models: Sequence[Path], device: str) -> None:
        self._pipeline = load_pipeline(model, models, device)
        self._where = (model, tuple(models), device)

    def __getattr__(self, name: str) -> Any:
        return partial(self._solve, name) if name in SOLVES else getattr(self._pipeline, name)

    def _solve(self, method: str, request: Any, progress: Progress | None = None) -> Any:
        if progress is not None:
            progress(0, 1)  # a request that is old already is stopped here
        result = solve(*self._where, method, request)
        if isinstance(result, InputError):
            raise result
        return result


_borrower = lru_cache(maxsize=4)(Borrower)  # the same one each time: sessions keep pictures by it


def in_main_memory(result: Any) -> Any:
    """A result with its tensors on the CPU."""
    if isinstance(result, list):
        return [in_main_memory(r) for r in result]
    if is_dataclass(result) and not isinstance(result, type):
        values = {f.name: getattr(result, f.name) for f in fields(result)}
        return replace(result, **{n: v.cpu() for n, v in values.items() if isinstance(v, torch.Tensor)})
    return result
