"""What is printed never keeps a result from being computed: consoles of any encoding, closed pipes, full disks."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

ASCII = ("ascii", "us-ascii", "ansi_x3.4-1968")  # what a locale of C, or none, is called
OWN_BYTES = "semflow-own-bytes"


def own_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    """How what is not ASCII is written there: bytes of a file's name as they are, all others as escapes."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    parts = (c.encode("ascii", "surrogateescape" if "\udc80" <= c <= "\udcff" else "backslashreplace") for c in text)
    return b"".join(parts), error.end


codecs.register_error(OWN_BYTES, own_bytes)


class SteadyStream:
    """A text stream whose failures do not stop a computation: what cannot be written is dropped.

    Args:
        stream: stdout or stderr; None, where it was closed before the program started, drops all.

    Attributes:
        failure: why something was dropped; None if nothing was, or only what a pipe's reader did not want.
    """

    def __init__(self, stream: Any) -> None:
        self.failure: OSError | None = None
        self._stream: Any = stream if stream is not None else io.StringIO()
        with contextlib.suppress(AttributeError, ValueError, OSError):  # only real streams have an encoding to fit
            self._stream.reconfigure(errors=OWN_BYTES if self._stream.encoding.lower() in ASCII else "backslashreplace")

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError) as error:  # a closed pipe or stream, a full disk, a terminal that went
            self._let_go(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._let_go(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _let_go(self, error: OSError | ValueError) -> None:
        """What is still in the buffer goes nowhere, or it would fail again when Python ends."""
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            self.failure = self.failure or error
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


class Stopped(BaseException):
    """SIGTERM or SIGHUP: what is half written is removed on the way out, as with Ctrl+C."""


@contextlib.contextmanager
def steady_console() -> Iterator[SteadyStream]:
    """stdout and stderr as `SteadyStream`, and signals that stop as exceptions, while a command runs -> stdout."""
    before = sys.stdout, sys.stderr
    out = SteadyStream(before[0])
    sys.stdout, sys.stderr = out, SteadyStream(before[1])  # type: ignore[assignment]
    handlers = {}
    with contextlib.suppress(ValueError):  # only the main thread has signals
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
                handlers[number] = signal.signal(number, _stop)
    try:
        yield out
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped
