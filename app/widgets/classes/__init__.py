"""The table of classes."""

from .classes import Classes

__all__ = ["Classes"]
