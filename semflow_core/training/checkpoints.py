"""What a run leaves in its folder: each part is whole or not there, at any moment at which the run may be killed.

`checkpoint` is the newest state, `checkpoint.old` the one before; both list sizes and check sums of their files: one
that a full disk cut or a bad one damaged is noticed, and the other is taken. `export` is what came of the run.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..pictures.files import write_atomically
from .config import OptimConfig

PROGRESS = "progress.json"  # written last
CURRENT, BEFORE, NEW = "checkpoint", "checkpoint.old", "checkpoint.new"
EXPORT, EXPORTED, LOG = "export", "exported.json", "log.jsonl"


def progress_of(checkpoint: Path) -> dict[str, Any] | None:
    """{"step", "seconds"} of a whole checkpoint; None where there is none, or it is damaged."""
    try:
        progress = json.loads((checkpoint / PROGRESS).read_bytes())
        files = progress.get("files", {})  # older checkpoints have no list
        whole = all(list(stamp) == _stamp(checkpoint / name) for name, stamp in files.items())
        return {"seconds": 0.0, **progress} if whole and progress["step"] >= 0 else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def newest_checkpoint(out: Path) -> Path | None:
    """The folder of the last whole checkpoint of a run, None where it has none yet.

    Raises:
        InputError: there are checkpoints, and all are damaged.
    """
    for name in (NEW, CURRENT, BEFORE):
        if progress_of(out / name) is not None:
            return out / name
    damaged = [name for name in (CURRENT, BEFORE) if (out / name).is_dir() and any((out / name).iterdir())]
    if damaged:
        raise InputError(
            f"the run in {out} cannot go on: {' and '.join(damaged)} {'is' if len(damaged) == 1 else 'are'} damaged; "
            "delete what is damaged to start again, or choose another out"
        )
    return None


def settle(out: Path) -> str:
    """Put the newest whole checkpoint in its place, after a run that was killed or a disk that failed.

    Returns:
        A sentence where a damaged one was left out, else "".

    Raises:
        InputError: as `newest_checkpoint`.
    """
    newest = newest_checkpoint(out)
    if newest is None:
        return ""
    if newest.name == NEW:
        _put_in_place(out)
    elif newest.name == BEFORE:
        was_there = (out / CURRENT).is_dir()
        shutil.rmtree(out / CURRENT, ignore_errors=True)
        newest.rename(out / CURRENT)
        if was_there:
            step = (progress_of(out / CURRENT) or {})["step"]
            return f"the last checkpoint in {out} is damaged; the run goes on from the one before, of step {step}"
    return ""


def keep_checkpoint(out: Path, progress: dict[str, float]) -> None:
    """Put `checkpoint.new`, which is written, in the place of `checkpoint`, and that in the place of the one before.

    Raises:
        OSError: the disk is full.
    """
    new = out / NEW
    files = {str(p.relative_to(new)): _stamp(p) for p in sorted(new.rglob("*")) if p.is_file() and p.name != PROGRESS}
    text = json.dumps({**progress, "files": files})
    write_whole(new / PROGRESS, text)
    _put_in_place(out)


def _put_in_place(out: Path) -> None:
    """At each moment a whole checkpoint has one of the three names."""
    if (out / CURRENT).exists():
        shutil.rmtree(out / BEFORE, ignore_errors=True)
        (out / CURRENT).rename(out / BEFORE)
    (out / NEW).rename(out / CURRENT)


def keep_export(out: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new folder, then put it in the place of `export`.

    Raises:
        OSError: the disk is full.
    """
    new, old = out / f"{EXPORT}.new", out / f"{EXPORT}.old"
    shutil.rmtree(new, ignore_errors=True)
    try:
        write(new)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)  # its space may be what lacks
        raise
    shutil.rmtree(old, ignore_errors=True)
    if (out / EXPORT).exists():
        (out / EXPORT).rename(old)
    new.rename(out / EXPORT)
    shutil.rmtree(old, ignore_errors=True)


def mark_exported(out: Path, step: int) -> None:
    """Write down that export, samples and log are those of a step: without it the next start makes them again."""
    write_whole(out / EXPORTED, json.dumps({"step": step}))


def is_logged(out: Path, step: int) -> bool:
    """Whether the log has a whole line of a step."""
    for text in (out / LOG).read_text(encoding="utf-8", errors="replace").split("\n") if (out / LOG).exists() else []:
        try:
            if json.loads(text)["step"] == step:
                return True
        except (ValueError, KeyError, TypeError):
            continue
    return False


def is_finished(out: Path, config: OptimConfig) -> bool:
    """Whether the run in `out` has done all its steps, or used up its minutes, and exported what came of them.

    Raises:
        InputError: as `newest_checkpoint`.
    """
    checkpoint = newest_checkpoint(out)
    if checkpoint is None or not (out / EXPORT).is_dir():
        return False
    progress = progress_of(checkpoint) or {"step": 0, "seconds": 0.0}
    try:
        exported = json.loads((out / EXPORTED).read_bytes())["step"]
    except FileNotFoundError:
        # a run of before there was such a file has a line in its log, one that was killed at its first export has not
        exported = progress["step"] if is_logged(out, progress["step"]) else -1
    except (OSError, ValueError, KeyError, TypeError):
        exported = -1
    over = progress["step"] >= config.steps or 0 < 60 * config.minutes <= progress["seconds"]
    return over and exported >= progress["step"]


def append_log(out: Path, line: dict[str, Any]) -> None:
    """Add a line to the log; lines of later steps, which are done again, and cut ones go."""
    lines = []
    for text in (out / LOG).read_text(encoding="utf-8", errors="replace").split("\n") if (out / LOG).exists() else []:
        try:
            if json.loads(text)["step"] < line["step"]:
                lines.append(text)
        except (ValueError, KeyError, TypeError):
            continue
    write_whole(out / LOG, "\n".join([*lines, json.dumps(line), ""]))


def write_whole(file: Path, text: str) -> None:
    """Write a text file in one step."""
    write_atomically(file, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _stamp(file: Path) -> list[int]:
    """[size in bytes, CRC-32] of a file."""
    size = crc = 0
    with open(file, "rb") as f:
        while part := f.read(2**20):
            size, crc = size + len(part), zlib.crc32(part, crc)
    return [size, crc]
