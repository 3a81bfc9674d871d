"""What axe finds against WCAG 2.1 AA: nothing serious, in any tab, light and dark, on a desktop and a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.drawn import write

from .conftest import SCREENS
from .test_studio import PATIENCE, wait_status

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
TABS = ("start", "variations", "appearance", "edit", "path", "check", "past", "label", "save", "advanced")
RUN = """async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })).violations
  .filter((v) => ['serious', 'critical'].includes(v.impact))
  .flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.target + ' ' + n.failureSummary))"""

# fields without an edge of 3:1 against what is around them (WCAG 1.4.11): a border, or that of what holds them
PALE_FIELDS = """() => {
  const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (color) => { // of any notation
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return { r, g, b, a: a / 255 };
  };
  const light = ({ r, g, b }) => [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (one, two) => {
    const [a, b] = [light(one), light(two)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const color = rgb(getComputedStyle(e).backgroundColor);
      if (color.a > 0.99) return color;
    }
    return rgb('white');
  };
  const edge = (e) => {
    for (let i = 0; i < 4 && e; i++, e = e.parentElement) {
      const style = getComputedStyle(e), ring = /^(\\w+\\([^)]*\\)) 0px 0px 0px 1px inset/.exec(style.boxShadow);
      const drawn = parseFloat(style.borderTopWidth) >= 1 && style.borderTopStyle !== 'none';
      if (drawn) return [rgb(style.borderTopColor), ground(e.parentElement)];
      if (ring) return [rgb(ring[1]), ground(e.parentElement)];
    }
    return null;
  };
  const fields = 'input:is([type=text], [type=search], [type=number], [type=checkbox], [type=radio], :not([type])), '
    + 'select, textarea, .field, .dialog-button';
  const open = (e) => e.checkVisibility() && !e.disabled && !e.checked;
  return [...document.querySelectorAll(fields)].filter(open).flatMap((e) => {
    const found = edge(e), ratio = found ? contrast(...found) : 1;
    return ratio < 3 ? [ratio.toFixed(2) + ' ' + (e.getAttribute('aria-label') || e.outerHTML.slice(0, 120))] : [];
  });
}"""


def open_in(studio: str, browser: Any, size: tuple[int, int], theme: str) -> Any:
    """A fresh page of that size, light or dark."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{studio}?__theme={theme}")
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    return page


@pytest.mark.parametrize("screen, theme", [("desktop", "light"), ("phone", "dark")])
def test_axe_finds_nothing_serious(studio: str, browser: Any, screen: str, theme: str) -> None:
    page = open_in(studio, browser, SCREENS[screen], theme)
    page.add_script_tag(path=AXE)
    for tab in TABS:
        page.click(f"#{tab}-button")
        page.wait_for_timeout(300)
        assert page.evaluate(RUN) == [], tab
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_fields_have_an_edge_that_is_seen(studio: str, browser: Any, theme: str) -> None:
    page = open_in(studio, browser, (1440, 900), theme)
    page.click("#gallery .card:has-text('Try a photo')")
    page.wait_for_selector("#mode", timeout=PATIENCE)
    page.click("#photo img", position={"x": 60, "y": 60})
    page.wait_for_selector("#color .dialog-button", timeout=PATIENCE)
    for tab in TABS:
        page.click(f"#{tab}-button")
        page.wait_for_selector(f"#{tab}", state="visible")
        if tab == "label":
            page.click("#label-classes > button")
            page.wait_for_selector("#class-table input[type=text]", timeout=PATIENCE)
        assert page.evaluate(PALE_FIELDS) == [], tab
    page.click("#player .more")
    assert page.evaluate(PALE_FIELDS) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_serious_where_photos_are_labelled(
    studio: str, browser: Any, screen: str, theme: str, tmp_path: Path
) -> None:
    write(tmp_path / "drawn", 3)
    page = open_in(studio, browser, SCREENS[screen], theme)
    page.add_script_tag(path=AXE)
    page.click("#label-button")
    photos = [str(p) for p in sorted((tmp_path / "drawn/images").iterdir())]
    page.set_input_files("#label input[type=file] >> nth=0", photos)
    wait_status(page, "Photo 1 of 3: 0001. Correct the proposal")
    assert page.evaluate(RUN) == []
    page.click("#label-doubt input")
    page.wait_for_selector("#painter canvas.heat, #painter .heat", state="attached", timeout=PATIENCE)
    page.click("#label-unsure")
    assert page.evaluate(RUN) == [], "unsure"
    for number in (1, 2):
        page.click("#label-accept")
        wait_status(page, f"{number} of 3 accepted. Photo {number + 1} of 3")
    for part in ("classes", "train"):
        page.click(f"#label-{part} > button")
    page.wait_for_selector("#label-command code", timeout=PATIENCE)
    page.wait_for_selector("#class-table .add", timeout=PATIENCE)
    assert page.evaluate(RUN) == [], "classes and training"
    page.click("#label-leave")
    page.wait_for_selector("#label-resume", timeout=PATIENCE)
    assert page.evaluate(RUN) == [], "left"
    page.context.close()


# of the element in focus and what holds it: what a ring, an edge or a ground would change
LOOK = """(element) => {
  const looks = [];
  for (let e = element, i = 0; e && i < 4; i++, e = e.parentElement) {
    const { outlineStyle, outlineWidth, outlineColor, borderColor, boxShadow, backgroundColor } = getComputedStyle(e);
    const ring = outlineStyle === 'none' ? '' : outlineStyle + outlineWidth + outlineColor;
    looks.push([ring, borderColor, boxShadow, backgroundColor]);
  }
  return JSON.stringify(looks);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_keyboards_place_is_seen(studio: str, browser: Any, theme: str) -> None:
    page = open_in(studio, browser, (1440, 900), theme)
    page.add_style_tag(content="*, *::before, *::after { transition: none !important; animation: none !important; }")
    page.evaluate(f"window.look = {LOOK}")
    unseen, seen = [], 0
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => {
              const e = document.activeElement;
              if (e === document.body || !e.checkVisibility()) return null;
              window.last = e;
              window.focused = window.look(e);
              return e.getAttribute('aria-label') || e.outerHTML.slice(0, 90);
            }"""
        )
        if name is None:
            continue
        seen += 1
        if page.evaluate("() => { window.last.blur(); return window.look(window.last) === window.focused; }"):
            unseen.append(name)
    assert unseen == [] and seen > 40
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_button_under_the_mouse_can_be_read(studio: str, browser: Any, theme: str) -> None:
    page = open_in(studio, browser, (1440, 900), theme)
    page.add_script_tag(path=AXE)
    page.click("#label-button")
    buttons = page.locator("#label button.primary:visible, #label button.secondary:visible")
    assert buttons.count() >= 2
    for button in buttons.all():
        button.hover()
        page.wait_for_timeout(400)  # its colour changes slowly
        assert page.evaluate(RUN) == []
    page.context.close()


def test_tab_past_the_menu_of_models_changes_nothing(studio: str, browser: Any) -> None:
    page = open_in(studio, browser, (1440, 900), "light")
    wait_status(page, "Painted")
    status, photo = page.inner_text("#status"), page.get_attribute("#photo img", "src")
    page.focus("#camera")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.click("#model input")
    with page.expect_response(lambda r: "/queue/data" in r.url, timeout=PATIENCE):
        page.click("#seed input")  # beside the menu
    page.wait_for_timeout(1000)  # the answer; that its stream ends cannot be waited for, it may be one that stays open
    page.wait_for_function("() => !document.querySelector('#photo .wrap:not(.hide)')", timeout=PATIENCE)
    assert page.inner_text("#status") == status and page.get_attribute("#photo img", "src") == photo
    page.context.close()
