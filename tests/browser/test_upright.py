"""A phone or a tablet held upright: painting without scrolling, the opening cards in reach, no stray bar."""

from __future__ import annotations

from typing import Any

import pytest

from .test_sizes import box, visit
from .test_studio import PATIENCE

SIZES = [(360, 640), (390, 664), (390, 844), (430, 932), (768, 1024)]
TALL = (390, 844)


def choose_streets(page: Any) -> None:
    page.tap("#model input")
    page.tap("[role=option]:has-text('streets')")
    page.wait_for_function("document.querySelector('#painter canvas.ids').width === 512", timeout=PATIENCE)


def tap_tab(page: Any, name: str) -> None:
    page.tap(f"#{name}-button")
    page.wait_for_selector(f"#{name}-button[aria-selected=true]")


def room(page: Any) -> tuple[float, float]:
    """From where to where the page can be seen: below the photo, above the tabs."""
    return box(page, "#result")[3], box(page, "#more .tab-wrapper")[1]


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_painting_needs_no_scrolling(studio: str, browser: Any, size: tuple[int, int]) -> None:
    with visit(studio, browser, size, touch=True) as page:
        for model in ("faces", "streets"):
            if model == "streets":
                choose_streets(page)
                page.evaluate("scrollTo(0, 0)")
            _, end = room(page)
            assert end <= size[1] and end >= size[1] - 48
            for part in ("#photo", "#painter .tools", "#painter .stage", "#painter .palette", "#painter .options"):
                _, top, _, bottom = box(page, part)
                assert top >= 0 and bottom <= end + 1, (model, part, bottom, end)
            left, top, right, bottom = box(page, "#painter .stage")
            assert right - left >= 190 and bottom - top >= 150
            photo = box(page, "#photo")
            assert photo[2] - photo[0] >= 148 and photo[3] <= top


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_the_cards_are_a_tap_away_and_bring_the_canvas_back(studio: str, browser: Any, size: tuple[int, int]) -> None:
    with visit(studio, browser, size, touch=True) as page:
        tap_tab(page, "start")
        page.wait_for_function("scrollY > 0")
        start, end = room(page)
        cards = page.locator("#gallery .card")
        boxes = [card.bounding_box() for card in cards.all()]
        assert len(boxes) >= 6
        assert all(b["x"] >= 0 and b["x"] + b["width"] <= size[0] for b in boxes)  # none is off to the right
        assert boxes[0]["y"] >= start - 1 and boxes[3]["y"] + boxes[3]["height"] <= end  # the first rows, wholly
        page.tap("#gallery .card:has-text('Hat')")
        page.wait_for_function("scrollY === 0")
        for part in ("#photo", "#painter .stage"):
            _, top, _, bottom = box(page, part)
            assert top >= 0 and bottom <= end, part


def test_a_tab_brings_its_content_into_view_and_stays_in_reach(studio: str, browser: Any) -> None:
    with visit(studio, browser, TALL, touch=True) as page:
        for name in ("variations", "appearance", "edit", "path", "check", "label", "past", "save", "advanced"):
            page.evaluate("scrollTo(0, 0)")
            tap_tab(page, name)
            page.wait_for_function("scrollY > 0")
            start, end = room(page)
            page.wait_for_function(
                """([part, start, end]) => {
                  const { top, bottom } = document.querySelector(part).getBoundingClientRect();
                  return top >= start - 1 && (bottom <= end || top < end - 100); // whole, or much of it
                }""",
                arg=[f"#{name}", start, end],
            )
            left, _, right, bottom = box(page, f"#{name}-button")
            assert left >= 0 and right <= TALL[0] and bottom <= TALL[1], name


def test_the_bar_of_a_selection_goes_with_the_canvas(studio: str, browser: Any) -> None:
    with visit(studio, browser, TALL, touch=True) as page:
        page.tap("#photo img", position={"x": 60, "y": 60})
        bar = "#painter .stage .bar"
        page.wait_for_selector(bar)
        start, end = room(page)
        left, top, right, bottom = box(page, bar)
        assert left >= 0 and right <= TALL[0] and top >= start and bottom <= end
        assert bottom - top <= 2 * 40 + 8  # two lines
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_selector(bar, state="hidden")
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_selector(bar, state="visible")


@pytest.mark.parametrize("size, touch", [((390, 844), True), ((844, 390), True), ((1280, 800), False)], ids=str)
def test_the_colour_picker_opens_in_view_and_at_its_colour(
    studio: str, browser: Any, size: tuple[int, int], touch: bool
) -> None:
    with visit(studio, browser, size, touch) as page:
        page.click("#photo img", position={"x": 60, "y": 60})
        page.wait_for_selector("#appearance-button[aria-selected=true]", timeout=PATIENCE)
        if touch:
            tap_tab(page, "appearance")
        page.wait_for_selector("#color .dialog-button", timeout=PATIENCE)
        page.evaluate("document.querySelector('#color').scrollIntoView({ block: 'end' })")
        before = page.eval_on_selector("#color .dialog-button", "(b) => b.style.background")
        page.click("#color .dialog-button")
        page.wait_for_selector("#color .color-picker[style*=fixed]")
        left, top, right, bottom = box(page, "#color .color-picker")
        assert left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1]
        page.wait_for_function(
            """() => { // the mark is where the colour is: saturation to the right, value up
              const [field, mark] = ['.color-gradient', '.color-gradient .marker'].map(
                (part) => document.querySelector('#color ' + part).getBoundingClientRect());
              const rgb = getComputedStyle(document.querySelector('#color .dialog-button')).backgroundColor
                .match(/\\d+/g).map((level) => level / 255);
              const high = Math.max(...rgb), x = high ? 1 - Math.min(...rgb) / high : 0;
              const far = (a, b) => Math.abs(a - b) > 8; // Gradio draws it some 5 px too low
              return !far(mark.left + mark.width / 2, field.left + x * field.width)
                && !far(mark.top + mark.height / 2, field.top + (1 - high) * field.height);
            }"""
        )
        assert page.eval_on_selector("#color .dialog-button", "(b) => b.style.background") == before
        old = page.get_attribute("#photo img", "src")
        field = page.locator("#color .color-gradient").bounding_box()
        page.mouse.click(field["x"] + field["width"] - 20, field["y"] + 20)  # nothing lies over it
        page.wait_for_function("(old) => document.querySelector('#photo img').src !== old", arg=old, timeout=PATIENCE)


def test_labelling_takes_two_lines_below_the_canvas(studio: str, browser: Any) -> None:
    with visit(studio, browser, TALL, touch=True) as page:
        tap_tab(page, "label")
        page.set_input_files("#label input[type=file] >> nth=0", ["assets/photos/collins.jpg"])
        page.wait_for_selector("#label-accept", timeout=PATIENCE)
        page.wait_for_function("document.querySelector('#label-progress').innerText.includes('0 of 1')")
        line, progress, below = (box(page, part) for part in ("#label-line", "#label-progress", "#label-classes"))
        assert line[3] - line[1] <= 44 and line[3] <= progress[1] + 1 and progress[3] <= below[1] + 1
        assert max(line[3], progress[3]) - line[1] <= 72  # the buttons, and how far it is
        for name in ("back", "accept", "forward", "unsure"):
            left, _, right, _ = box(page, f"#label-{name}")
            assert left >= 0 and right <= TALL[0], name
        page.locator("#label-clear").scroll_into_view_if_needed()
        assert box(page, "#label-clear")[2] <= TALL[0] + 1
        assert page.eval_on_selector(
            "#label-progress p",
            "(p) => { const b = p.getBoundingClientRect(); return p === document.elementFromPoint(b.x + 20, b.y + 9) }",
        )
        page.wait_for_selector("#label-progress:has-text('Proposed by the model faces.')", timeout=PATIENCE)
        cut = "(p) => p.scrollWidth > p.clientWidth || p.scrollHeight > p.clientHeight"
        assert not page.eval_on_selector("#label-progress p", cut)
        start, end = room(page)
        top, bottom = box(page, "#painter .stage")[1], box(page, "#label-progress")[3]
        assert top >= start - 8 and bottom <= end  # both are in view
