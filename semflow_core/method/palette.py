"""Palettes: the names, display colours, groups and mirror pairs of a label set.

A palette is what a person sees. Which RGB *anchor* stands for a class inside the model is the
codebook's business (`codebook.py`): display colours may change freely, anchors may not.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from ..assets import asset
from ..errors import InputError

UNLABELLED = 255  # the id of pixels that belong to no class (Cityscapes' void, COCO's ignore)
PALETTE_DIR = asset("palettes")


@dataclass(frozen=True)
class PaletteClass:
    id: int  # 0..255, the pixel value in label maps
    name: str
    color: tuple[int, int, int]  # RGB, 0..255, for display only
    group: str


@dataclass(frozen=True)
class Palette:
    """A label set. Class *ids* are pixel values; a class's *index* is its position in `classes`."""

    name: str
    title: str
    classes: tuple[PaletteClass, ...]
    mirror: tuple[tuple[int, int], ...] = ()  # id pairs that a left-right flip exchanges
    background: int = 0  # the id an eraser paints

    @cached_property
    def ids(self) -> np.ndarray:
        """Class ids in index order, (n,) uint8."""
        return np.array([c.id for c in self.classes], dtype=np.uint8)

    @cached_property
    def colors(self) -> np.ndarray:
        """Display colours in index order, (n, 3) uint8."""
        return np.array([c.color for c in self.classes], dtype=np.uint8)

    @cached_property
    def index_of_id(self) -> np.ndarray:
        """(256,) int64: id -> index, -1 where the palette has no such class."""
        table = np.full(256, -1, dtype=np.int64)
        table[self.ids] = np.arange(len(self.classes))
        return table

    @cached_property
    def color_of_id(self) -> np.ndarray:
        """(256, 3) uint8: id -> display colour (white where there is no class)."""
        table = np.full((256, 3), 255, dtype=np.uint8)
        table[self.ids] = self.colors
        return table

    @cached_property
    def mirror_of_id(self) -> np.ndarray:
        """(256,) uint8: the id that each id becomes in a left-right flip."""
        table = np.arange(256, dtype=np.uint8)
        for left, right in self.mirror:
            table[left], table[right] = right, left
        return table

    @cached_property
    def first_of_pair(self) -> np.ndarray:
        """(n,) int64, by class index: the index of the class, or of its mirror class if that has the lower id."""
        return self.index(np.minimum(self.ids, self.mirror_of_id[self.ids]))

    def index(self, labels: np.ndarray) -> np.ndarray:
        """Class ids -> class indices, any shape, int64.

        Raises:
            InputError: a pixel has an id that is no class of this palette.
        """
        index = self.index_of_id[labels]
        if index.min(initial=0) < 0:
            unknown = sorted({int(i) for i in np.unique(labels)} - {int(i) for i in self.ids})
            shown = ", ".join(map(str, unknown[:5])) + (", …" if len(unknown) > 5 else "")
            raise InputError(
                f"the layout has ids that are no class of {self.name}: {shown}; its ids are {describe_ids(self.ids)}"
            )
        return index

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Class ids (H, W) -> display colours (H, W, 3) uint8."""
        return self.color_of_id[labels]

    def paintable(self, labels: np.ndarray) -> np.ndarray:
        """Ids (…) with 255 painted as the background where the palette has no such class."""
        return labels if UNLABELLED in self.ids else np.where(labels == UNLABELLED, self.background, labels)

    def to_json(self) -> str:
        """The palette as its file's text; `parse_palette` reads it back."""
        raw = {
            "name": self.name,
            "title": self.title,
            "background": self.background,
            "mirror": [list(pair) for pair in self.mirror],
            "classes": [
                {"id": c.id, "name": c.name, "color": "#" + bytes(c.color).hex(), "group": c.group}
                for c in self.classes
            ],
        }
        return json.dumps(raw, indent=1) + "\n"

    def exchanged(self, labels: np.ndarray) -> list[tuple[int, int]]:
        """Mirror pairs (left, right) that stand the wrong way round in labels (H, W): a person's left side is on the
        picture's right. A network that never saw them so makes faces of them that nobody wants.
        """
        columns = {i: np.nonzero(labels == i)[1] for pair in self.mirror for i in pair}
        both = [pair for pair in self.mirror if all(len(columns[i]) for i in pair)]
        return [(left, right) for left, right in both if columns[left].mean() < columns[right].mean()]

    def flip(self, labels: np.ndarray) -> np.ndarray:
        """Mirror a label map (..., H, W) left to right and exchange the mirror pairs' ids."""
        return self.mirror_of_id[labels[..., ::-1]]


def describe_ids(ids: np.ndarray) -> str:
    """`[0, 1, 2, 255]` -> "0-2, 255"."""
    runs: list[list[int]] = []
    for i in sorted(int(i) for i in ids):
        if runs and i == runs[-1][1] + 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def palette_names() -> list[str]:
    """The palettes that ship with the project, sorted."""
    return sorted(p.stem for p in PALETTE_DIR.glob("*.json"))


@lru_cache
def load_palette(source: str | os.PathLike[str]) -> Palette:
    """Load a palette by name (`celebamask_hq`) or from a JSON file's path, and validate it.

    Raises:
        InputError: there is no such palette, or the file breaks a rule; the message says which.
    """
    path = Path(source)
    if path.suffix != ".json":
        path = PALETTE_DIR / f"{source}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(palette_names())
        raise InputError(f"there is no palette '{source}'; name one of {known} or a .json file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"the palette {path.name} cannot be read as JSON: {error}") from None
    return parse_palette(raw, path.name)


def parse_palette(raw: object, where: str) -> Palette:
    """Validate a palette's JSON: {name, title, background, mirror, classes: [{id, name, color, group}]}.

    Raises:
        InputError: names the file (`where`), the class and the rule that is broken.
    """

    def fail(what: str) -> InputError:
        return InputError(f"the palette {where} is not valid: {what}")

    if not isinstance(raw, dict) or not isinstance(raw.get("classes"), list) or not raw["classes"]:
        raise fail("it must be an object with a non-empty list 'classes'")
    unknown = raw.keys() - {"name", "title", "background", "mirror", "classes", "source"}
    if unknown:
        raise fail(f"unknown key '{sorted(unknown)[0]}'")
    classes = []
    for position, entry in enumerate(raw["classes"]):
        if not isinstance(entry, dict) or entry.keys() != {"id", "name", "color", "group"}:
            raise fail(f"class number {position} must have exactly id, name, color and group")
        if type(entry["id"]) is not int or not 0 <= entry["id"] <= 255:
            raise fail(f"class '{entry['name']}' has id {entry['id']!r}, ids are whole numbers from 0 to 255")
        if not isinstance(entry["color"], str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", entry["color"]):
            raise fail(f"class '{entry['name']}' has color {entry['color']!r}, colours are written #rrggbb")
        red, green, blue = bytes.fromhex(entry["color"][1:])
        classes.append(PaletteClass(entry["id"], str(entry["name"]), (red, green, blue), str(entry["group"])))
    for field in ("id", "name", "color"):
        seen: dict[object, str] = {}
        for c in classes:
            value = getattr(c, field)
            if value in seen:
                raise fail(f"'{seen[value]}' and '{c.name}' have the same {field}")
            seen[value] = c.name
    ids = {c.id for c in classes}

    def is_id(value: object) -> bool:
        return type(value) is int and value in ids

    background = raw.get("background", classes[0].id)
    if not is_id(background):
        raise fail(f"the background id {background!r} is no class of it")
    mirror = raw.get("mirror", [])
    if not isinstance(mirror, list):
        raise fail(f"'mirror' is {mirror!r}, it must be a list of id pairs")
    paired: set[int] = set()
    for pair in mirror:
        if not isinstance(pair, list) or len(pair) != 2 or not all(map(is_id, pair)) or pair[0] == pair[1]:
            raise fail(f"the mirror pair {pair!r} must be two different ids of its classes")
        if paired & set(pair):
            raise fail(f"the mirror pair {pair!r} names an id that another pair has")
        paired |= set(pair)
    return Palette(
        name=str(raw.get("name", Path(where).stem)),
        title=str(raw.get("title", raw.get("name", where))),
        classes=tuple(classes),
        mirror=tuple((a, b) for a, b in mirror),
        background=background,
    )
