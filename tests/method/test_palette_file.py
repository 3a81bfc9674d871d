"""The part of a palette file that declares other tools' ids and colours; `test_palette` has the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette, palette_names, parse_palette

CLASSES = [
    {"id": 0, "name": "sky", "color": "#0000ff", "group": "far"},
    {"id": 4, "name": "land", "color": "#00ff00", "group": "near"},
]


@pytest.mark.parametrize("name", palette_names())
def test_a_written_palette_is_read_back_whole(name: str) -> None:
    palette = load_palette(name)
    assert palette.foreign.ids or palette.foreign.colors
    assert parse_palette(json.loads(palette.to_json()), "again.json") == palette


def test_a_palette_without_foreign_conventions_writes_none() -> None:
    assert "foreign" not in json.loads(parse_palette({"classes": CLASSES}, "own.json").to_json())


def test_foreign_conventions_are_read_as_they_stand() -> None:
    foreign = {
        "ids": [{"name": "codes", "files": "_codes$", "classes": {"7": 4, "9": 0}, "void": [8]}],
        "colors": [{"name": "the atlas's", "classes": {"#0A0b0c": 4}}],
        "void_colors": ["#010203"],
    }
    read = parse_palette({"classes": CLASSES, "foreign": foreign}, "own.json").foreign
    assert (read.ids[0].name, read.ids[0].files, read.ids[0].classes) == ("codes", "_codes$", ((7, 4), (9, 0)))
    assert read.ids[0].values == {7, 8, 9}
    assert read.colors[0].classes == (((10, 11, 12), 4),) and read.void_colors == ((1, 2, 3),)


def codes(**entry: Any) -> dict[str, Any]:
    return {"ids": [{"name": "codes", "classes": {"7": 4}, **entry}]}


@pytest.mark.parametrize(
    "foreign, words",
    [
        ([], r"'foreign' is \[\], it must be an object"),
        ({"names": []}, "unknown key 'names' in 'foreign'"),
        ({"ids": {}}, r"'foreign.ids' is \{\}, it must be a list"),
        ({"ids": [7]}, "an entry of 'foreign.ids' must be an object with a 'name'"),
        (codes(name=""), "an entry of 'foreign.ids' must be an object with a 'name'"),
        (codes(colour=1), "unknown key 'colour' in an entry of 'foreign.ids'"),
        (codes(classes={}), "must have a non-empty object 'classes'"),
        (codes(classes={"7": 1}), "maps '7' to 1; it maps ids from 0 to 255 to ids of the palette's classes"),
        (codes(classes={"256": 4}), "maps '256' to 4"),
        (codes(classes={"-1": 4}), "maps '-1' to 4"),
        (codes(files="("), r"has files '\(', which is no regular expression"),
        (codes(files=7), "has files 7, which is no regular expression"),
        (codes(void=[256]), r"has void \[256\], it must be a list of ids from 0 to 255"),
        (codes(void=[7]), r"has void \[7\], it must be a list of ids from 0 to 255 that 'classes' does not map"),
        (codes(void=None), "has void None"),
        ({"colors": [{"name": "x", "classes": {"red": 4}}]}, "maps 'red' to 4; it maps colours #rrggbb"),
        ({"colors": [{"name": "x", "classes": {"#ff0000": 9}}]}, "maps '#ff0000' to 9"),
        ({"void_colors": ["black"]}, "'foreign.void_colors' must be a list of colours written #rrggbb"),
    ],
)
def test_a_broken_convention_is_refused_by_name(foreign: Any, words: str) -> None:
    with pytest.raises(InputError, match=rf"the palette mine\.json is not valid: .*{words}"):
        parse_palette({"classes": CLASSES, "foreign": foreign}, "mine.json")
