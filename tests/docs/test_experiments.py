"""The pages of docs/experiments/: a head of four rows, figures that stand in the page, a page per study."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from semflow_core.studies.run import MODEL_STUDIES, TRAINED

from .pages import DROPPED, PAGES, ROOT, code, name_of

FOLDER = ROOT / "docs" / "experiments"
STUDIES = [p for p in FOLDER.glob("*.md") if p.name not in ("README.md", "full-size.md")] + DROPPED
FIGURE = re.compile(r"-?[\d.]+ \[-?[\d.]+, -?[\d.]+\]")


@pytest.mark.parametrize("page", STUDIES, ids=name_of)
def test_a_study_begins_with_question_effect_verdict_and_command(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^\| (question|effect|verdict|command) \| .+ \|$", text, re.MULTILINE) == [
        "question",
        "effect",
        "verdict",
        "command",
    ]


@pytest.mark.parametrize("page", STUDIES, ids=name_of)
def test_the_effect_stands_in_a_table_of_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8") + (FOLDER / "full-size.md").read_text(encoding="utf-8")
    effect = re.search(r"^\| effect \|.*$", text, re.MULTILINE)
    assert effect is not None
    tables = text.replace(effect[0], "")
    for figure in FIGURE.findall(effect[0]):
        assert figure in tables, f"{figure} is in no table"


def test_every_study_has_a_page_that_runs_it() -> None:
    pages = [p for p in STUDIES if p not in DROPPED]
    run = {m[1] for page in pages for span in code(page) if (m := re.search(r"semflow_core study ([\w-]+)", span))}
    assert {*MODEL_STUDIES, *TRAINED, "ceiling"} == run  # of the others the result is a sheet or a person's answers


@pytest.mark.parametrize("page", [*PAGES, *DROPPED], ids=name_of)
def test_lines_are_readable(page: Path) -> None:
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fenced ^= line.startswith("```")
        if not fenced and not line.startswith("|"):
            assert len(line) <= 180, f"line {number} has {len(line)} characters"
