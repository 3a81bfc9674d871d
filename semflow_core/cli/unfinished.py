"""A batch of pictures that was interrupted goes on where it was.

While a command is not done, a hidden file in its folder lists the batches whose results are written: by the bytes of
their inputs, and with size and time of each result. The same command (options, model, inputs) skips those batches as a
whole, so that every result has the bytes that it would have had. When a command is done the file goes, and so it does
when it fails before a batch is done, with the folder if that is new and empty.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError

LEFT_OPTIONS = ("run", "verb", "inputs", "out", "ray")  # which say nothing about how a picture is made
HALF = re.compile(r"\.[0-9a-f]{32}\.\w+")  # what `write_atomically` calls a file that is not whole yet


class Unfinished:
    """The record of one command's batches.

    Args:
        out: folder of the results; it can be written to.
        args: the options of the command.
        model: the folder of its model.

    Raises:
        InputError: the record cannot be written.
    """

    def __init__(self, out: Path, args: argparse.Namespace, model: Path) -> None:
        about = [sorted((k, repr(v)) for k, v in vars(args).items() if k not in LEFT_OPTIONS), _files_of(model)]
        self.file = out / f".semflow-{hashlib.sha256(repr(about).encode()).hexdigest()[:16]}.jsonl"
        self._done: dict[str, list[list[object]]] = {}
        self._skipped = 0
        self._is_new_folder = not out.exists()
        try:
            out.mkdir(parents=True, exist_ok=True)
            if self.file.exists():
                remove_halves(out)
                for line in self.file.read_text(encoding="utf-8").split("\n"):
                    self._read(line)
            self.file.touch()
        except OSError as error:
            raise InputError(f"{out} cannot be written: {error.strerror}") from None

    def holds(self, inputs: Sequence[Path], results: Sequence[Path]) -> bool:
        """Whether a batch of these inputs is done, and its results are as they were written."""
        stamps = self._done.get(_digest(inputs)) if self._done else None
        if stamps is None or stamps != [_stamp(path) for path in results]:
            return False
        if not self._skipped:
            print("semflow: going on where the command was interrupted", file=sys.stderr)
        self._skipped += len(results)
        return True

    def add(self, line: str) -> None:
        """A batch is done.

        Args:
            line: its `entry`, made where its results were written.

        Raises:
            InputError: that cannot be written down.
        """
        try:
            with open(self.file, "a", encoding="utf-8") as f:
                f.write(f"\n{line}\n")  # the line before may have been cut
        except OSError as error:
            raise InputError(f"{self.file} cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """The command is done; so are earlier ones with this folder that nobody went on with."""
        for file in self.file.parent.glob(".semflow-*.jsonl"):
            file.unlink(missing_ok=True)

    def give_up(self) -> None:
        """The command failed: a record that says nothing is of no use to the next."""
        with contextlib.suppress(OSError):  # the disk may be what failed
            if not self.file.read_text(encoding="utf-8").strip():
                self.file.unlink()
            if self._is_new_folder:
                self.file.parent.rmdir()  # which it only is if it is empty

    def _read(self, line: str) -> None:
        try:
            entry = json.loads(line)
            self._done[entry["inputs"]] = entry["results"]
        except (ValueError, KeyError, TypeError):
            return  # empty, or cut


def entry(inputs: Sequence[Path], results: Sequence[Path]) -> str:
    """What the record says of a batch whose results are written."""
    return json.dumps({"inputs": _digest(inputs), "results": [_stamp(path) for path in results]})


def remove_halves(folder: Path) -> None:
    """Remove what a process that was killed had half written."""
    for half in (p for p in folder.iterdir() if HALF.fullmatch(p.name)):
        half.unlink(missing_ok=True)


def _digest(inputs: Sequence[Path]) -> str:
    """Of the names and bytes of files, or of those in folders of parts."""
    digest = hashlib.sha256()
    for path in inputs:
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            digest.update(repr((file.name, hashlib.sha256(file.read_bytes()).digest())).encode())
    return digest.hexdigest()


def _stamp(file: Path) -> list[object]:
    """[name, size, time] of a file; only the name where it is not there."""
    try:
        stat = file.stat()
    except OSError:
        return [file.name]
    return [file.name, stat.st_size, stat.st_mtime_ns]


def _files_of(folder: Path) -> list[list[object]]:
    """The stamps of a model's files: another model of this name starts the batch anew."""
    return [[str(p.relative_to(folder)), *_stamp(p)] for p in sorted(folder.rglob("*")) if p.is_file()]
