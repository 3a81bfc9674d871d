from __future__ import annotations

import json
from copy import deepcopy
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semflow_core.errors import InputError
from semflow_core.method.palette import describe_ids, load_palette, palette_names, parse_palette

SMALL = {
    "name": "small",
    "background": 0,
    "mirror": [[1, 2]],
    "classes": [
        {"id": 0, "name": "sky", "color": "#0000ff", "group": "far"},
        {"id": 1, "name": "left", "color": "#ff0000", "group": "near"},
        {"id": 2, "name": "right", "color": "#00ff00", "group": "near"},
        {"id": 255, "name": "void", "color": "#000000", "group": "void"},
    ],
}


@pytest.mark.parametrize("name, count", [("celebamask_hq", 19), ("cityscapes", 20), ("coco_stuff", 171)])
def test_shipped_palettes_are_whole(name: str, count: int) -> None:
    palette = load_palette(name)
    assert name in palette_names() and palette.name == name
    assert len(palette.classes) == count
    assert palette.background in palette.ids
    assert all(c.name and c.group for c in palette.classes)
    nearest = min(np.linalg.norm(np.subtract(a.color, b.color)) for a, b in combinations(palette.classes, 2))
    assert nearest >= 20, "two display colours cannot be told apart"


def test_coco_stuff_has_the_compact_order() -> None:
    names = [c.name for c in load_palette("coco_stuff").classes]
    assert [names[i] for i in (0, 11, 79, 80, 145, 170)] == [
        "person",
        "stop sign",
        "toothbrush",
        "banner",
        "sky-other",
        "wood",
    ]
    assert names[80:] == sorted(names[80:]), "COCO-Stuff's stuff classes are in alphabetical order"
    assert [c.id for c in load_palette("coco_stuff").classes] == list(range(171))


def test_faces_mirror_pairs_are_the_left_and_right_parts() -> None:
    palette = load_palette("celebamask_hq")
    name = {c.id: c.name for c in palette.classes}
    assert {(name[a], name[b]) for a, b in palette.mirror} == {
        ("l_eye", "r_eye"),
        ("l_brow", "r_brow"),
        ("l_ear", "r_ear"),
    }


def test_flip_moves_pixels_and_swaps_pairs() -> None:
    palette = parse_palette(SMALL, "small.json")
    labels = np.array([[1, 0, 0], [2, 255, 1]], np.uint8)
    assert palette.flip(labels).tolist() == [[0, 0, 2], [2, 255, 1]]
    assert np.array_equal(palette.flip(palette.flip(labels)), labels)


def test_ids_indices_and_colours_agree() -> None:
    palette = parse_palette(SMALL, "small.json")
    labels = np.array([[255, 2], [0, 1]], np.uint8)
    assert palette.index(labels).tolist() == [[3, 2], [0, 1]]
    assert palette.colorize(labels)[0].tolist() == [[0, 0, 0], [0, 255, 0]]
    with pytest.raises(InputError, match=r"small: 3, 9; its ids are 0-2, 255"):
        palette.index(np.array([0, 9, 3], np.uint8))


def test_index_of_nothing_is_nothing() -> None:
    assert parse_palette(SMALL, "small.json").index(np.zeros((0, 4), np.uint8)).shape == (0, 4)


@pytest.mark.parametrize("ids, text", [([0, 1, 2, 255], "0-2, 255"), ([7], "7"), ([3, 1, 2, 5], "1-3, 5")])
def test_describe_ids(ids: list[int], text: str) -> None:
    assert describe_ids(np.array(ids)) == text


def broken(change: str, value: Any) -> dict[str, Any]:
    """SMALL with one thing changed; `change` is a dotted path."""
    raw: Any = deepcopy(SMALL)
    *parents, last = [int(p) if p.isdigit() else p for p in change.split(".")]
    target = raw
    for p in parents:
        target = target[p]
    target[last] = value
    return raw


@pytest.mark.parametrize(
    "raw, words",
    [
        ([], "non-empty list 'classes'"),
        (broken("classes", []), "non-empty list 'classes'"),
        (broken("classes", {}), "non-empty list 'classes'"),
        (broken("colour", 1), "unknown key 'colour'"),
        (broken("classes.1", {"id": 1, "name": "x", "color": "#ff0000"}), "class number 1"),
        (broken("classes.1", 7), "class number 1"),
        (broken("classes.1.id", 256), "'left' has id 256"),
        (broken("classes.1.id", -1), "'left' has id -1"),
        (broken("classes.1.id", "1"), "'left' has id '1'"),
        (broken("classes.1.id", True), "'left' has id True"),
        (broken("classes.1.id", 0), "'sky' and 'left' have the same id"),
        (broken("classes.1.name", "sky"), "'sky' and 'sky' have the same name"),
        (broken("classes.1.color", "#0000ff"), "'sky' and 'left' have the same color"),
        (broken("classes.1.color", "red"), "'left' has color 'red'"),
        (broken("classes.1.color", "#ff00000"), "'left' has color '#ff00000'"),
        (broken("background", 7), "background id 7"),
        (broken("background", [0]), r"background id \[0\]"),
        (broken("background", True), "background id True"),
        (broken("mirror", 5), "'mirror' is 5"),
        (broken("mirror", None), "'mirror' is None"),
        (broken("mirror", [[[0], 1]]), "must be two different ids"),
        (broken("mirror", [[1, 7]]), r"mirror pair \[1, 7\]"),
        (broken("mirror", [[1, 1]]), r"mirror pair \[1, 1\]"),
        (broken("mirror", [[1]]), r"mirror pair \[1\]"),
        (broken("mirror", [[1, 2], [2, 0]]), r"mirror pair \[2, 0\] names an id that another pair has"),
    ],
)
def test_a_broken_palette_is_refused_by_name(raw: Any, words: str) -> None:
    with pytest.raises(InputError, match=rf"the palette mine\.json is not valid: .*{words}"):
        parse_palette(raw, "mine.json")


def test_palettes_load_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps(SMALL))
    assert load_palette(tmp_path / "own.json").ids.tolist() == [0, 1, 2, 255]


def test_a_missing_or_unreadable_palette_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no palette 'nothing'; name one of .*celebamask_hq"):
        load_palette("nothing")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match="bad.json cannot be read as JSON"):
        load_palette(tmp_path / "bad.json")
