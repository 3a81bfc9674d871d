"""Logs that never carry what a visitor sent beyond `SHOWN` characters.

There are two walls. Errors are logged by `report`, in one line that says where and what; and whatever libraries print
or log passes through streams that cut every line, and every piece of many lines.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from typing import Any, TextIO, cast

from .limits import SHOWN

LINES = 40  # of one piece of text; a traceback is printed line by line


def cut(text: object, most: int = SHOWN) -> str:
    """One line of at most `most` characters."""
    # a slice first: splitting megabytes would take seconds
    line = " ".join(str(text)[: 4 * most].split())
    return line if len(line) <= most else line[: most - 1] + "…"


def report(error: BaseException, what: str) -> None:
    """Log an error that is not the visitor's: its kind, its place and the start of its message."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames[:-4:-1])
    print(f"{what}: {type(error).__name__}: {cut(error)} ({where})", file=sys.stderr, flush=True)


class CutStream:
    """A text stream whose lines are cut; what cannot be written (a full disk, a closed pipe) is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        with contextlib.suppress(AttributeError, ValueError, OSError):  # only real streams have an encoding to fit
            cast(Any, stream).reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """Write `LINES` lines at most, each cut; says that all of it was written."""
        kept = text
        if len(text) > SHOWN:
            lines = text[: 4 * SHOWN * LINES].splitlines(keepends=True)
            kept = "".join(x if len(x) <= 2 * SHOWN else x[: 2 * SHOWN] + "…\n" for x in lines[:LINES])
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(kept)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class CutFilter(logging.Filter):
    """Log records with messages that are cut, and errors by their kind and place."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; none is dropped."""
        record.msg, record.args = cut(record.getMessage(), 2 * SHOWN), ()
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            record.msg += f" {type(error).__name__}: {cut(error)}"
            record.exc_info = record.exc_text = None
        return True


def guard_logs() -> None:
    """Put both walls up, once."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, CutStream):
            setattr(sys, name, CutStream(stream))
    for name in ("uvicorn.error", "asyncio", "py.warnings", "mcp", "httpx"):
        logger = logging.getLogger(name)
        if not any(isinstance(f, CutFilter) for f in logger.filters):
            logger.addFilter(CutFilter())
