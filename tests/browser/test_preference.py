"""The page of `study preference`, from its file, as a person answers it with mouse and keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semflow_core.evaluation.bootstrap import Estimate
from semflow_core.evaluation.proportion import wilson
from semflow_core.studies.preference import read_answers, write_page

PAIRS = 6
DARK, LIGHT = 40, 220  # the first photo of each pair and the second

BRIGHTNESS = """button => {
    const canvas = document.createElement("canvas"), image = button.querySelector("img");
    canvas.width = canvas.height = 1;
    canvas.getContext("2d").drawImage(image, 0, 0, 1, 1);
    return canvas.getContext("2d").getImageData(0, 0, 1, 1).data[0];
}"""


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    dark, light = (np.full((32, 48, 3), level, np.uint8) for level in (DARK, LIGHT))
    text = write_page([(str(i), dark, light) for i in range(PAIRS)], ("dark", "light"), "six squares")
    (tmp_path / "preference.html").write_text(text)
    context = browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True)
    context.on("weberror", lambda error: pytest.fail(str(error.error)))
    page = context.new_page()
    page.goto((tmp_path / "preference.html").as_uri())
    yield page
    context.close()


def dark_side(page: Any) -> str:
    """Where the first photo of the pair is."""
    page.wait_for_function("document.querySelector('#left img').complete")
    return "left" if page.eval_on_selector("#left", BRIGHTNESS) < 128 else "right"


def test_a_person_answers_and_the_share_is_the_command_lines(page: Any, tmp_path: Path) -> None:
    other = {"left": "right", "right": "left"}
    page.click(f"#{dark_side(page)}")  # by mouse
    page.keyboard.press({"left": "ArrowLeft", "right": "ArrowRight"}[dark_side(page)])
    page.dblclick(f"#{other[dark_side(page)]}")  # is one answer
    assert page.inner_text("#progress") == "4 of 6"
    page.reload()  # answers are kept, and so is the order
    page.wait_for_function("document.querySelector('#progress').innerText === '4 of 6'")  # once its script has run
    before = dark_side(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Backspace")
    assert dark_side(page) == before and page.inner_text("#progress") == "4 of 6"
    page.click("#stop")
    assert "3 of 6 pairs are answered" in page.inner_text("#result") and "66.7 %" in page.inner_text("#share")
    page.click("#on")
    for _ in range(3):
        page.click(f"#{other[dark_side(page)]}")
    share: Estimate = wilson(2, 6)
    expected = f"dark: chosen in {share.value:.1f} % [{share.low:.1f}, {share.high:.1f}] of 6 pairs"
    assert page.inner_text("#share") == expected
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(tmp_path / "answers.json")
    names, chosen = read_answers(tmp_path / "answers.json")
    assert names == ("dark", "light") and sorted(chosen) == [0, 0, 1, 1, 1, 1]
    answers = json.loads((tmp_path / "answers.json").read_text())["answers"]
    assert {a["pair"] for a in answers} == {str(i) for i in range(PAIRS)}
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#again")
    assert page.inner_text("#progress") == "1 of 6"


def test_each_person_has_an_order_and_sides_of_their_own(page: Any) -> None:
    """Of 20 drawn orders of 6 pairs not all are alike, and each photo is on either side at times."""
    drawn = page.evaluate("Array.from({ length: 20 }, draw)")
    orders = {tuple(turn["pair"] for turn in turns) for turns in drawn}
    assert len(orders) > 10 and all(sorted(order) == list(range(PAIRS)) for order in orders)
    assert {turn["left"] for turns in drawn for turn in turns} == {0, 1}
