"""The pad: a region's offset as a handle."""

from .pad import Pad

__all__ = ["Pad"]
