"""A region that moves: its place closes, and nothing is lost when another layout comes."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from .conftest import (
    NOSE,
    RIGHT_EYE,
    SIDE,
    SKIN,
    Canvas,
    Point,
    Scene,
    box_of,
    face,
    moved_nose,
)
from .test_pointers import touch


@pytest.mark.parametrize("end", ["Enter", "click elsewhere", "another tool", "Escape", "undo"])
def test_a_region_moves_and_its_place_closes(faces: Scene, visit: Callable[..., Canvas], end: str) -> None:
    canvas = visit(faces, 2)
    canvas.start(face())
    canvas.tool("move")
    canvas.drag((32, 36), (35, 42))
    assert np.array_equal(canvas.settled(), moved_nose(3, 6))  # Python sees it before it is put down
    if end == "click elsewhere":
        canvas.click(5, 60)
    elif end == "another tool":
        canvas.tool("brush")
    elif end == "undo":
        canvas.page.click("#painter [data-do=undo]")
    else:
        canvas.page.keyboard.press(end)
    if end in ("Escape", "undo"):
        assert np.array_equal(canvas.settled(), face())
    else:
        assert np.array_equal(canvas.settled(), moved_nose(3, 6))
        canvas.page.keyboard.press("Control+z")  # one step
        assert np.array_equal(canvas.settled(), face())


def test_a_region_scales_by_handle_wheel_and_moves_by_arrows(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.start(face())
    canvas.tool("move")
    canvas.click(32, 36)
    canvas.page.keyboard.press("ArrowRight")
    canvas.page.keyboard.press("Shift+ArrowDown")
    assert np.array_equal(canvas.settled(), moved_nose(1, 10))
    canvas.drag((36, 50), (40, 58))  # the lower right corner, which stands beside it: twice the size
    big = box_of(30, 32, 4, 8, SKIN, face())
    assert np.array_equal(canvas.settled(), box_of(31, 42, 8, 16, NOSE, big))
    sent = canvas.page.evaluate("sent")
    canvas.page.mouse.move(*canvas.at(35, 50))
    canvas.page.mouse.wheel(0, 400)
    canvas.page.wait_for_function("(before) => sent > before", arg=sent)
    assert 0 < (canvas.settled() == NOSE).sum() < 8 * 16
    assert canvas.page.inner_text("#painter [data-do=fit]") == "100 %"  # the wheel did not zoom
    canvas.page.keyboard.press("Escape")
    assert np.array_equal(canvas.settled(), face())


def handles(canvas: Canvas) -> list[Point]:
    """The middles of the square handles, in label pixels."""
    path = canvas.page.get_attribute("#painter .dots", "d")
    squares = re.findall(r"M([-.\d]+) ([-.\d]+)h([.\d]+)v", path)
    return sorted((float(x) + float(side) / 2, float(y) + float(side) / 2) for x, y, side in squares)


def swipe(canvas: Canvas, *points: Point) -> None:
    touch(canvas, "touchStart", canvas.at(*points[0]))
    for point in points[1:]:
        touch(canvas, "touchMove", canvas.at(*point))
    touch(canvas, "touchEnd")


def test_the_handles_of_a_small_region_stand_beside_it(faces: Scene, visit: Callable[..., Canvas]) -> None:
    """Eight of them would hide an eye, of which a phone shows few pixels."""
    canvas = visit(faces, 2, phone=True)
    canvas.start(face())
    canvas.tool("move")
    away = 24 * SIDE / canvas.box()["width"]
    assert away > 2.5  # the eye is smaller than what the handles keep between them
    swipe(canvas, (26.5, 26))  # it is 5 x 4 pixels of the layout
    assert np.array(handles(canvas)) == pytest.approx(
        np.array([(26.5 + x, 26 + y) for x in (-away, away) for y in (-away, away)]), abs=0.01
    )
    swipe(canvas, (26.5 + 0.9 * away, 26), (26.5 + 0.9 * away, 29))  # between two of them, beside the eye
    under = box_of(24, 24, 5, 4, SKIN, face())
    assert np.array_equal(canvas.settled(), box_of(24, 27, 5, 4, RIGHT_EYE, under))
    corner = 26.5 + away, 29 + away
    swipe(canvas, corner, (corner[0] + 5, corner[1] + 4))  # a handle: twice the size
    assert np.array_equal(canvas.settled(), box_of(24, 27, 10, 8, RIGHT_EYE, under))
    canvas.page.keyboard.press("Escape")
    swipe(canvas, (45, 40))  # the hair is large
    assert len(handles(canvas)) == 8


def test_a_new_layout_while_a_region_floats_loses_nothing(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.start(face())
    canvas.tool("move")
    canvas.drag((32, 36), (35, 42))
    canvas.settled()
    canvas.page.click("#painter [data-do=clear]")
    assert not canvas.settled().any()
    canvas.page.keyboard.press("Control+z")
    assert np.array_equal(canvas.settled(), moved_nose(3, 6))
    canvas.page.keyboard.press("Control+z")
    assert np.array_equal(canvas.settled(), face())
