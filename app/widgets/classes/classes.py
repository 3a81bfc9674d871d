"""The table of classes: names, colours and mirror pairs, to rename, add, remove and put into another order."""

from __future__ import annotations

from typing import Any

from ..base import Widget

Rows = list[dict[str, Any]]  # app.state.own_palette has their keys


class Classes(Widget):
    """A palette that people edit.

    Its value is a list of rows {id, name, color, mirror}, a new class without an id. Event: `input` after each change.
    """

    def __init__(self, value: Rows | None = None, **props: Any) -> None:
        super().__init__(value or [], **props)

    def preprocess(self, payload: Any) -> Any:
        """What the browser sent; `own_palette.parse_rows` judges it."""
        return payload

    def postprocess(self, value: Rows | None) -> Rows:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Rows as JSON."""
        return value or []

    def api_info(self) -> dict[str, Any]:
        """A list of rows."""
        return {"type": "array", "items": {"type": "object"}, "description": "classes: id, name, color, mirror"}

    def example_payload(self) -> Rows:
        """One class."""
        return [{"id": 0, "name": "background", "color": "#000000", "mirror": ""}]
