"""Zoom and pan of the canvas, and the page that scrolls around it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from .conftest import (
    HAIR,
    Canvas,
    Scene,
    box_of,
)


@pytest.mark.parametrize("ratio", [1, 1.5, 2])
def test_painting_is_exact_when_zoomed(faces: Scene, visit: Callable[..., Canvas], ratio: float) -> None:
    canvas = visit(faces, ratio)
    canvas.choose(HAIR)
    x, y = canvas.at(20, 40)
    canvas.page.mouse.move(x, y)
    canvas.page.mouse.wheel(0, -900)
    canvas.page.wait_for_function("document.querySelector('#painter .stage').classList.contains('zoomed')")
    # what is under the pointer stays there, but for the wheel's positions, which are whole pixels
    assert canvas.at(20, 40) == pytest.approx((x, y), abs=3)
    assert canvas.page.evaluate("scrollY") == 0
    canvas.tool("rectangle")
    canvas.drag((19.1, 39.1), (21.9, 40.9))
    assert np.array_equal(canvas.settled(), box_of(19, 39, 3, 2, HAIR))
    canvas.tool("brush")
    canvas.size(1)
    for i in range(3):  # every pixel for itself
        canvas.click(16.5 + i, 41.5)
    assert np.array_equal(canvas.settled(), box_of(16, 41, 3, 1, HAIR, box_of(19, 39, 3, 2, HAIR)))
    canvas.page.keyboard.press("h")
    assert canvas.page.inner_text("#painter [data-do=fit]") == "100 %"


def test_space_and_the_middle_button_drag_the_view(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    for _ in range(3):
        canvas.page.click("#painter [data-do=zoom-in]")
    box = canvas.box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def drag(button: str) -> None:
        canvas.page.mouse.move(*middle)
        canvas.page.mouse.down(button=button)
        canvas.page.mouse.move(middle[0] + 30, middle[1] - 20, steps=3)
        canvas.page.mouse.up(button=button)

    before = canvas.at(0, 0)
    drag("middle")
    assert canvas.at(0, 0) == pytest.approx((before[0] + 30, before[1] - 20), abs=0.5)
    canvas.page.keyboard.down("Space")
    drag("left")
    canvas.page.keyboard.up("Space")
    assert canvas.at(0, 0) == pytest.approx((before[0] + 60, before[1] - 40), abs=0.5)
    assert not canvas.ids().any()
    drag("left")  # and without Space it paints
    assert canvas.settled().any()


def test_the_page_scrolls_by_the_wheel_where_there_is_nothing_to_zoom(
    faces: Scene, visit: Callable[..., Canvas]
) -> None:
    canvas = visit(faces)
    canvas.page.mouse.move(*canvas.at(32, 32))
    canvas.page.mouse.wheel(0, 200)
    canvas.page.wait_for_function("scrollY > 0")
    assert canvas.page.inner_text("#painter [data-do=fit]") == "100 %"
