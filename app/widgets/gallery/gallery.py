"""The opening gallery: what a visit can start from, as cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base import Widget


class Gallery(Widget):
    """Cards with pictures, and two without: an empty canvas, and a file of the visitor's own.

    Events: `layout` {index} and `photo` {index} when a card of `props.layouts` or `props.photos` is taken (the data are
    attributes of the gr.EventData), `blank` for an empty canvas, `browse` for a file.
    """

    def __init__(self, **props: Any) -> None:
        """
        Args:
            props: `gallery_props(...)`, and what every component takes (elem_id, ...).
        """
        super().__init__(None, **props)


def gallery_props(layouts: Sequence[tuple[str, str]], photos: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The props that depend on the model.

    Args:
        layouts, photos: (title, URL of a small picture) pairs.
    """
    cards = {"layouts": layouts, "photos": photos}
    return {kind: [{"title": title, "picture": url} for title, url in pairs] for kind, pairs in cards.items()}
