"""A region that moves: its place closes, and nothing is lost when another layout comes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from .conftest import (
    NOSE,
    SKIN,
    Canvas,
    Scene,
    box_of,
    face,
    moved_nose,
)


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
    canvas.drag((35, 50), (39, 58))  # the lower right corner, twice the size
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
