"""Who is there to hear of results: open streams of events, as the gate sees them."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from .limits import DEAF_SECONDS

KEPT = 10_000  # events of which is remembered when somebody last listened


class Listeners:
    """Open streams by what they listen to: a session's name, or an event's."""

    def __init__(self, seconds: float = DEAF_SECONDS) -> None:
        self.seconds = seconds
        self._open: Counter[str] = Counter()
        self._last: OrderedDict[str, float] = OrderedDict()  # event or session -> when somebody last listened
        self._session: OrderedDict[str, str] = OrderedDict()  # event -> its session

    def expect(self, session: str, event: str) -> None:
        """An event begins; from now on somebody should listen."""
        self._session[event] = session
        self._last[event] = time.monotonic()
        for kept in (self._session, self._last):
            while len(kept) > KEPT:
                kept.popitem(last=False)

    @contextmanager
    def listening(self, name: str) -> Iterator[None]:
        """While a stream to a session or an event is open."""
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if self._open[name] <= 0:
                del self._open[name]
            self._last[name] = time.monotonic()

    def deaf(self, event: str) -> bool:
        """Whether nobody has listened to an event for too long."""
        session = self._session.get(event, "")
        if self._open[event] or self._open[session]:
            return False
        now = time.monotonic()
        last = max(self._last.get(event, now), self._last.get(session, 0.0))
        return now - last > self.seconds
