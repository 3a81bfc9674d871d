"""The classes beside the canvas: search, those in use, and a tap."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import (
    EVERYTHING,
    HAIR,
    HAT,
    Canvas,
    Scene,
)


def test_search_finds_classes_among_171(everything: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(everything)
    page = canvas.page
    assert page.locator("#painter [data-id]").count() == 171
    assert not page.is_visible("#painter [data-id='22']")  # groups are closed
    page.keyboard.press("/")
    page.keyboard.type("gir")
    names = page.locator("#painter [data-id]:visible").all_inner_texts()
    assert [n.strip() for n in names] == ["giraffe"]
    page.keyboard.press("Enter")
    assert page.inner_text("#painter .chosen-name") == "giraffe"
    assert page.input_value("#painter .find") == ""
    page.keyboard.press("/")
    page.keyboard.type("animal")  # a group's name finds its classes
    assert page.locator("#painter [data-id]:visible").count() == 10
    page.keyboard.type("zzz")
    assert page.is_visible("#painter .nothing-found")
    page.keyboard.press("Escape")
    assert not page.is_visible("#painter .nothing-found")
    page.click("#painter .heading:text-is('animal')")
    assert page.locator("#painter [data-id]:visible").count() == 10
    box = page.locator("#painter .palette").bounding_box()
    assert box["height"] < 620  # it scrolls in itself


def test_classes_in_use_stand_on_top_of_a_long_palette(everything: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(everything)
    page = canvas.page
    ids = {c.name: c.id for c in EVERYTHING.classes}
    for name in ("giraffe", "grass"):
        page.keyboard.press("/")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
    shown = [text.split("\n")[0] for text in page.locator("#painter .in-use button").all_inner_texts()]
    assert {"giraffe", "grass"} <= set(shown)
    page.keyboard.press(str(shown.index("giraffe") + 1))
    assert page.get_attribute(f"#painter [data-id='{ids['giraffe']}']", "aria-checked") == "true"
    after = [text.split("\n")[0] for text in page.locator("#painter .in-use button").all_inner_texts()]
    assert after == shown  # numbers keep their meaning
    canvas.tool("rectangle")
    canvas.drag((1.5, 1.5), (5.5, 5.5))
    assert (canvas.settled()[1:6, 1:6] == ids["giraffe"]).all()


def test_search_in_a_short_palette(faces: Scene, visit: Callable[..., Canvas]) -> None:
    page = visit(faces).page
    page.fill("#painter .find", "eye")
    assert page.locator("#painter [data-id]:visible").count() == 2
    page.fill("#painter .find", "")
    assert page.locator("#painter [data-id]:visible").count() == 19


def test_a_tap_chooses_even_where_the_browser_gives_no_click(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces, 2, True)
    fire = """([selector, ...types]) => {
        const target = document.querySelector(`#painter ${selector} > *`);
        const how = { pointerType: 'touch', pointerId: 7, bubbles: true };
        for (const type of types) target.dispatchEvent(new PointerEvent(type, how));
    }"""
    chosen = canvas.page.locator("#painter .chosen-name")
    canvas.page.evaluate(fire, [f"[data-id='{HAIR}']", "pointerdown", "pointerup"])
    assert chosen.inner_text() == "hair"
    canvas.page.evaluate(fire, [f"[data-id='{HAT}']", "pointerdown", "pointercancel"])  # the palette scrolls
    canvas.page.evaluate(fire, [f"[data-id='{HAT}']", "pointerup"])
    assert chosen.inner_text() == "hair"
    canvas.page.evaluate(fire, ["[data-tool=fill]", "pointerdown", "pointerup"])
    assert canvas.page.get_attribute("#painter [data-tool=fill]", "aria-pressed") == "true"
