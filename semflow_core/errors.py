"""The one exception that a user's mistake raises, and how its sentences and the help texts list what is right."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable


class InputError(ValueError):
    """Something the user gave is wrong; the message is one sentence that names it and says what is right.

    The command line prints it and exits with status 2; the app shows it as it stands.
    """


class WriteError(InputError):
    """A file cannot be written. The message names its path, for the command line; `reason` is what the system says."""

    def __init__(self, message: str, reason: OSError) -> None:
        super().__init__(message)
        self.reason = reason


_cut = reprlib.Repr()
_cut.maxstring = _cut.maxother = _cut.maxlong = 60
brief = _cut.repr  # repr, of at most a few lines however large the value: what stands in a sentence


def either(names: Iterable[str]) -> str:
    """`a, b or c`."""
    return _joined(names, "or")


def all_of(names: Iterable[str]) -> str:
    """`a, b and c`."""
    return _joined(names, "and")


def _joined(names: Iterable[str], word: str) -> str:
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last
