"""How work reports what is done."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]  # (steps done, steps in all), called after each step; raising stops the work
