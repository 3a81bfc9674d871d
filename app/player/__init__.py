"""The trajectory player."""

from .player import Player

__all__ = ["Player"]
