"""Seeds that are drawn."""

from __future__ import annotations

import random

SEEDS = 100_000  # drawn seeds are below this: short enough to be read out and typed in again


def draw_seed() -> int:
    """A seed for another picture."""
    return random.randrange(SEEDS)
