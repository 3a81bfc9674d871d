"""A figure stands in one place: the tables of cards, README and experiments are what tools/cards.py renders."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools import cards

from .pages import name_of


@pytest.mark.parametrize("page", cards.PAGES, ids=name_of)
def test_the_tables_are_as_rendered(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert cards.render(text) == text, "run python -m tools.cards"


def test_a_table_that_was_changed_by_hand_is_rendered_again() -> None:
    text = (cards.ROOT / "README.md").read_text(encoding="utf-8")
    block = cards.BLOCK.search(text)
    assert block is not None
    changed = text.replace(block[0], f"{block[1]}| a row |\n{block[4]}")
    assert changed != text and cards.render(changed) == text


@pytest.mark.parametrize("model", cards.SHIPPED)
def test_every_card_has_all_tables_of_its_figures(model: str) -> None:
    card = (cards.ROOT / f"assets/models/{model}/README.md").read_text(encoding="utf-8")
    figures = f"assets/models/{model}/figures.json"
    kinds = {kind for _, kind, file, _ in cards.BLOCK.findall(card) if file == figures}
    assert kinds == {"layouts", "photos", "diversity", "classes"}


def test_a_figure_that_changes_changes_the_table_and_null_is_a_dash(tmp_path: Path) -> None:
    raw = cards.read_json("assets/models/faces/figures.json")
    raw["rows"] = raw["rows"][:1]
    raw["rows"][0]["segmentation"]["miou"] = {"value": 12.34, "low": 1, "high": 20}
    raw["rows"][0]["segmentation"]["iou"]["hat"] = raw["rows"][0]["cycle"]["iou"]["hat"] = None
    raw["codec_miou"] = raw["rows"][0]["cycle"]["miou"] = {"value": None, "low": None, "high": None}
    file = tmp_path / "figures.json"
    file.write_text(json.dumps(raw), encoding="utf-8")
    page = f"<!-- table: layouts {file} -->\n<!-- end -->\n<!-- table: classes {file} -->\n<!-- end -->"
    rendered = cards.render(page)
    (row,) = re.findall(r"^\| 1 .*", rendered, re.MULTILINE)
    assert [cell.strip() for cell in row.split("|")][2:5] == ["12.3 [1.0, 20.0]", "90.3 [88.9, 91.6]", "-"]
    assert "codec alone" not in rendered and "| hair" in rendered and "| hat" not in rendered
