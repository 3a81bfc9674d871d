"""The history strip."""

from .strip import Strip

__all__ = ["Strip"]
