"""Brushes, shapes, fill, eraser and eyedropper: the pixels that they paint."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from .conftest import (
    HAIR,
    HAT,
    NOSE,
    SIDE,
    SKIN,
    Canvas,
    Scene,
    box_of,
    face,
)


@pytest.mark.parametrize("ratio", [1, 2])
def test_square_brush_is_exact(faces: Scene, visit: Callable[..., Canvas], ratio: float) -> None:
    canvas = visit(faces, ratio)
    canvas.choose(HAIR)
    canvas.page.click("#painter [data-shape=square]")
    canvas.size(6)
    canvas.click(20, 30)
    assert np.array_equal(canvas.settled(), box_of(17, 27, 6, 6, HAIR))
    canvas.drag((20, 30), (40, 30))
    assert np.array_equal(canvas.settled(), box_of(17, 27, 26, 6, HAIR))
    canvas.size(1)
    canvas.choose(SKIN)
    canvas.click(5.7, 9.2)
    assert np.array_equal(canvas.settled(), box_of(5, 9, 1, 1, SKIN, box_of(17, 27, 26, 6, HAIR)))


@pytest.mark.parametrize("ratio", [1, 2])
def test_round_brush_is_the_disc_of_pixel_centres(faces: Scene, visit: Callable[..., Canvas], ratio: float) -> None:
    canvas = visit(faces, ratio)
    canvas.choose(HAIR)
    canvas.size(20)
    canvas.click(32, 32)
    y, x = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    distance = np.hypot(x - 32, y - 32)
    shown = canvas.settled() == HAIR
    assert shown[distance < 9.9].all() and not shown[distance > 10.1].any()
    canvas.size(1)
    canvas.click(3.9, 3.1)  # one pixel, wherever inside it the pointer is
    assert np.argwhere(canvas.settled()[:10, :10]).tolist() == [[3, 3]]


@pytest.mark.parametrize("ratio", [1, 2])
def test_rectangle_and_ellipse(faces: Scene, visit: Callable[..., Canvas], ratio: float) -> None:
    canvas = visit(faces, ratio)
    canvas.choose(HAIR)
    canvas.tool("rectangle")
    canvas.drag((10.5, 12.5), (20.5, 40.5))
    assert np.array_equal(canvas.settled(), box_of(10, 12, 11, 29, HAIR))
    canvas.page.keyboard.press("Control+z")
    canvas.tool("ellipse")
    canvas.drag((50.5, 40.5), (11.5, 21.5))  # backwards is the same box
    y, x = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    inside = ((x - 31) / 20) ** 2 + ((y - 31) / 10) ** 2 <= 1
    shown = canvas.settled() == HAIR
    assert np.array_equal(shown, inside)
    canvas.page.keyboard.press("Control+z")
    canvas.page.keyboard.down("Shift")
    canvas.drag((10.5, 10.5), (30.5, 20.5))
    canvas.page.keyboard.up("Shift")
    rows, columns = np.nonzero(canvas.settled())
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (10, 30, 10, 30)


def test_lasso_fills_what_it_encloses(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    canvas.tool("lasso")
    canvas.drag((10, 10), (40, 10), (40, 40), (10, 40))
    assert np.array_equal(canvas.settled(), box_of(10, 10, 30, 30, HAIR))


@pytest.mark.parametrize("how", ["Enter", "first corner", "double click", "button"])
def test_polygon_closes_in_each_way(faces: Scene, visit: Callable[..., Canvas], how: str) -> None:
    canvas = visit(faces, 2)
    canvas.choose(HAIR)
    canvas.tool("polygon")
    for corner in ((10, 10), (40, 10), (40, 40)):
        canvas.click(*corner)
        canvas.page.wait_for_timeout(600)  # or two clicks would be a double click
    assert not canvas.ids().any()  # nothing before it is closed
    if how == "double click":
        canvas.page.mouse.dblclick(*canvas.at(10, 40))
    else:
        canvas.click(10, 40)
        if how == "Enter":
            canvas.page.keyboard.press("Enter")
        elif how == "button":
            canvas.page.click("#painter [data-do=close]")
        else:
            canvas.page.wait_for_timeout(600)
            canvas.click(10.2, 10.2)
    assert np.array_equal(canvas.settled(), box_of(10, 10, 30, 30, HAIR))
    canvas.page.keyboard.press("Control+z")  # all of it is one step
    assert not canvas.settled().any()


def test_polygon_takes_corners_back_and_can_be_left(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    canvas.tool("polygon")
    for corner in ((10, 10), (40, 10), (60, 60)):
        canvas.click(*corner)
    canvas.page.keyboard.press("Backspace")
    canvas.click(40, 40)
    canvas.click(50, 50)
    canvas.page.keyboard.press("Control+z")  # what is under way is undone first
    canvas.click(10, 40)
    canvas.page.keyboard.press("Enter")
    assert np.array_equal(canvas.settled(), box_of(10, 10, 30, 30, HAIR))
    canvas.click(1, 1)
    canvas.click(60, 1)
    canvas.click(60, 60)
    canvas.page.keyboard.press("Escape")
    canvas.page.keyboard.press("Enter")
    assert np.array_equal(canvas.settled(), box_of(10, 10, 30, 30, HAIR))


def test_fill_takes_a_region_or_the_class_everywhere(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces, 2)
    canvas.start(face())
    canvas.tool("rectangle")
    canvas.choose(HAIR)
    canvas.drag((2.5, 2.5), (5.5, 5.5))  # a second region of hair
    base = box_of(2, 2, 4, 4, HAIR, face())
    canvas.tool("fill")
    canvas.choose(HAT)
    canvas.click(3, 3)
    assert np.array_equal(canvas.settled(), box_of(2, 2, 4, 4, HAT, face()))
    canvas.page.keyboard.press("Control+z")
    canvas.page.click("#painter [data-fill=everywhere]")
    canvas.click(3, 3)
    assert np.array_equal(canvas.settled(), np.where(base == HAIR, HAT, base))


def test_eraser_paints_background_and_the_eyedropper_takes_the_class(
    faces: Scene, visit: Callable[..., Canvas]
) -> None:
    canvas = visit(faces)
    canvas.start(face())
    canvas.tool("rectangle")
    canvas.tool("pick")
    canvas.click(32, 36)
    assert canvas.page.get_attribute(f"#painter [data-id='{NOSE}']", "aria-checked") == "true"
    assert canvas.page.get_attribute("#painter [data-tool=rectangle]", "aria-pressed") == "true"  # back to work
    assert canvas.page.inner_text("#painter .chosen-name") == "nose"
    canvas.page.keyboard.down("Alt")
    canvas.click(15, 50)
    canvas.page.keyboard.up("Alt")
    assert canvas.page.inner_text("#painter .chosen-name") == "hair"
    canvas.tool("eraser")
    assert canvas.page.inner_text("#painter .chosen-name") == "background"
    canvas.page.click("#painter [data-shape=square]")
    canvas.size(4)
    canvas.click(32, 36)
    assert np.array_equal(canvas.settled(), box_of(30, 34, 4, 4, 0, face()))
