"""How fast the machine paints, and how many steps live mode can take with it."""

from __future__ import annotations

from collections import deque
from statistics import median

LIVE_SECONDS = 6.0  # a stroke's picture should not take longer
FEWEST = 2  # steps: what a draft has


class Pace:
    """Seconds per step of the last pictures. The median of three: one that was disturbed does not count."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=3)

    def note(self, seconds: float, steps: int) -> None:
        """A picture of so many steps took so long."""
        self._seconds.append(seconds / steps)

    def live_steps(self, steps: int) -> int:
        """The steps that live mode takes in place of `steps`: as many as `LIVE_SECONDS` allow, at least `FEWEST`."""
        if not self._seconds:
            return steps
        return min(steps, max(FEWEST, int(LIVE_SECONDS / max(median(self._seconds), 1e-6))))
