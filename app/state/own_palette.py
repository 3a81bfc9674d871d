"""Classes of one's own: what the editor holds, as the rows of a table, and the palette that they make.

A class keeps its id for good, so that masks that are there already stay right while classes are renamed, moved, added.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette, load_palette, palette_names, parse_palette

from .names import READABLE, readable

# {"id": int or None for a new class, "name", "color": "#rrggbb", "mirror": another's name or ""}, and "typed": True
# where somebody changed the table, "shown": the canvas's name for one that the palette has in short
Row = dict[str, Any]
KEYS = ("id", "name", "color", "mirror")
MOST_CLASSES, MOST_CHARACTERS = 256, 60
GROUP = "classes"
EMPTY = "own"  # the choice of no classes to start from
OWN = "own"  # the name of a palette that somebody made here


def palette_choices() -> list[tuple[str, str]]:
    """What a set may start from: (what the menu says, the key)."""
    return [*((load_palette(name).title, name) for name in palette_names()), ("Classes of my own", EMPTY)]


def start_palette(key: str) -> Palette:
    """The palette of a choice: one that ships, or one with two classes to rename.

    Raises:
        InputError: there is no such choice.
    """
    if key == EMPTY:
        return parse_rows([{"name": "background", "color": "#1f2430"}, {"name": "thing", "color": "#f1b48b"}])
    if key not in palette_names():  # a path is none: visitors are not to read files of the server
        raise InputError(f"there are no classes '{str(key)[:40]}'; choose some from the menu")
    return load_palette(key)


def rows_of(palette: Palette) -> list[Row]:
    """A palette as the editor shows it, the background first."""
    names = {c.id: c.name for c in palette.classes}
    partner = {a: names[b] for pair in palette.mirror for a, b in (pair, pair[::-1])}
    classes = sorted(palette.classes, key=lambda c: c.id != palette.background)
    color = "#{:02x}{:02x}{:02x}"
    rows: list[Row] = []
    for c in classes:
        row = {"id": c.id, "name": c.name, "color": color.format(*c.color), "mirror": partner.get(c.id, "")}
        if c.name in READABLE:  # as the canvas says it
            row["shown"] = readable(c.name)["name"]
        rows.append(row)
    return rows


def is_same(rows: object, palette: Palette) -> bool:
    """Whether the editor's rows are those of a palette."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return False
    plain, shown = ([{key: row.get(key) for key in KEYS} for row in some] for some in (rows, rows_of(palette)))
    return plain == shown


def is_typed(rows: object) -> bool:
    """Whether somebody changed the editor's rows since it showed a palette."""
    return isinstance(rows, list) and any(isinstance(row, dict) and row.get("typed") is True for row in rows)


def parse_rows(rows: object, groups: Palette | None = None, used: Collection[int] = ()) -> Palette:
    """The palette of the editor's rows. The first is the background; a new class gets the lowest free id.

    Args:
        groups: where classes of the same id stand in groups.
        used: ids that masks hold, also of classes that are no row any more: no new class gets one.

    Raises:
        InputError: a name is missing or there twice, or so is a colour, or the mirror classes are no pairs.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or not 1 <= len(rows) <= 256:
        raise InputError(f"the table of classes holds none; it must have 1 to {MOST_CLASSES}")
    taken = {row["id"] for row in rows if type(row.get("id")) is int}
    free = (i for i in range(MOST_CLASSES) if i not in taken and i not in used)
    group_of = {c.id: c.group for c in groups.classes} if groups is not None else {}
    classes, ids = [], dict[str, int]()
    for row in rows:
        name = " ".join(str(row.get("name") or "").split())
        if not name or len(name) > MOST_CHARACTERS:
            raise InputError(f"a class has no name or a very long one; names have 1 to {MOST_CHARACTERS} characters")
        class_id = row["id"] if type(row.get("id")) is int else next(free, None)
        if class_id is None:
            raise InputError(f"there is no id left for '{name}'; keep a class that is in a mask, and rename it")
        classes.append(
            {"id": class_id, "name": name, "color": row.get("color"), "group": group_of.get(class_id) or GROUP}
        )
        ids.setdefault(name, class_id)
    raw = {"name": OWN, "title": "Classes of your own", "background": classes[0]["id"], "classes": classes}
    parse_palette(raw, "of your own")  # says what is wrong with names and colours before it is about pairs of them
    return parse_palette({**raw, "mirror": _pairs(rows, classes, ids)}, "of your own")


def _pairs(rows: Iterable[Row], classes: list[Row], ids: dict[str, int]) -> list[list[int]]:
    """The mirror pairs; one of two rows that name each other is enough."""
    pairs: list[list[int]] = []
    for row, entry in zip(rows, classes):
        other = " ".join(str(row.get("mirror") or "").split())
        if not other:
            continue
        if other not in ids:
            raise InputError(f"'{entry['name']}' is the mirror class of '{other}', which is no class; choose another")
        pair = sorted((entry["id"], ids[other]))
        if pair not in pairs:
            pairs.append(pair)
    return pairs


def is_palette(text: str) -> bool:
    """Whether a text is a palette file, be it a damaged one: those of other tools have titles for names."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return False
    classes = values.get("classes") if isinstance(values, dict) else None
    return isinstance(classes, list) and all(isinstance(c, dict) and ("name" in c or "title" not in c) for c in classes)


def read_palette(data: bytes, name: str) -> Palette:
    """A palette file's content.

    Raises:
        InputError: it is none.
    """
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InputError(f"the palette {name} cannot be read as JSON") from None
    return parse_palette(raw, name)


def ids_between(model: Palette, own: Palette) -> tuple[np.ndarray, list[str]]:
    """What a model's proposal means in other classes -> ((256,) uint8, model's id -> id of `own`, its background where
    the name is no class of it; the names that both have, but for the background's)."""
    ids, table = same_names(model, own), np.full(256, own.background, np.uint8)
    table[list(ids)] = list(ids.values())
    return table, [c.name for c in model.classes if ids.get(c.id, own.background) != own.background]


def same_names(palette: Palette, other: Palette) -> dict[int, int]:
    """Which id of `other` a class has there: only classes whose names both have."""
    ids = {_plain(c.name): c.id for c in other.classes}
    return {c.id: ids[_plain(c.name)] for c in palette.classes if _plain(c.name) in ids}


def _plain(name: str) -> str:
    return name.lower().replace("_", " ").strip()
