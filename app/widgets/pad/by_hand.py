"""What a hand did, beside what the server said last."""

from __future__ import annotations


class ByHand(tuple[float, float, float]):
    """An offset that a hand moved the handle to. Any other that the page sends is one that the server gave it."""
