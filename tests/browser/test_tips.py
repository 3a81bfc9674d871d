"""The tips of a first visit: in place, one after another as each thing is done, and none twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import SCREENS
from .test_studio import PATIENCE, drag, photo_url, reach_canvas, slide, wait_new_photo, wait_path


@pytest.fixture
def page(studio: str, browser: Any, screen: str) -> Iterator[Any]:
    """A first visit, whose photo is there."""
    width, height = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=width < 500)
    page = context.new_page()
    page.goto(studio)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    yield page
    context.close()


def tips(page: Any) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('.tip')].map((tip) => tip.dataset.tip)")


def wait_tip(page: Any, name: str) -> None:
    page.wait_for_selector(f".tip[data-tip={name}]", timeout=PATIENCE)
    assert tips(page) == [name]


def check_it_covers_nothing(page: Any) -> None:
    """The tip at the photo is seen whole, and no control is below it."""
    below = page.eval_on_selector(
        "#result > .tip",
        """(tip) => {
      const { left, top, right, bottom } = tip.getBoundingClientRect(), hidden = [];
      if (top < 0 || left < 0 || bottom > innerHeight || right > innerWidth) return ['the window ends'];
      const photo = innerWidth < 500 ? '#photo' : '#photo .named:not(:empty)';
      for (const part of document.querySelectorAll(`${photo}, #result .bar > *, #painter, #inspector`)) {
        const box = part.getBoundingClientRect();
        const sticks = innerWidth < 500 && !part.closest('#result'); // the page scrolls below the photo
        if (sticks || box.right <= left || right <= box.left || box.bottom <= top || bottom <= box.top) continue;
        hidden.push(part.outerHTML.slice(0, 80));
      }
      return hidden;
    }""",
    )
    assert below == []
    if page.viewport_size["width"] > 900:
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        photo, tip = (page.locator(part).bounding_box() for part in ("#photo", "#result > .tip"))
        assert (
            photo["y"] + 0.8 * photo["height"] < tip["y"] and tip["y"] + tip["height"] <= photo["y"] + photo["height"]
        )


@pytest.mark.parametrize("screen", SCREENS)
def test_the_tip_at_the_slider_needs_a_path(page: Any, screen: str) -> None:
    wait_path(page)

    def panes() -> list[Any]:
        return [page.locator(part).bounding_box() for part in ("#photo", "#painter .stage", "#inspector")]

    before = panes()
    page.click(".tip[data-tip=paint] button")
    page.click("#dice")
    wait_tip(page, "slide")
    if screen == "desktop":  # nothing moves below the hand that paints
        assert panes() == before
    page.click("#label-button")
    page.set_input_files("#label input[type=file] >> nth=0", ["assets/photos/collins.jpg"])
    page.wait_for_selector("#label-leave", timeout=PATIENCE)
    page.wait_for_selector("#player .at:disabled", timeout=PATIENCE)
    assert page.locator("#player .play").is_disabled() and page.locator(".tip").is_hidden()
    page.click("#label-leave")
    page.wait_for_selector("#player .at:enabled", timeout=PATIENCE)
    page.wait_for_selector(".tip[data-tip=slide]", timeout=PATIENCE)
    wait_path(page)


@pytest.mark.parametrize("screen", SCREENS)
def test_each_tip_ends_by_doing_it_and_comes_once(page: Any, screen: str) -> None:
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
    check_it_covers_nothing(page)
    slide(page, 0.5)
    assert tips(page) == []
    slide(page, 0)
    page.click("#dice")
    wait_tip(page, "select")
    check_it_covers_nothing(page)
    page.click(".tip button")
    assert tips(page) == [] and page.locator("#painter .bar").is_hidden()  # the click was the tip's

    page.reload()
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    wait_path(page)
    assert tips(page) == []


@pytest.mark.parametrize("screen", ["desktop"])
def test_what_was_done_before_its_tip_needs_none(page: Any) -> None:
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
