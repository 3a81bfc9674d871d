"""The history strip: earlier states, kept in the visitor's own browser."""

from .panel import HistoryPanel

__all__ = ["HistoryPanel"]
