"""The editor of classes: its rows and the palette that they make."""

from __future__ import annotations

import pytest

from app.state.own_palette import ids_between, parse_rows, read_palette, rows_of, start_palette
from semflow_core.errors import InputError
from semflow_core.method.palette import Palette, load_palette, parse_palette

ROWS = [
    {"id": 3, "name": "ground", "color": "#102030", "mirror": ""},
    {"id": None, "name": "left hand", "color": "#aa0000", "mirror": "right hand"},
    {"id": 0, "name": "right hand", "color": "#00aa00", "mirror": "left hand"},
]


@pytest.mark.parametrize("name", ["celebamask_hq", "cityscapes", "coco_stuff"])
def test_a_shipped_palette_comes_back_with_its_ids_colours_and_pairs(name: str) -> None:
    palette = load_palette(name)
    again = parse_rows(rows_of(palette), palette)
    by_id = {c.id: c for c in palette.classes}
    assert {c.id: c for c in again.classes} == by_id
    assert set(again.mirror) == set(palette.mirror) and again.background == palette.background


def test_the_first_row_is_the_background_and_a_new_class_gets_a_free_id() -> None:
    palette = parse_rows(ROWS)
    assert [(c.id, c.name) for c in palette.classes] == [(3, "ground"), (1, "left hand"), (0, "right hand")]
    assert palette.background == 3 and palette.mirror == ((0, 1),)
    assert parse_palette(__import__("json").loads(palette.to_json()), "again") == palette  # the file's form


def test_moved_and_renamed_classes_keep_their_ids() -> None:
    rows = rows_of(parse_rows(ROWS))
    rows[1]["name"] = rows[2]["mirror"] = "hand of the left"
    moved = parse_rows([rows[2], rows[0], rows[1]])
    assert {c.name: c.id for c in moved.classes} == {"right hand": 0, "ground": 3, "hand of the left": 1}
    assert moved.mirror == ((0, 1),) and moved.background == 0


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"name": " "}, "has no name"),
        ({"name": "x" * 61}, "has no name or a very long one"),
        ({"name": "ground"}, "have the same name"),
        ({"color": "#102030"}, "have the same color"),
        ({"color": "red"}, "#rrggbb"),
        ({"mirror": "foot"}, "'foot'"),
        ({"mirror": "left hand"}, "mirror pair"),
        ({"mirror": "ground"}, "mirror pair"),
        ({"id": 3}, "have the same id"),
        ({"id": 300}, "0 to 255"),
    ],
)
def test_what_is_no_palette_is_said(change: dict[str, object], part: str) -> None:
    rows = [dict(row) for row in ROWS]
    rows[1].update(change)
    with pytest.raises(InputError, match=part):
        parse_rows(rows)


@pytest.mark.parametrize("rows", [None, [], "rows", [1], [{"name": str(i)} for i in range(257)]])
def test_a_table_that_is_none_is_refused(rows: object) -> None:
    with pytest.raises(InputError, match="table of classes"):
        parse_rows(rows)


def test_only_palettes_that_ship_are_read_from_the_server() -> None:
    for key in ("/etc/hosts", "../palettes/cityscapes.json", "nothing"):
        with pytest.raises(InputError):
            start_palette(key)
    with pytest.raises(InputError, match="JSON"):
        read_palette(b"\xff{", "palette.json")


def test_proposals_go_by_names() -> None:
    streets = load_palette("cityscapes")
    own = parse_rows([{"name": "ground", "color": "#000001"}, {"name": "Sky", "color": "#000002"}])
    table, shared = ids_between(streets, own)
    sky = next(c.id for c in streets.classes if c.name == "sky")
    assert shared == ["sky"] and table[sky] == 1 and table.sum() == 1
    assert ids_between(streets, Palette("o", "O", own.classes[:1]))[1] == []
