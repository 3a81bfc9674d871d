"""The style pad: the regional offset of a class, three numbers in [-1, 1], as a handle that people drag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from semflow_core.requests.requests import is_number

HERE = Path(__file__).parent
NAMES = ["Across", "Down", "Depth"]
COLOR_NAMES = ["Light", "Warmth", "Tint"]  # where handles say colours: semflow_core/appearance.py


class Pad(gr.HTML):
    """A square for the first two numbers and a slider for the third.

    Its value is (a, b, c), each in [-1, 1], or None while no region is chosen. Events: `begin` when a drag
    starts, `input` while it goes on, `release` when it ends.
    """

    def __init__(self, value: tuple[float, float, float] | None = None, **props: Any) -> None:
        """
        Args:
            props: `region`, the name of what is styled, `names` of the three numbers, and what every component takes.
        """
        super().__init__(
            value,
            html_template=(HERE / "pad.html").read_text(encoding="utf-8"),
            css_template=(HERE / "pad.css").read_text(encoding="utf-8"),
            js_on_load=(HERE / "pad.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **{"region": "", "names": NAMES, **props},
        )

    def preprocess(self, payload: Any) -> tuple[float, float, float] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What the browser sent -> (a, b, c), brought into bounds."""
        if not isinstance(payload, (list, tuple)) or len(payload) != 3 or not all(map(is_number, payload)):
            return None
        a, b, c = (min(1.0, max(-1.0, float(x))) for x in payload)
        return a, b, c

    def postprocess(self, value: tuple[float, float, float] | None) -> list[float] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """(a, b, c) as a JSON list; None switches the pad off."""
        return None if value is None else [float(x) for x in value]

    def api_info(self) -> dict[str, Any]:
        """Three numbers."""
        return {"type": "array", "items": {"type": "number"}, "description": "a style handle: three numbers in -1..1"}

    def example_payload(self) -> list[float]:
        """The middle."""
        return [0.0, 0.0, 0.0]

    def example_value(self) -> list[float]:
        """The middle."""
        return self.example_payload()
