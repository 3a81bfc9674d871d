"""The style pad, a Gradio component."""

from .pad import COLOR_NAMES, NAMES, Pad

__all__ = ["COLOR_NAMES", "NAMES", "Pad"]
