"""Answers of the page's events on their way to it: the newest thing on the canvas wins as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradio.blocks import Block


class Answer(dict[Any, Any]):
    """Updates on their way to the page. Other answers may overtake them there while pictures become files.

    Attributes:
        is_late: whether something newer is on the canvas.
        scene: what they then leave as it is.
    """

    def __init__(self, updates: Mapping[Any, Any], is_late: Callable[[], bool], scene: Sequence[Block]) -> None:
        super().__init__(updates)
        self.is_late, self.scene = is_late, scene
