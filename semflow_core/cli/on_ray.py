"""Batches of pictures on the workers of Ray Data, on one machine or a cluster whose machines share the folders.

A worker writes its results itself and gives back what the record is to say of them, so a run that was interrupted goes
on with Ray or without. Batches are those of the local run, and so are the bytes. Where a worker dies Ray starts another
one, which does that part of the work again; a result appears under its name when it is whole.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .shared import load, print_note
from .unfinished import entry, remove_halves
from .work import Check, Work, results

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..evaluation.harness import Solve

HOW_TO_GET = "--ray needs the package ray: pip install 'ray[{part}]'"
PARTS = 10_000  # into which the work is divided at most; what a killed worker had of one is done again
CHECKED = 16  # parts per worker in which inputs are checked
OURS = ("SEMFLOW_", "GOMP_", "KMP_")  # variables of this process that the workers get


class Cluster:
    """A cluster of Ray while a command uses it: the one that RAY_ADDRESS names, or this machine.

    Args:
        args: the command's options; `ray` is the number of its workers, each with a GPU where it computes on GPUs.

    Raises:
        InputError: ray is not installed, or has too few processors or GPUs.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.gpu = args.device.partition(":")[0] == "cuda"
        self.variables = {k: v for k, v in os.environ.items() if k.startswith(OURS)}

    def __enter__(self) -> Self:
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else it warns of what Ray Data does itself
        self.ray: Any = load_ray("ray")
        self.started = not self.ray.is_initialized()
        if self.started:
            self.ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        try:
            check_resources(self.ray.cluster_resources(), self.args.ray, self.gpu)
        except InputError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.started:
            self.ray.shutdown()


class Workers(Cluster):
    """Workers of Ray Data that do a command's work.

    Args:
        kind: the work.
    """

    def __init__(self, kind: type[Work], args: argparse.Namespace) -> None:
        super().__init__(args)
        self.kind = kind

    def __enter__(self) -> Self:
        super().__enter__()
        self.data: Any = load_ray("ray.data")
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        self.data.DataContext.get_current().enable_progress_bars = False
        return self

    def check(self, check: Check) -> None:
        """Check every input.

        Raises:
            InputError: of the first input that is wrong.
        """
        paths = [str(path) for path in self.args.inputs]
        blocks = min(len(paths), CHECKED * self.args.ray)
        rows = self.data.from_items([{"i": i, "path": p} for i, p in enumerate(paths)], override_num_blocks=blocks)
        wrong = rows.map(partial(checked, check=check, folder=os.getcwd())).filter(_is_wrong).take_all()
        if wrong:
            raise InputError(min((row["i"], row["wrong"]) for row in wrong)[1])

    def write(self, parts: Sequence[Sequence[Path]], done: Callable[[Sequence[Path], str], None]) -> None:
        """Write the results of batches; `done` is called for each with its entry of the record.

        Raises:
            InputError: what was right when it was checked is not any more, or results cannot be written.
        """
        if not parts:
            return
        rows = self.data.from_items(
            [{"paths": [str(p) for p in paths]} for paths in parts], override_num_blocks=min(len(parts), PARTS)
        )
        rows = rows.map(
            Worker,
            fn_constructor_args=(self.kind, self.args, os.getcwd(), self.variables),
            compute=self.data.ActorPoolStrategy(size=self.args.ray),
            num_cpus=1,
            num_gpus=1 if self.gpu else None,
        )
        for row in rows.iter_rows():
            if row["wrong"]:
                raise InputError(row["wrong"])
            paths = [Path(p) for p in row["paths"]]
            for path, note in zip(paths, row["notes"]):
                print_note(path, note)
            done(paths, row["entry"])
        remove_halves(self.args.out)


class Solvers(Cluster):
    """Actors that hold models for as long as a command lasts; one that dies is replaced, and does its batch again."""

    def __enter__(self) -> Self:
        super().__enter__()
        actor = self.ray.remote(Solver).options(
            num_cpus=1, num_gpus=int(self.gpu), max_restarts=-1, max_task_retries=-1
        )
        actors = [actor.remote(self.args, os.getcwd(), self.variables) for _ in range(self.args.ray)]
        self.pool: Any = load_ray("ray.util").ActorPool(actors)
        return self

    def of(self, model: str, plain: bool = False) -> Solve:
        """What computes batches of requests by a model.

        Args:
            plain: without the model's renderer.
        """

        def solve(method: str, parts: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
            return self.pool.map(lambda actor, part: actor.solve.remote(model, plain, method, list(part)), parts)

        return solve


class Solver:
    """What each of `Solvers` holds; see `Worker`."""

    def __init__(self, args: argparse.Namespace, folder: str, variables: dict[str, str]) -> None:
        os.environ.update(variables)
        os.chdir(folder)
        self.args = args

    def solve(self, model: str, plain: bool, method: str, requests: Sequence[Any]) -> Sequence[Any]:
        """A method of a pipeline that takes a batch of requests."""
        pipeline = load(self.args, model)
        return getattr(pipeline.without_renderer() if plain else pipeline, method)(requests)


class Worker:
    """What each worker holds: the model, and how it is used.

    Args:
        folder: in which the command was started, for paths are relative to it.
        variables: of the environment.
    """

    def __init__(self, kind: type[Work], args: argparse.Namespace, folder: str, variables: dict[str, str]) -> None:
        os.environ.update(variables)
        os.chdir(folder)
        self.args, self.work = args, kind(args)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Write the results of the batch `paths`."""
        paths, notes, wrong = [Path(p) for p in row["paths"]], list[str](), ""
        try:
            notes = [note for _, note in self.work.write(paths)]
        except InputError as error:  # raised, it would lose its words among those of ray
            wrong = str(error)
        line = "" if wrong else entry(paths, results(self.args, paths))
        return {"paths": row["paths"], "notes": notes, "entry": line, "wrong": wrong}


def checked(row: dict[str, Any], check: Check, folder: str) -> dict[str, Any]:
    """An input's number, and what is wrong with it, "" for nothing."""
    try:
        os.chdir(folder)
        check(Path(row["path"]))
    except InputError as error:
        return {"i": row["i"], "wrong": str(error)}
    return {"i": row["i"], "wrong": ""}


def _is_wrong(row: dict[str, Any]) -> bool:
    return bool(row["wrong"])


def check_resources(there: dict[str, float], workers: int, gpu: bool) -> None:
    """Raise InputError unless a cluster has a processor for every worker, and a GPU where one is needed."""
    for name, title in (("CPU", "processors"), *([("GPU", "GPUs")] if gpu else [])):
        if there.get(name, 0) < workers:
            raise InputError(f"--ray {workers} needs {workers} {title}, and the cluster has {there.get(name, 0):g}")


def load_ray(module: str, part: str = "data") -> Any:
    """A module of ray, which is an optional extra.

    Args:
        part: of ray, by which pip calls what is needed.

    Raises:
        InputError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # as it will be; else it warns
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(HOW_TO_GET.format(part=part)) from None
