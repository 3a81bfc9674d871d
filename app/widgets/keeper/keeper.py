"""The keeper: the open visit in the browser's IndexedDB, per tab and model, and its way back."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base import Widget

MAX_VISITS = 6  # visits that a browser keeps, the open ones among them
MAX_BYTES = 160 * 2**20  # of all visits; an opened photo is at most 40 MiB, and twice its crop as PNG
MAX_UNDO_BYTES = 8 * 2**20  # of the layouts that one canvas can undo, compressed


class Keeper(Widget):
    """Keeps what the page's parts say with events of the document:

    - `semflow:canvas`: the detail is a function that gives the painter's canvas with its undo and redo;
    - `semflow:settings` {model, settings}: the controls' values by name;
    - `semflow:state` {model, state, photo}: what the server has (state/kept.py); photo is null where it is as before;
    - `semflow:ready`: the page is there; `semflow:forget`: forget everything; `semflow:keep` {written}: write now.

    Its own events: `fresh` where nothing was kept; `forgotten` where all was forgotten; `restore` {kept, files, away}:
    the path of what was kept, uploaded, those of the photos by model, and whether the server had been away. Set its
    prop `answer` to "restored" or "refused" then. The keeper asks for the canvas with `semflow:ask` on the document;
    the canvas comes back with `semflow:back`, and `semflow:refused` takes it back.
    """

    SCRIPTS: ClassVar[tuple[str, ...]] = ("store", "tabs", "last", "keeper", "back")

    def __init__(self, **props: Any) -> None:
        """
        Args:
            props: what every component takes (elem_id, ...).
        """
        bounds = {"visits": MAX_VISITS, "bytes": MAX_BYTES, "undo": MAX_UNDO_BYTES}
        super().__init__(None, **{"answer": "", **bounds, **props})
