"""The painter: a canvas of class ids, packed as "W,H;base64(zlib(ids))" in both directions, and where they label a
photo of a set, ";" and its number. From the browser ";" and the number of the landing may follow (`Sheet.landing`).

Not gr.ImageEditor: that one blends colours at every brush edge, and a blended colour is another class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette
from semflow_core.requests.packing import pack_labels

from ...state.names import BEHIND_PAIRS, readable
from ...state.sentences import sentence
from ...state.sheet import Sheet, read_sheet
from ..base import Widget


class Painter(Widget):
    """A label map that people paint.

    Its value is class ids (H, W) uint8 or a `Sheet` in Python and a packed string in the browser. Events: `begin` at
    pointer down, `input` when a stroke is finished (never when Python sets the value), and before it `another` where an
    undo or redo shows a layout of another landing.
    """

    # Each file is one idea; painter.js starts them.
    SCRIPTS = (
        "raster",
        "close",
        "hole",
        "pack",
        "layout",
        "keep",
        "view",
        "palette",
        "tools",
        "masks",
        "handles",
        "region",
        "resting",
        "clipboard",
        "selection",
        "bar",
        "spots",
        "pointer",
        "cursor",
        "keys",
        "painter",
    )

    def __init__(
        self,
        value: np.ndarray | None = None,
        photo: str = "",
        heat: str = "",
        spots: str = "",
        landing: int = 0,
        locked: Sequence[int] = (),
        asides: int = 0,
        **props: Any,
    ) -> None:
        """
        Args:
            value: class ids (H, W) uint8.
            photo: URL of a picture under the layout, "" for none.
            heat: URL of a partly transparent picture over the layout, "" for none.
            spots: regions to visit one after the other, their numbers packed as a layout, 0 for none; "" for none.
            landing: number of what landed in the canvas with `value`.
            locked: class ids whose look in the photo stays.
            asides: how many steps of what was done beside the canvas its history got.
            props: `painter_props(...)`, and what every component takes (elem_id, ...).
        """
        # without attributes of these names Gradio takes them, quoted in the script, for events
        self.photo, self.heat, self.spots, self.landing = photo, heat, spots, landing
        self.locked, self.asides = list(locked), asides
        mine = {
            "photo": photo,
            "heat": heat,
            "spots": spots,
            "landing": landing,
            "locked": list(locked),
            "asides": asides,
        }
        super().__init__(value, **mine, **props)

    def preprocess(self, payload: str | None) -> Sheet:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What the browser sent. Whether its ids are classes is the palette's to say.

        Raises:
            gr.Error: nothing was sent, it is damaged, or its size is out of bounds.
        """
        try:
            return read_sheet(payload or "")
        except InputError as error:
            raise gr.Error(sentence(error), print_exception=False) from None

    def postprocess(self, value: Sheet | np.ndarray | None) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Class ids (H, W) -> the packed string; None leaves the canvas. Another photo starts a new history."""
        if isinstance(value, Sheet):
            return f"{pack_labels(value.labels)};{value.number}" if value.number else pack_labels(value.labels)
        return None if value is None else pack_labels(value)

    def api_info(self) -> dict[str, Any]:
        """A packed layout is a string in JSON."""
        return {"type": "string", "description": "layout as 'W,H;base64(zlib(class ids))'"}

    def example_payload(self) -> str:
        """A blank layout."""
        return pack_labels(np.zeros((16, 16), np.uint8))


def painter_props(palette: Palette) -> dict[str, Any]:
    """The props that depend on the model: its classes with readable names."""
    classes = [
        {"id": c.id, "color": "#{:02x}{:02x}{:02x}".format(*c.color), "group": c.group, **readable(c.name)}
        for c in palette.classes
    ]
    groups = list(dict.fromkeys(c["group"] for c in classes))
    classes.sort(key=lambda c: groups.index(c["group"]))  # a group's classes stand together; ids are not in order
    return {
        "classes": classes,
        "background": palette.background,
        "mirror": [list(pair) for pair in palette.mirror],
        "behind": [c.id for c in palette.classes if c.name in BEHIND_PAIRS],
    }
