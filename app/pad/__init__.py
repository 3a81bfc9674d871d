"""The style pad, a Gradio component."""

from .pad import Pad

__all__ = ["Pad"]
