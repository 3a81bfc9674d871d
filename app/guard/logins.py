"""Wrong passwords, counted by address: who guesses has to wait."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from math import ceil

from .limits import LOGIN_SECONDS, MAX_SESSIONS, MAX_WRONG_LOGINS


class Logins:
    """When the latest wrong passwords of each address came.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Seconds until an address may try again; 0 where it may now."""
        times = self._wrong.get(address)
        if times is None or len(times) < MAX_WRONG_LOGINS:
            return 0
        return max(0, ceil(times[0] + LOGIN_SECONDS - self._clock()))

    def count(self, address: str, right: bool) -> None:
        """Note a try; a right one forgets the wrong ones before it."""
        if right:
            self._wrong.pop(address, None)
            return
        self._wrong.setdefault(address, deque(maxlen=MAX_WRONG_LOGINS)).append(self._clock())
        self._wrong.move_to_end(address)
        while len(self._wrong) > MAX_SESSIONS:  # of many addresses the oldest are forgotten
            self._wrong.popitem(last=False)
