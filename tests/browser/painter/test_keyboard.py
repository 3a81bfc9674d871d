"""The painter by keyboard alone, and its keys on every keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from .conftest import (
    HAIR,
    HAT,
    SKIN,
    Canvas,
    Scene,
    box_of,
    face,
    moved_nose,
)


def wait_said(canvas: Canvas, text: str) -> None:
    """Wait until a screen reader was told so."""
    canvas.page.wait_for_function(
        "(text) => document.querySelector('#painter [role=status].said').innerText === text", arg=text
    )


def keys(canvas: Canvas, *names: str) -> None:
    for name in names:
        canvas.page.locator("#painter canvas.ids").press(name)


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_keyboard_draws_a_stroke(faces: Scene, visit: Callable[..., Canvas], ratio: float) -> None:
    canvas = visit(faces, ratio)
    canvas.start(face())
    canvas.choose(HAT)
    canvas.size(1)
    cursor = canvas.page.locator("#painter .over .cursor")
    assert not cursor.get_attribute("d")
    keys(canvas, "ArrowRight")  # from the middle, which is (32, 32)
    assert cursor.get_attribute("d") and canvas.page.inner_text("#painter .hover").startswith("nose · ")
    wait_said(canvas, "nose, 34 across, 33 down")
    keys(canvas, "Space")
    wait_said(canvas, "Brush down. hat, 34 across, 33 down")
    keys(canvas, "Shift+ArrowDown", "ArrowRight", "1", "e")  # other keys rest
    painted = box_of(33, 32, 1, 11, HAT, box_of(34, 42, 1, 1, HAT, face()))
    assert np.array_equal(canvas.ids(), painted) and np.array_equal(canvas.value(), face())
    keys(canvas, "Enter")
    wait_said(canvas, "Brush up. hat, 35 across, 43 down")
    assert np.array_equal(canvas.settled(), painted) and canvas.page.evaluate("begun") == 1
    keys(canvas, "ArrowLeft", "ArrowLeft")  # the brush is up
    assert np.array_equal(canvas.settled(), painted)
    keys(canvas, "Control+z")  # all of it is one step
    assert np.array_equal(canvas.settled(), face())


@pytest.mark.parametrize("key", ["Escape", "Control+z"])
def test_a_stroke_of_the_keyboard_is_dropped(faces: Scene, visit: Callable[..., Canvas], key: str) -> None:
    canvas = visit(faces)
    canvas.start(face())
    canvas.choose(HAT)
    keys(canvas, "ArrowUp", "Space", "Shift+ArrowUp", key)
    assert np.array_equal(canvas.settled(), face())
    keys(canvas, "Control+z")  # and left no step behind: this is the layout before the first
    assert not canvas.settled().any()


def test_leaving_the_canvas_keeps_the_keyboards_stroke(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    canvas.size(1)
    keys(canvas, "ArrowUp", "Space", "ArrowLeft", "Tab")
    assert np.argwhere(canvas.settled()).tolist() == [[31, 31], [31, 32]]
    assert not canvas.page.locator("#painter .over .cursor").get_attribute("d")
    keys(canvas, "ArrowUp")  # where it was
    wait_said(canvas, "background, 32 across, 31 down")


def test_the_keyboard_has_the_other_tools(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces, 2)
    canvas.start(face())
    canvas.choose(HAT)
    keys(canvas, "r", "ArrowUp", "Space", "Shift+ArrowLeft", "Shift+ArrowUp", "Space")
    expected = box_of(22, 21, 11, 11, HAT, face())
    assert np.array_equal(canvas.settled(), expected)
    keys(canvas, "f", "ArrowLeft", "ArrowLeft", "Space")  # (20, 21) is skin
    expected[expected == SKIN] = HAT
    assert np.array_equal(canvas.settled(), expected)
    keys(canvas, "Control+z", "Control+z", "p", "Space", "Shift+ArrowRight", "Space", "Shift+ArrowDown", "Space")
    keys(canvas, "Enter")
    assert (canvas.settled() == HAT).sum() > 40
    keys(canvas, "Control+z", "m", "ArrowDown", "ArrowDown", "Space", "ArrowRight", "Enter")  # (30, 33) is the nose
    assert np.array_equal(canvas.settled(), moved_nose(1, 0))
    keys(canvas, "Control+z", "i", "Space")
    assert canvas.page.inner_text("#painter .chosen-name") == "nose"


def test_the_view_follows_the_cursor_and_space_still_drags_it(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    for _ in range(3):
        canvas.page.click("#painter [data-do=zoom-in]")
    keys(canvas, *["Shift+ArrowRight"] * 5)
    box, (x, _) = canvas.box(), canvas.at(63.5, 32)
    assert box["x"] < x < box["x"] + box["width"]
    canvas.page.mouse.move(*canvas.at(60, 32))  # the pointer takes over
    assert not canvas.page.locator("#painter .over .cursor").get_attribute("d")
    before = canvas.at(0, 0)
    canvas.page.keyboard.down("Space")
    canvas.page.mouse.down()
    canvas.page.mouse.move(x + 10, box["y"] + 100, steps=3)
    canvas.page.mouse.up()
    canvas.page.keyboard.up("Space")
    assert canvas.at(0, 0) != pytest.approx(before, abs=5) and not canvas.ids().any()


def test_the_canvas_says_how_the_keyboard_paints(faces: Scene, visit: Callable[..., Canvas]) -> None:
    page = visit(faces).page
    assert "arrow keys" in page.get_attribute("#painter canvas.ids", "aria-label")
    assert page.get_attribute("#painter .said", "aria-live") == "polite"
    page.focus("#painter .find")
    page.keyboard.press("Tab")  # the class that is chosen
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('canvas.ids')")
    assert page.locator("#painter .over .cursor").get_attribute("d")  # shown before it is moved
    page.keyboard.press("?")
    assert "put the brush down, lift it" in page.inner_text("#painter .help")


def press(canvas: Canvas, key: str, code: str, **init: Any) -> None:
    """A key of a keyboard of another country."""
    canvas.page.evaluate(
        "(init) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, ...init}))",
        {"key": key, "code": code, **init},
    )


KEYBOARDS = {
    "Russian": [("у", "KeyE", "eraser"), ("и", "KeyB", "brush"), ("а", "KeyF", "fill")],
    "Greek": [("ε", "KeyE", "eraser"), ("β", "KeyB", "brush"), ("ρ", "KeyR", "rectangle")],
    "AZERTY": [("m", "Semicolon", "move"), (",", "KeyM", "move"), ("b", "KeyB", "brush")],
    "IME": [("Process", "KeyL", "lasso"), ("Process", "KeyB", "brush")],
}


@pytest.mark.parametrize("keyboard", KEYBOARDS)
def test_letters_choose_tools_on_every_keyboard(faces: Scene, visit: Callable[..., Canvas], keyboard: str) -> None:
    page = (canvas := visit(faces)).page
    for key, code, tool in KEYBOARDS[keyboard]:
        press(canvas, key, code)
        assert page.get_attribute(f"#painter [data-tool={tool}]", "aria-pressed") == "true", key


def test_digits_and_brackets_go_by_their_place(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    chosen, size = (lambda: canvas.page.inner_text("#painter .chosen-name")), canvas.page.locator("#painter .size")
    names = [text.split("\n")[0] for text in canvas.page.locator("#painter [data-id]").all_inner_texts()]
    press(canvas, "é", "Digit2")  # AZERTY
    assert chosen() == names[1]
    press(canvas, "-", "Digit6")
    assert chosen() == names[5] and canvas.page.inner_text("#painter [data-do=fit]") == "100 %"
    press(canvas, "3", "Digit3", shiftKey=True)
    assert chosen() == names[2]
    press(canvas, "Dead", "BracketLeft")  # its circumflex
    press(canvas, "х", "BracketLeft")  # Russian
    assert size.input_value() == "10"
    press(canvas, "]", "Digit9", ctrlKey=True, altKey=True, modifierAltGraph=True)  # QWERTZ
    assert size.input_value() == "12"
    press(canvas, "?", "Minus", shiftKey=True)
    assert canvas.page.is_visible("#painter .help")


@pytest.mark.parametrize(
    ("key", "code"), [("я", "KeyZ"), ("ζ", "KeyZ"), ("z", "KeyW"), ("z", "KeyY"), ("Process", "KeyZ"), ("Z", "KeyZ")]
)
def test_control_z_undoes_on_every_keyboard(faces: Scene, visit: Callable[..., Canvas], key: str, code: str) -> None:
    canvas = visit(faces)
    canvas.start(face())
    press(canvas, key, code, ctrlKey=True)
    assert not canvas.settled().any()


def test_the_help_sheet_opens_and_closes(faces: Scene, visit: Callable[..., Canvas]) -> None:
    page = visit(faces).page
    page.keyboard.press("?")
    assert page.is_visible("#painter .help")
    page.keyboard.press("e")  # keys rest while it is open
    page.keyboard.press("Escape")
    assert not page.is_visible("#painter .help")
    assert page.get_attribute("#painter [data-tool=brush]", "aria-pressed") == "true"
    page.click("#painter [data-do=help]")
    page.click("#painter .help form button")
    assert not page.is_visible("#painter .help")


def test_everything_is_reached_by_keyboard_and_named(faces: Scene, visit: Callable[..., Canvas]) -> None:
    page = visit(faces).page
    unnamed = page.evaluate(
        "[...document.querySelectorAll('#painter :is(button, input, canvas)')]"
        ".filter(b => !(b.getAttribute('aria-label') || b.innerText || b.title)).length"
    )
    assert unnamed == 0
    page.focus("#painter [data-tool=brush]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.get_attribute("#painter [data-tool=eraser]", "aria-pressed") == "true"
    page.focus("#painter [data-id][aria-checked=true]")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-checked')") == "true"
