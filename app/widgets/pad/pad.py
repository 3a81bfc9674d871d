"""The pad: a region's offset, three numbers in [-1, 1], as a handle that people drag."""

from __future__ import annotations

import math
from typing import Any

from semflow_core.method.appearance import Offset

from ..base import Widget
from .by_hand import ByHand

NAMES = ["Across", "Down", "Depth"]
# the ends of each, where offsets are colours
COLOR_ENDS = [("dark", "light"), ("cool", "warm"), ("pink", "green")]
COLOR_NAMES = ["Light", "Warmth", "Tint"]  # where offsets are colours (semflow_core/method/appearance.py)


class Pad(Widget):
    """A square for the first two numbers and a slider for the third.

    Its value is (a, b, c), each in [-1, 1], or None while no region is chosen. Events: `begin` when a drag
    starts, `input` while it goes on, `release` when it ends.
    """

    def __init__(self, value: Offset | None = None, **props: Any) -> None:
        """
        Args:
            props: `region`, the name of what is changed, `names` of the three numbers, `released`, where the handle
                was let go last and when, and what every component takes.
        """
        super().__init__(value, **{"region": "", "names": NAMES, "released": [], "ends": [], "note": "", **props})

    def preprocess(self, payload: Any) -> Offset | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What the browser sent -> (a, b, c), brought into bounds; None where it is none.

        A fourth number says that a hand moved it there: `ByHand`.
        """
        if not isinstance(payload, (list, tuple)) or len(payload) not in (3, 4) or not all(map(_is_number, payload)):
            return None
        a, b, c = (min(1.0, max(-1.0, float(x))) for x in payload[:3])
        return (a, b, c) if len(payload) == 3 else ByHand((a, b, c))

    def postprocess(self, value: Offset | None) -> list[float] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """(a, b, c) as a JSON list; None switches the pad off."""
        return None if value is None else [float(x) for x in value]

    def api_info(self) -> dict[str, Any]:
        """Three numbers."""
        return {"type": "array", "items": {"type": "number"}, "description": "an offset: three numbers in -1..1"}

    def example_payload(self) -> list[float]:
        """The middle."""
        return [0.0, 0.0, 0.0]


def _is_number(x: object) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x)
