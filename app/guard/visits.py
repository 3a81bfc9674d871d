"""Whose work the present thread does: the visitor, whether somebody still waits for it, and how to say its place."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass


class Gone(Exception):
    """Nobody waits for the result any more."""


@dataclass(frozen=True)
class Visit:
    """Whose work this is.

    Attributes:
        visitor: the same for all requests of one visitor.
        alive: whether somebody still waits for the result.
        place: called as place(rank, waiting, seconds) while the work waits: how many are before it, how many wait in
            all, and how long it may take until the result is there.
        start: called when work that waited begins.
    """

    visitor: str = ""
    alive: Callable[[], bool] = lambda: True
    place: Callable[[int, int, float], None] = lambda rank, waiting, seconds: None
    start: Callable[[], None] = lambda: None


NOBODY = Visit()
VISIT: ContextVar[Visit] = ContextVar("VISIT", default=NOBODY)
