"""The engine in this process, which is the default.

The page needs to know what a model is, and its networks only for the first photo: they are loaded while the page is on
its way to the browser.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any, cast

import torch

from semflow_core.errors import InputError
from semflow_core.nets.threads import available_processors
from semflow_core.pipeline.index import load_facts
from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.registry import find_model

from .. import ON_ZERO
from ..deploy import zero
from ..guard.logs import report
from ..state.pipeline import SOLVES, Pipeline

WAIT = 60.0  # seconds for which a model is to be loaded as soon as the page is up
LOOK = 0.05  # seconds between two looks whether it is


class LatePipeline:
    """A `Pipeline` whose networks are loaded when they are first used, once.

    Args:
        model: its name or the path of its folder.
        folders: where to look for models, beside the shipped ones.

    Raises:
        InputError: there is no such model, or files of it are missing or cut.
    """

    def __init__(self, model: str, folders: Sequence[Path]) -> None:
        self._model, self._folders = model, list(folders)
        name, folder = find_model(model, folders)
        self._facts = load_facts(folder)
        self._facts.name = name
        self._pipeline: Pipeline | None = None
        self._loading = Lock()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what libraries look for in any object is no reason to load it
            raise AttributeError(name)
        return getattr(self._facts if hasattr(self._facts, name) else self.load(), name)

    def load(self) -> Pipeline:
        """The model with its networks.

        Raises:
            InputError: they cannot be loaded; why is in the log, for whoever runs the studio.
        """
        with self._loading:
            if self._pipeline is None:
                try:
                    self._pipeline = zero.load(self._model, self._folders, "cpu")
                except InputError as error:
                    report(error, f"the model {self._facts.name}")
                    raise InputError(
                        f"the model '{self._facts.name}' cannot be loaded; choose another, or tell who runs the studio"
                    ) from None
                gc.freeze()  # networks and their libraries last: no later collection needs to look through them
        return self._pipeline


class LocalEngine:
    """Models of these folders, and the shipped ones, computed here (on ZeroGPU: where the GPU is).

    Args:
        folders: where to look for models, beside the shipped ones.
        device: where to compute: cpu, cuda or mps.
    """

    def __init__(self, folders: Sequence[Path], device: str = "cpu") -> None:
        self.folders, self.device = list(folders), device
        self._late: dict[str, LatePipeline] = {}

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
        """See `Engine`. On the CPU networks are loaded later: see `LatePipeline`."""
        if ON_ZERO or self.device != "cpu":
            return zero.load(model, self.folders, self.device)
        if model not in self._late:
            self._late[model] = LatePipeline(model, self.folders)
        return cast(Pipeline, self._late[model])

    def call(self, model: str, method: str, arguments: Sequence[Any], progress: Progress | None = None) -> Any:
        """See `Engine`."""
        more = (progress,) if method in SOLVES else ()
        return getattr(self.describe(model), method)(*arguments, *more)

    def load_soon(self, model: str, is_up: Callable[[], bool]) -> None:
        """Load a model's networks in the background as soon as the page is up.

        Args:
            is_up: whether the server answers; nothing is loaded if it does not within `WAIT` seconds.
        """

        def load() -> None:
            end = time.monotonic() + WAIT
            while not is_up():
                if time.monotonic() > end:
                    return
                time.sleep(LOOK)
            with suppress(InputError):  # it is in the log, and each visitor is told
                self._late[model].load()

        if model in self._late:
            Thread(target=load, name=f"load {model}", daemon=True).start()
