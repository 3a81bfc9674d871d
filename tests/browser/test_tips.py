"""The tips of a first visit: in place, one after another as each thing is done, and none twice."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import SCREENS
from .test_studio import PATIENCE, drag, photo_url, reach_canvas, slide, wait_new_photo, wait_path


def tips(page: Any) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('.tip')].map((tip) => tip.dataset.tip)")


def wait_tip(page: Any, name: str) -> None:
    page.wait_for_selector(f".tip[data-tip={name}]", timeout=PATIENCE)
    assert tips(page) == [name]


@pytest.mark.parametrize("screen", SCREENS)
def test_each_tip_ends_by_doing_it_and_comes_once(studio: str, browser: Any, screen: str) -> None:
    width, height = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=width < 500)
    page = context.new_page()
    page.goto(studio)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    wait_tip(page, "paint")
    wait_path(page)
    assert tips(page) == ["paint"]  # the others wait
    tip, stage = page.locator(".tip").bounding_box(), page.locator("#painter .stage").bounding_box()
    assert stage["x"] <= tip["x"] and tip["x"] + tip["width"] <= stage["x"] + stage["width"]
    assert stage["y"] <= tip["y"] and tip["y"] + tip["height"] <= stage["y"] + stage["height"]

    reach_canvas(page)
    old = photo_url(page)
    drag(page, (0.3, 0.2), (0.6, 0.2))
    assert "paint" not in tips(page)
    wait_new_photo(page, old)
    wait_tip(page, "slide")
    slide(page, 0.5)
    assert tips(page) == []
    slide(page, 0)
    page.click("#dice")
    wait_tip(page, "select")
    page.click(".tip button")
    assert tips(page) == [] and page.locator("#painter .bar").is_hidden()  # the click was the tip's

    page.reload()
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    wait_path(page)
    assert tips(page) == []
    context.close()


def test_what_was_done_before_its_tip_needs_none(studio: str, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(studio)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    wait_path(page)
    slide(page, 0.5)
    slide(page, 0)
    box = page.locator("#photo img").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    page.keyboard.press("Escape")
    page.click(".tip[data-tip=paint] button")
    page.click("#dice")
    wait_path(page)
    assert tips(page) == []
    context.close()
