"""What landed in the canvas, and what it took the place of: undo brings that back, with its photo and its regions."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from semflow_core.method.appearance import Offset

from .opened import Opened
from .regions import Regions

MAX_LEFT = 100  # as many steps as the canvas can undo
MAX_BYTES = 96 * 2**20  # of the photos that one visit has left, per model


@dataclass(frozen=True)
class Left:
    """What a visit had of a landing when something else landed; the fields of `ModelState`.

    Attributes:
        dropped: whether it had a photo, which is not kept.
    """

    opened: Opened | None = None
    editing: bool = False
    regions: Regions = field(default_factory=Regions)
    photo_offsets: dict[int, Offset] = field(default_factory=dict)
    dropped: bool = False


def draw_landing() -> int:
    """A number for what lands. It is never 0, which the layout of a fresh page has."""
    return random.randrange(1, 2**31)


def leave(left: dict[int, Left], landing: int, there: Left) -> None:
    """Put what was `there` into `left`. Of photos beyond `MAX_BYTES`, the newest first, only the layout comes back."""
    left.pop(landing, None)
    left[landing] = there
    for oldest in list(left)[:-MAX_LEFT]:
        del left[oldest]
    sizes: dict[int, int] = {}
    for number, each in reversed(left.items()):
        sizes |= {id(p): p.nbytes for p in each.opened.pictures()} if each.opened is not None else {}
        if each.opened is not None and sum(sizes.values()) > MAX_BYTES:
            left[number] = replace(each, opened=None, editing=False, dropped=True)
