"""The palette file: a label set as JSON, and the rules that it is checked against.

    {"name": "…", "title": "…", "background": 0, "mirror": [[4, 5], …],
     "classes": [{"id": 0, "name": "road", "color": "#804080", "group": "flat"}, …],
     "foreign": {"ids": [{"key": "…", "name": "…", "files": "_labelIds$", "classes": {"7": 0, …}, "void": [0, 1, …],
                          "instances": 1000}, …],
                 "colors": [{"name": "…", "classes": {"#cc0000": 1, …}}, …],
                 "void_colors": ["#6f4a00", …]},
     "typical": {"road": [36 numbers], …}}

Only `classes` is required. `foreign` declares in which ids and colours other tools write the same classes, `typical`
where the classes usually lie; `semflow_core.pictures` reads layouts by both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from ..errors import InputError, brief

Rgb8 = tuple[int, int, int]  # R, G, B in 0..255
OWN_KEY = "own"  # the word by which a person says that a layout holds the palette's own ids
PALETTE_FILE = "palette.json"  # of a folder of pairs that has a label set of its own
TYPICAL_GRID = 6  # rows and columns of `typical`
Fail = Callable[[str], InputError]


@dataclass(frozen=True)
class PaletteClass:
    id: int  # 0..255, the pixel value in label maps
    name: str
    color: Rgb8  # for display only
    group: str


@dataclass(frozen=True)
class ForeignIds:
    """Pixel values by which another tool writes the classes of a palette."""

    key: str  # "label-ids": the word by which a person chooses it
    name: str  # "Cityscapes' label ids"
    files: str  # regular expression for the names, without suffix, of files that hold them; "" matches none
    classes: tuple[tuple[int, int], ...]  # (foreign id, class id)
    void: tuple[int, ...] = ()  # foreign ids that stand for no class of the palette
    instances: int = 0  # pixel values from this on are ids times this and the number of an instance; 0 has no instances

    @property
    def values(self) -> frozenset[int]:
        """All pixel values of the convention."""
        return frozenset(foreign for foreign, _ in self.classes) | frozenset(self.void)


@dataclass(frozen=True)
class ForeignColors:
    """Colours in which another tool paints the classes of a palette."""

    name: str  # "CelebAMask-HQ's own"
    classes: tuple[tuple[Rgb8, int], ...]  # (colour, class id)


@dataclass(frozen=True)
class Foreign:
    """The conventions of other tools that a palette declares."""

    ids: tuple[ForeignIds, ...] = ()
    colors: tuple[ForeignColors, ...] = ()
    void_colors: tuple[Rgb8, ...] = ()  # colours that stand beside the palette's own for pixels of no class


class PaletteFields(TypedDict):
    """A palette file's content, validated: the fields of `Palette`."""

    name: str
    title: str
    classes: tuple[PaletteClass, ...]
    mirror: tuple[tuple[int, int], ...]
    background: int
    foreign: Foreign
    typical: tuple[tuple[int, tuple[int, ...]], ...]


def parse_fields(raw: object, where: str) -> PaletteFields:
    """Validate a palette's JSON.

    Raises:
        InputError: names the file (`where`), the class and the rule that is broken.
    """

    def fail(what: str) -> InputError:
        return InputError(f"the palette {where} is not valid: {what}")

    if not isinstance(raw, dict) or not isinstance(raw.get("classes"), list) or not raw["classes"]:
        raise fail("it must be an object with a non-empty list 'classes'")
    _refuse_unknown(raw, {*PaletteFields.__annotations__, "source"}, "", fail)
    classes = _parse_classes(raw["classes"], fail)
    ids = {c.id for c in classes}
    background = raw.get("background", classes[0].id)
    if not _is_id(background, ids):
        raise fail(f"the background id {brief(background)} is no class of it")
    return PaletteFields(
        name=str(raw.get("name", Path(where).stem)),
        title=str(raw.get("title", raw.get("name", where))),
        classes=classes,
        mirror=_parse_mirror(raw.get("mirror", []), ids, fail),
        background=background,
        foreign=_parse_foreign(raw.get("foreign", {}), ids, fail),
        typical=_parse_typical(raw.get("typical", {}), {c.name: c.id for c in classes}, fail),
    )


def format_fields(fields: PaletteFields) -> str:
    """The palette file's text, which `parse_fields` reads back."""
    foreign = fields["foreign"]
    raw: dict[str, Any] = {
        "name": fields["name"],
        "title": fields["title"],
        "background": fields["background"],
        "mirror": [list(pair) for pair in fields["mirror"]],
        "classes": [
            {"id": c.id, "name": c.name, "color": _format_color(c.color), "group": c.group} for c in fields["classes"]
        ],
    }
    if foreign != Foreign():
        raw["foreign"] = {
            "ids": [
                {
                    "key": f.key,
                    "name": f.name,
                    "files": f.files,
                    "classes": {str(a): b for a, b in f.classes},
                    "void": list(f.void),
                    "instances": f.instances,
                }
                for f in foreign.ids
            ],
            "colors": [
                {"name": f.name, "classes": {_format_color(a): b for a, b in f.classes}} for f in foreign.colors
            ],
            "void_colors": [_format_color(c) for c in foreign.void_colors],
        }
    if fields["typical"]:
        names = {c.id: c.name for c in fields["classes"]}
        raw["typical"] = {names[i]: list(shares) for i, shares in fields["typical"]}
    return json.dumps(raw, indent=1) + "\n"


def _parse_classes(entries: list[Any], fail: Fail) -> tuple[PaletteClass, ...]:
    classes: list[PaletteClass] = []
    for position, entry in enumerate(entries):
        if not isinstance(entry, dict) or entry.keys() != {"id", "name", "color", "group"}:
            raise fail(f"class number {position} must have exactly id, name, color and group")
        named = f"class {brief(entry['name'])}"
        if not _is_byte(entry["id"]):
            raise fail(f"{named} has id {brief(entry['id'])}, ids are whole numbers from 0 to 255")
        color = _parse_color(entry["color"])
        if color is None:
            raise fail(f"{named} has color {brief(entry['color'])}, colours are written #rrggbb")
        classes.append(PaletteClass(entry["id"], str(entry["name"]), color, str(entry["group"])))
    for field in ("id", "name", "color"):
        owners: dict[object, str] = {}
        for c in classes:
            value = getattr(c, field)
            if value in owners:
                raise fail(f"'{owners[value]}' and '{c.name}' have the same {field}")
            owners[value] = c.name
    return tuple(classes)


def _parse_mirror(raw: object, ids: set[int], fail: Fail) -> tuple[tuple[int, int], ...]:
    if not isinstance(raw, list):
        raise fail(f"'mirror' is {brief(raw)}, it must be a list of id pairs")
    paired: set[int] = set()
    for pair in raw:
        if not isinstance(pair, list) or len(pair) != 2 or not all(_is_id(i, ids) for i in pair) or pair[0] == pair[1]:
            raise fail(f"the mirror pair {brief(pair)} must be two different ids of its classes")
        if paired & set(pair):
            raise fail(f"the mirror pair {brief(pair)} names an id that another pair has")
        paired |= set(pair)
    return tuple((a, b) for a, b in raw)


def _parse_foreign(raw: object, ids: set[int], fail: Fail) -> Foreign:
    if not isinstance(raw, dict):
        raise fail(f"'foreign' is {brief(raw)}, it must be an object with ids, colors or void_colors")
    _refuse_unknown(raw, {"ids", "colors", "void_colors"}, " in 'foreign'", fail)
    conventions = [_parse_foreign_ids(entry, ids, fail) for entry in _listed(raw, "ids", fail)]
    keys = [convention.key for convention in conventions]
    if len(set(keys)) < len(keys):
        raise fail("two entries of 'foreign.ids' have the same key")
    painted = [_parse_foreign_colors(entry, ids, fail) for entry in _listed(raw, "colors", fail)]
    void = [_parse_color(color) for color in _listed(raw, "void_colors", fail)]
    if None in void:
        raise fail("'foreign.void_colors' must be a list of colours written #rrggbb")
    return Foreign(tuple(conventions), tuple(painted), tuple(c for c in void if c))


def _parse_foreign_ids(entry: object, ids: set[int], fail: Fail) -> ForeignIds:
    what = "an entry of 'foreign.ids'"
    raw = _convention(entry, {"key", "name", "files", "classes", "void", "instances"}, what, fail)
    files, void, instances = raw.get("files", ""), raw.get("void", []), raw.get("instances", 0)
    key = raw.get("key", re.sub(r"[^a-z0-9]+", "-", raw["name"].lower()).strip("-") or "foreign")
    if not isinstance(key, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", key) or key == OWN_KEY:
        raise fail(
            f"{what} has key {brief(key)}, it must be a word of small letters, digits and hyphens, but not '{OWN_KEY}'"
        )
    if type(instances) is not int or instances and instances < 256:
        raise fail(f"{what} has instances {brief(instances)}, it must be a whole number from 256, or 0")
    try:
        re.compile(files)
    except (re.error, TypeError):
        raise fail(f"{what} has files {brief(files)}, which is no regular expression") from None
    values = {text: int(text) if re.fullmatch(r"\d{1,3}", text) else -1 for text in raw["classes"]}
    for text, class_id in raw["classes"].items():
        if not _is_byte(values[text]) or not _is_id(class_id, ids):
            raise fail(
                f"{what} maps {brief(text)} to {brief(class_id)}; it maps ids from 0 to 255 to "
                "ids of the palette's classes"
            )
    if not isinstance(void, list) or not all(map(_is_byte, void)) or set(void) & set(values.values()):
        raise fail(f"{what} has void {brief(void)}, it must be a list of ids from 0 to 255 that 'classes' does not map")
    classes = tuple((values[text], class_id) for text, class_id in raw["classes"].items())
    return ForeignIds(key, raw["name"], files, classes, tuple(void), instances)


def _parse_foreign_colors(entry: object, ids: set[int], fail: Fail) -> ForeignColors:
    what = "an entry of 'foreign.colors'"
    raw, pairs = _convention(entry, {"name", "classes"}, what, fail), []
    for key, value in raw["classes"].items():
        color = _parse_color(key)
        if color is None or not _is_id(value, ids):
            raise fail(
                f"{what} maps {brief(key)} to {brief(value)}; it maps colours #rrggbb to ids of the palette's classes"
            )
        pairs.append((color, value))
    return ForeignColors(raw["name"], tuple(pairs))


def _parse_typical(raw: object, ids: dict[str, int], fail: Fail) -> tuple[tuple[int, tuple[int, ...]], ...]:
    cells = TYPICAL_GRID**2
    if not isinstance(raw, dict) or raw.keys() - ids.keys():
        raise fail("'typical' must be an object whose keys are names of its classes")
    for name, shares in raw.items():
        if not isinstance(shares, list) or len(shares) != cells or not all(type(x) is int and x >= 0 for x in shares):
            raise fail(f"'typical' of {name} must be a list of {cells} whole numbers from 0")
    return tuple((ids[name], tuple(shares)) for name, shares in raw.items())


def _convention(entry: object, keys: set[str], what: str, fail: Fail) -> dict[str, Any]:
    """An entry of `foreign` that has a name and a non-empty object of classes."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise fail(f"{what} must be an object with a 'name'")
    _refuse_unknown(entry, keys, f" in {what}", fail)
    if not isinstance(entry.get("classes"), dict) or not entry["classes"]:
        raise fail(f"{what} must have a non-empty object 'classes'")
    return entry


def _listed(raw: dict[str, Any], key: str, fail: Fail) -> list[Any]:
    value = raw.get(key, [])
    if not isinstance(value, list):
        raise fail(f"'foreign.{key}' is {brief(value)}, it must be a list")
    return value


def _refuse_unknown(raw: dict[str, Any], keys: set[str], place: str, fail: Fail) -> None:
    unknown = raw.keys() - keys
    if unknown:
        raise fail(f"unknown key {brief(min(unknown))}{place}")


def _is_byte(value: object) -> bool:
    return type(value) is int and 0 <= value <= 255


def _is_id(value: object, ids: set[int]) -> bool:
    return type(value) is int and value in ids


def _parse_color(text: object) -> Rgb8 | None:
    if not isinstance(text, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return None
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def _format_color(color: Rgb8) -> str:
    return "#" + bytes(color).hex()
