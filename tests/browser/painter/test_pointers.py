"""Fingers, pens and palms: which pointer paints, and how its stroke ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from .conftest import (
    HAIR,
    HAT,
    Canvas,
    Point,
    Scene,
    box_of,
    face,
)


def touch(canvas: Canvas, kind: str, *points: Point) -> None:
    """One touch event at points of the screen, through the browser's own input."""
    spots = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
    canvas.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})


def test_one_finger_paints_and_two_zoom(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces, 3, phone=True)
    assert canvas.page.evaluate("document.documentElement.scrollWidth") <= 390
    canvas.choose(HAIR)
    canvas.tool("rectangle")
    touch(canvas, "touchStart", canvas.at(10.5, 10.5))
    touch(canvas, "touchMove", canvas.at(20.5, 20.5))
    touch(canvas, "touchEnd")
    painted = canvas.settled()
    assert np.array_equal(painted, box_of(10, 10, 11, 11, HAIR))

    canvas.tool("brush")
    a, b = canvas.at(30, 30), canvas.at(34, 34)
    touch(canvas, "touchStart", a)
    touch(canvas, "touchStart", a, b)  # what the first finger painted was no stroke
    touch(canvas, "touchMove", (a[0] - 40, a[1] - 40), (b[0] + 40, b[1] + 40))
    touch(canvas, "touchEnd")
    assert np.array_equal(canvas.settled(), painted)
    assert canvas.page.inner_text("#painter [data-do=fit]") != "100 %"
    assert canvas.page.evaluate("scrollY") == 0 and canvas.page.evaluate("visualViewport.scale") == 1
    canvas.tool("rectangle")
    touch(canvas, "touchStart", canvas.at(31.5, 31.5))
    touch(canvas, "touchMove", canvas.at(33.5, 33.5))
    touch(canvas, "touchEnd")
    assert np.array_equal(canvas.settled(), box_of(31, 31, 3, 3, HAIR, painted))


def test_a_second_finger_does_not_take_a_long_stroke_away(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces, 2, phone=True)
    canvas.choose(HAIR)
    a, b = canvas.at(10, 10), canvas.at(50, 10)
    touch(canvas, "touchStart", a)
    touch(canvas, "touchMove", b)
    touch(canvas, "touchStart", b, canvas.at(30, 50))
    touch(canvas, "touchEnd")
    assert canvas.settled()[9, 12:48].all()


def test_the_page_scrolls_outside_of_the_canvas(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces, 2, phone=True)
    box = canvas.page.locator("#painter .options").bounding_box()

    def swipe(x: float, y: float) -> None:
        touch(canvas, "touchStart", (x, y))
        for i in range(1, 9):
            touch(canvas, "touchMove", (x, y - 25 * i))
        touch(canvas, "touchEnd")
        canvas.page.wait_for_timeout(300)

    swipe(*canvas.at(32, 50))
    assert canvas.page.evaluate("scrollY") == 0
    swipe(box["x"] + 40, box["y"] + 15)
    assert canvas.page.evaluate("scrollY") > 50


def test_a_pen_that_presses_less_paints_less(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    canvas.size(20)
    areas = []
    for force in (0.1, 1.0):
        x, y = canvas.at(32, 32)
        pen = {"x": x, "y": y, "button": "left", "pointerType": "pen", "force": force, "clickCount": 1}
        for kind, buttons in (("mousePressed", 1), ("mouseReleased", 0)):
            canvas.devtools.send("Input.dispatchMouseEvent", {"type": kind, "buttons": buttons, **pen})
        areas.append(int(canvas.settled().astype(bool).sum()))
    assert 0 < areas[0] < areas[1] / 2


def point(canvas: Canvas, kind: str, x: float, y: float, **init: Any) -> None:
    """One pointer event of a device that the browser's own input cannot imitate."""
    at = dict(zip(("clientX", "clientY"), canvas.at(x, y)))
    canvas.page.evaluate(
        "([kind, init]) => { const canvas = document.querySelector('#painter canvas.ids');"
        "canvas.setPointerCapture = () => {};"  # it refuses pointers that do not exist
        "canvas.dispatchEvent(new PointerEvent(kind, {bubbles: true, cancelable: true, isPrimary: true, ...init})); }",
        [kind, {"pointerId": 7, **at, **init}],
    )


FINGER, PEN, MOUSE = ({"pointerType": kind} for kind in ("touch", "pen", "mouse"))


@pytest.mark.parametrize("device", [MOUSE, FINGER, PEN], ids=["mouse", "finger", "pen"])
def test_a_pointer_that_never_came_up_ends_its_stroke(
    faces: Scene, visit: Callable[..., Canvas], device: dict[str, Any]
) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    canvas.size(4)
    point(canvas, "pointerdown", 10, 10, buttons=1, **device)
    point(canvas, "pointermove", 30, 10, buttons=1, **device)
    if device is FINGER:  # it makes itself known by the next one
        point(canvas, "pointerdown", 10, 50, buttons=1, **{**device, "pointerId": 8})
        point(canvas, "pointerup", 10, 50, **{**device, "pointerId": 8})
    else:
        point(canvas, "pointermove", 30, 40, buttons=0, **device)
    painted = canvas.settled()
    assert painted[10, 10:30].all() and not painted[20:45].any()
    assert (painted[50] > 0).any() == (device is FINGER)  # the second finger paints: it is no pinch
    assert canvas.page.inner_text("#painter [data-do=fit]") == "100 %"


def test_a_pointer_that_the_browser_takes_away_leaves_nothing(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    point(canvas, "pointerdown", 10, 10, buttons=1, **FINGER)
    point(canvas, "pointercancel", 10, 10, **FINGER)
    assert not canvas.settled().any() and canvas.page.is_disabled("#painter [data-do=redo]")
    point(canvas, "pointerdown", 10, 10, buttons=1, **FINGER)
    point(canvas, "pointermove", 40, 10, buttons=1, **FINGER)
    point(canvas, "pointercancel", 40, 10, **FINGER)
    assert not canvas.settled().any()
    canvas.page.click("#painter [data-do=redo]")  # it was a stroke: nothing painted is lost
    assert canvas.settled()[10, 10:40].all()


def test_the_pen_takes_over_from_the_palm(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    canvas.size(2)
    for i, place in enumerate(((20, 60), (30, 62))):  # two parts of a hand
        point(canvas, "pointerdown", *place, buttons=1, pointerId=20 + i, isPrimary=i == 0, **FINGER)
    point(canvas, "pointerdown", 10, 10, button=0, buttons=1, pressure=1, **PEN)
    point(canvas, "pointermove", 40, 10, buttons=1, pressure=1, **PEN)
    point(canvas, "pointerup", 40, 10, **PEN)
    point(canvas, "pointerdown", 22, 60, buttons=1, pointerId=23, **FINGER)  # the hand is still there
    point(canvas, "pointerup", 22, 60, pointerId=23, **FINGER)
    painted = canvas.settled()
    assert painted[9, 10:40].all() and not painted[40:].any()
    canvas.page.keyboard.press("Control+z")
    assert not canvas.settled().any()


def test_the_other_end_of_the_pen_erases(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.start(face())
    canvas.choose(HAT)
    canvas.size(4)
    canvas.page.click("#painter [data-shape=square]")
    for buttons, button in ((32, 5), (1, 0)):
        end = {"buttons": buttons, "button": button, "pressure": 1, **PEN}
        point(canvas, "pointerdown", 32, 50, **end)
        point(canvas, "pointerup", 32, 50, button=button, **PEN)
        assert np.array_equal(canvas.settled(), box_of(30, 48, 4, 4, 0 if button else HAT, face()))
    assert canvas.page.get_attribute("#painter [data-tool=brush]", "aria-pressed") == "true"
