"""The page at the sizes that people have: large panes, nothing cut off, everything in reach; low windows and phones on
their side too. Where SEMFLOW_SCREENSHOTS names a folder, FOLDER/sizes/ gets a picture of each, light and dark.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .test_studio import PATIENCE

DESKTOPS = {
    (1024, 600): 280,
    (1280, 800): 480,
    (1366, 650): 330,
    (1440, 900): 560,
    (1920, 1080): 760,
    (2560, 1440): 1000,
}
UPRIGHT = [(390, 844), (768, 1024)]
ON_ITS_SIDE = {(667, 375): 190, (844, 390): 270, (932, 430): 310}
CONTROLS = (
    "#painter :is(.tools, .history, .options, .view) :is(button, input), #result .bar :is(button, input), "
    "#head button, #paint :is(button, input), #more [role=tab], #fold"
)
# controls that reach out of the window, or out of something that hides what reaches out of it
CUT_OFF = """(controls) => [...document.querySelectorAll(controls)].filter((c) => c.checkVisibility()).flatMap((c) => {
  const box = c.getBoundingClientRect();
  const hiders = [document.documentElement];
  for (let a = c.parentElement; a; a = a.parentElement) {
    const { overflowX } = getComputedStyle(a);
    if (overflowX === 'auto' || overflowX === 'scroll') return []; // it can be scrolled to
    if (overflowX !== 'visible') hiders.push(a);
  }
  const out = hiders.some((a) => {
    const around = a.getBoundingClientRect();
    return box.left < around.left - 1 || box.right > around.right + 1;
  });
  const thin = c.type === 'range' && box.width < 24;
  return out || thin ? [c.outerHTML.slice(0, 120) + JSON.stringify(box)] : [];
})"""
SMALL = """() => [...document.querySelectorAll('#painter :is(.tools, .history, .members, .view, .options) button, '
  + '#result .bar > button, #head button, #paint button, #more [role=tab], '
  + '#history .top button, #pad input')].filter((c) => c.checkVisibility())
  .filter((c) => !c.closest('.pair') && Math.min(c.offsetWidth, c.offsetHeight) < 39.5)
  .map((c) => c.outerHTML.slice(0, 120) + c.offsetWidth + 'x' + c.offsetHeight)"""


@contextmanager
def visit(studio: str, browser: Any, size: tuple[int, int], touch: bool) -> Iterator[Any]:
    """A fresh visit of a window of that size; afterwards its pictures are taken."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(studio)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    page.wait_for_function("document.fonts.status === 'loaded'")
    try:
        yield page
    finally:
        if folder := os.environ.get("SEMFLOW_SCREENSHOTS"):
            page.evaluate("scrollTo(0, 0)")
            for theme in ("light", "dark"):
                page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", theme == "dark")
                path = Path(folder) / "sizes" / f"{width}x{height}-{theme}.png"
                page.screenshot(path=path, full_page=True)
        context.close()


def box(page: Any, part: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in the window."""
    b = page.locator(part).bounding_box()
    return b["x"], b["y"], b["x"] + b["width"], b["y"] + b["height"]


def check_nothing_is_cut_off(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CUT_OFF, CONTROLS) == []


def check_tabs_are_reached(page: Any) -> None:
    """Every tab can be brought to the front, and what is in it into the window."""
    for tab in page.locator("#more [role=tab]").all():
        tab.click()
        panel = page.locator(f"#{tab.get_attribute('aria-controls')}")
        panel.wait_for()
        panel.evaluate("(panel) => panel.scrollIntoView({ block: 'end' })")
        assert panel.evaluate(
            "(p) => { const b = p.getBoundingClientRect(); return b.bottom <= innerHeight + 1 && b.height > 20 }"
        )


@pytest.mark.parametrize("size", DESKTOPS, ids=lambda s: f"{s[0]}x{s[1]}")
def test_a_desktop_shows_everything_in_the_window(studio: str, browser: Any, size: tuple[int, int]) -> None:
    width, height = size
    with visit(studio, browser, size, touch=False) as page:
        left, top, right, bottom = box(page, "#painter .stage")
        photo = box(page, "#photo")
        assert right - left >= DESKTOPS[size] and bottom - top == pytest.approx(right - left, abs=1)
        assert photo[2] - photo[0] == pytest.approx(right - left, abs=1) and photo[1] == top
        before, after = box(page, "#painter")[0], width - photo[2]
        assert before == pytest.approx(after, abs=2) or min(before, after) < 16  # centred
        for part in ("#painter", "#result", "#inspector", "#synthesize", "#more [role=tablist]"):
            _, top, _, bottom = box(page, part)
            assert top >= 0 and bottom <= height, part
        assert box(page, "#painter")[3] <= box(page, "#inspector")[1]
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        check_nothing_is_cut_off(page)
        check_tabs_are_reached(page)


def cut_off_below(page: Any, panel: str) -> float:
    """By how many pixels what is in a panel is higher than the panel."""
    return page.eval_on_selector(panel, "(p) => p.scrollHeight - p.clientHeight")


@pytest.mark.parametrize("size", [(1280, 800), (1440, 900), (1920, 1080), (2560, 1440)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_the_panel_has_room_for_what_is_used_most(studio: str, browser: Any, size: tuple[int, int]) -> None:
    with visit(studio, browser, size, touch=False) as page:
        page.click("#gallery .card:has-text('Try a photo')")
        page.wait_for_selector("#mode", timeout=PATIENCE)
        page.click("#photo img", position={"x": 40, "y": 40})
        page.wait_for_selector("#appearance-button[aria-selected=true]", timeout=PATIENCE)
        for tab, part in (
            ("appearance", "#pad .field"),
            ("edit", "#whole-ids"),
            ("path", "#show-morph"),
            ("start", ".card"),
            ("save", "button"),
        ):
            page.click(f"#{tab}-button")
            page.wait_for_selector(f"#{tab} {part}", timeout=PATIENCE)
            assert cut_off_below(page, f"#{tab}") <= 0, tab
        page.click("#path-button")
        assert box(page, "#other-seed input")[2] - box(page, "#other-seed input")[0] >= 60
        page.click("#label-button")
        page.set_input_files("#label input[type=file] >> nth=0", ["assets/photos/collins.jpg"])
        page.wait_for_selector("#label-accept", timeout=PATIENCE)
        assert cut_off_below(page, "#label") <= 0
        assert cut_off_below(page, "#paint") <= 0


@pytest.mark.parametrize("size", [(1280, 800), (1440, 900), (1920, 1080), (2560, 1440)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_a_wide_layout_leaves_its_height_to_the_classes(studio: str, browser: Any, size: tuple[int, int]) -> None:
    with visit(studio, browser, size, touch=False) as page:
        page.click("#model input")
        page.click("[role=option]:has-text('streets')")
        page.wait_for_function("document.querySelector('#painter canvas.ids').width === 512", timeout=PATIENCE)
        assert cut_off_below(page, "#painter .classes") <= 0
        last = "#painter .members button >> nth=-1"
        assert box(page, last)[3] <= size[1]
        page.click(last)  # nothing lies over it
        assert page.get_attribute(last, "aria-checked") == "true"
        assert box(page, "#painter .palette")[2] <= box(page, "#inspector")[0]
        for part in ("#painter .options", "#inspector", "#fold"):
            left, top, right, bottom = box(page, part)
            assert left >= 0 and right <= size[0] and bottom <= size[1], part
        check_nothing_is_cut_off(page)
        page.click("#start-button")
        card = page.locator("#gallery .card img >> nth=0").bounding_box()["height"]
        assert card == pytest.approx(158 if size == (2560, 1440) else 84, abs=30)  # the panel's pictures take the room
        for tab in ("start", "appearance"):
            page.click(f"#{tab}-button")
            assert cut_off_below(page, f"#{tab}") <= 0, tab
        page.click("#fold")
        assert box(page, "#painter .palette")[3] <= box(page, "#inspector")[1]
        assert page.evaluate("document.documentElement.scrollHeight") <= size[1]
        page.click("#fold")
        check_tabs_are_reached(page)


def test_variations_of_a_wide_layout_are_shown_whole(studio: str, browser: Any) -> None:
    with visit(studio, browser, (1440, 900), touch=False) as page:
        page.click("#model input")
        page.click("[role=option]:has-text('streets')")
        page.wait_for_function("document.querySelector('#painter canvas.ids').width === 512", timeout=PATIENCE)
        page.click("#variations-button")
        page.click("#variations button:has-text('Draw variations')")
        page.wait_for_selector("#strip img", timeout=PATIENCE)
        left, top, right, bottom = box(page, "#strip img >> nth=0")
        assert (right - left) / (bottom - top) == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("size", UPRIGHT, ids=lambda s: f"{s[0]}x{s[1]}")
def test_upright_the_photo_is_above_and_stays(studio: str, browser: Any, size: tuple[int, int]) -> None:
    width, height = size
    with visit(studio, browser, size, touch=True) as page:
        left, top, right, bottom = box(page, "#painter .stage")
        assert right - left >= 0.6 * width and bottom - top < height
        assert box(page, "#photo")[3] < top
        assert page.evaluate(SMALL) == []
        for do in ("undo", "clear"):
            assert box(page, f"#painter [data-do={do}]")[2] <= width, do
        check_nothing_is_cut_off(page)
        for tab, part in (("appearance", "#pad input >> nth=0"), ("past", "#history .top button >> nth=0")):
            page.click(f"#{tab}-button")
            page.wait_for_selector(part, timeout=PATIENCE)
            assert page.evaluate(SMALL) == []
        check_tabs_are_reached(page)
        assert 0 <= box(page, "#photo")[1] < height / 2


def test_a_phones_full_screen_has_path_and_comparison_over_the_photo(studio: str, browser: Any) -> None:
    with visit(studio, browser, (390, 844), touch=True) as page:
        page.click(".tip button")
        page.wait_for_selector(".tip[data-tip=slide]", timeout=PATIENCE)
        tip, photo = box(page, ".tip"), box(page, "#photo")
        assert tip[1] >= photo[3] and tip[2] - tip[0] > 300
        page.evaluate("document.querySelector('#result').requestFullscreen()")
        page.wait_for_function("document.fullscreenElement", timeout=PATIENCE)
        page.click("#result .compare-button")
        page.wait_for_selector("#player .compare", timeout=PATIENCE)
        assert box(page, "#result .stage") == pytest.approx(box(page, "#photo"), abs=1)
        assert not page.is_visible(".tip")


def test_a_tablet_shows_all_classes_below_a_wide_layout(studio: str, browser: Any) -> None:
    width, height = 768, 1024
    with visit(studio, browser, (width, height), touch=True) as page:
        page.click("#model input")
        page.click("[role=option]:has-text('streets')")
        page.wait_for_function("document.querySelector('#painter canvas.ids').width === 512", timeout=PATIENCE)
        left, _, right, bottom = box(page, "#painter .stage")
        assert right - left >= 0.8 * width
        for button in page.locator("#painter .members button").all():
            assert button.bounding_box()["y"] >= bottom
        last = "#painter .members button >> nth=-1"
        page.click(last)
        assert page.get_attribute(last, "aria-checked") == "true"
        for part in (last, "#painter .options", "#synthesize"):
            assert box(page, part)[3] <= box(page, "#more .tab-wrapper")[1], part
        assert page.evaluate("scrollY") == 0
        assert page.evaluate(SMALL) == []
        check_nothing_is_cut_off(page)


@pytest.mark.parametrize("size", ON_ITS_SIDE, ids=lambda s: f"{s[0]}x{s[1]}")
def test_a_phone_on_its_side_has_canvas_tools_and_classes_in_reach(
    studio: str, browser: Any, size: tuple[int, int]
) -> None:
    height = size[1]
    with visit(studio, browser, size, touch=True) as page:
        left, top, right, bottom = box(page, "#painter .stage")
        assert right - left >= ON_ITS_SIDE[size] and bottom <= height
        photo = box(page, "#photo")
        assert photo[0] >= right and photo[3] <= height
        for part in (".tools", ".history", ".options", ".view"):
            _, top, _, bottom = box(page, f"#painter {part}")
            assert top >= 0 and bottom <= height, part
        classes = box(page, "#painter .classes")
        assert classes[3] <= height and classes[3] - classes[1] >= 4 * 40
        page.tap("#painter .members button >> nth=3")
        assert page.get_attribute("#painter .members button >> nth=3", "aria-checked") == "true"
        assert page.evaluate(SMALL) == []
        check_nothing_is_cut_off(page)
        check_tabs_are_reached(page)
        photo = box(page, "#photo")
        assert photo[1] >= 0 and photo[3] <= height  # it stays beside the panel


@pytest.mark.parametrize("size", [(1280, 800), (1440, 900)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_settings_show_both_ends_of_their_sliders(studio: str, browser: Any, size: tuple[int, int]) -> None:
    with visit(studio, browser, size, touch=False) as page:
        page.click("#advanced-button")
        page.wait_for_selector("#advanced .max_value")
        cut = """() => [...document.querySelectorAll('#advanced .max_value')].filter((e) => {
          const out = e.getBoundingClientRect().right > e.closest('.block').getBoundingClientRect().right;
          return out || e.scrollWidth > e.clientWidth;
        }).map((e) => e.textContent)"""
        assert page.evaluate(cut) == []


def test_long_words_keep_their_distance_on_a_phone(studio: str, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="de")
    page = context.new_page()
    page.goto(studio)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    page.click("#appearance-button")
    page.wait_for_selector("#pad .axes input")
    gaps = """() => [...document.querySelectorAll('#pad .axes label')].map((label) => {
      const text = document.createRange();
      text.selectNodeContents(label.firstChild);
      return label.querySelector('input').getBoundingClientRect().left - text.getBoundingClientRect().right;
    })"""
    assert min(page.evaluate(gaps)) >= 6
    page.click("#variations-button")
    page.wait_for_selector("#takes label")
    assert all(b["x"] + b["width"] <= 390 for b in (e.bounding_box() for e in page.locator("#takes label").all()))
    context.close()
