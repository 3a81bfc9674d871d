"""What a command does with many inputs: checks them all, then writes their results batch by batch, here or on Ray."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from ..errors import InputError
from .shared import model_folder, print_note
from .unfinished import Unfinished, entry

T = TypeVar("T")
Check = Callable[[Path], object]  # raises InputError where an input cannot be worked with


class Work(Protocol):
    """A command's work; with Ray each worker makes its own from the same options."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Load the model."""

    def check(self) -> Check:
        """What checks an input; it can be pickled."""
        ...

    def write(self, paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
        """Write the results of a batch; each input is given with a note on how it was read, "" for none."""
        ...


def do(work: Work, args: argparse.Namespace) -> None:
    """Write the results of `args.inputs` that an interrupted run of the same command has not written yet.

    Raises:
        InputError: an input is wrong, which is said before anything is written, or --out cannot be written to.
    """
    check = work.check()
    if args.ray:
        from .on_ray import Workers

        with Workers(type(work), args) as workers:
            workers.check(check)
            with_record(args, workers.write)
        return
    for path in args.inputs:  # read twice, here and when its turn comes: thousands do not fit in memory
        check(path)

    def write(parts: Sequence[Sequence[Path]], done: Callable[[Sequence[Path], str], None]) -> None:
        for paths in parts:
            for path, note in work.write(paths):
                print_note(path, note)
            done(paths, entry(paths, results(args, paths)))

    with_record(args, write)


Write = Callable[[Sequence[Sequence[Path]], Callable[[Sequence[Path], str], None]], None]


def with_record(args: argparse.Namespace, write: Write) -> None:
    """Write what is left, under a progress bar where stderr is a terminal.

    Args:
        write: called with the batches that are left, and with what is to be called for each once it is written.
    """
    from tqdm import tqdm

    record = Unfinished(args.out, args, model_folder(args))
    parts = batches(args.inputs, args.batch)
    left = [paths for paths in parts if not record.holds(paths, results(args, paths))]
    with tqdm(total=len(args.inputs), unit="picture", disable=None) as bar:
        bar.update(len(args.inputs) - sum(map(len, left)))

        def done(paths: Sequence[Path], line: str) -> None:
            record.add(line)
            bar.update(len(paths))

        try:
            write(left, done)
        except BaseException:  # Ctrl+C as well
            record.give_up()
            raise
    record.close()


def results(args: argparse.Namespace, paths: Sequence[Path]) -> list[Path]:
    """The files of a batch's results."""
    return [args.out / f"{path.stem}.png" for path in paths]


def batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Slices of `size`."""
    return [items[i : i + size] for i in range(0, len(items), size)]


def expand(inputs: Sequence[Path], is_one: Callable[[Path], bool] = lambda folder: False) -> list[Path]:
    """The inputs, a folder being the pictures in it, sorted.

    Args:
        is_one: whether a folder is one input.

    Raises:
        InputError: there are no pictures in a folder.
    """
    from ..data.names import pictures_below, pictures_in

    expanded: list[Path] = []
    for path in inputs:
        if not path.is_dir() or is_one(path):
            expanded.append(path)
            continue
        pictures = pictures_in(path)
        if not pictures:
            raise InputError(f"{path} has no pictures{pictures_below(path)}")
        expanded += pictures
    return expanded
