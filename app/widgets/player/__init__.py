"""The player of paths."""

from .player import Player

__all__ = ["Player"]
