"""The trajectory player: all frames go to the browser once; moving along the path asks the server nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData
from gradio.processing_utils import save_img_array_to_cache

HERE = Path(__file__).parent


class Player(gr.HTML):
    """Frames between photo (left, t=0) and layout (right, t=1).

    Its value is (times, frames (N, H, W, 3) uint8), or None for nothing yet.
    """

    def __init__(self, value: tuple[Sequence[float], np.ndarray] | None = None, **props: Any) -> None:
        """
        Args:
            props: `hint`, what is said while there is no path, and what every component takes (elem_id, ...).
        """
        super().__init__(
            value,
            html_template=(HERE / "player.html").read_text(encoding="utf-8"),
            css_template=(HERE / "player.css").read_text(encoding="utf-8"),
            js_on_load=(HERE / "player.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **props,
        )

    def postprocess(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, value: tuple[Sequence[float], np.ndarray] | None
    ) -> dict[str, Any] | None:
        """Frames as files in Gradio's cache, which it serves and in time deletes."""
        if value is None:
            return None
        times, frames = value
        # WebP because thirty PNGs of noise near t=1 are megabytes; frames are looked at, not measured
        paths = [save_img_array_to_cache(f, self.GRADIO_CACHE, format="webp") for f in frames]
        return {"times": list(times), "frames": [FileData(path=p).model_dump() for p in paths]}

    def api_info(self) -> dict[str, Any]:
        """Times and the frames' files."""
        return {"type": "object", "description": "times 0..1 and a file for each"}

    def example_payload(self) -> None:
        """Nothing: a player takes no input."""

    def example_value(self) -> None:
        """Nothing: a player takes no input."""
