"""Symmetry: what is painted on one side is painted on the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from .conftest import (
    FACES,
    HAT,
    LEFT_EYE,
    NOSE,
    RIGHT_EYE,
    Canvas,
    Scene,
    face,
)


def test_every_tool_keeps_the_symmetry(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces, 2)
    canvas.start(face())
    canvas.page.click("#painter [data-do=mirror]")
    before = face()

    def changed() -> None:
        nonlocal before
        now = canvas.settled()
        assert np.array_equal(FACES.flip(now), now)
        assert not np.array_equal(now, before)
        before = now

    canvas.choose(LEFT_EYE)
    canvas.size(5)
    canvas.drag((46, 4), (58, 9))
    changed()
    assert set(np.unique(before[:, 32:])) >= {LEFT_EYE} and RIGHT_EYE not in before[:, 32:]
    canvas.page.click("#painter [data-shape=square]")
    canvas.drag((26, 60), (40, 62))  # across the axis
    changed()
    canvas.tool("rectangle")
    canvas.drag((3.5, 3.5), (8.5, 9.5))
    changed()
    assert RIGHT_EYE in before[3:9, 55:61]  # the mirror class of the one that was chosen
    canvas.tool("ellipse")
    canvas.drag((2.5, 40.5), (9.5, 50.5))
    changed()
    canvas.tool("lasso")
    canvas.choose(HAT)
    canvas.drag((25, 10), (40, 12), (30, 14))
    changed()
    canvas.tool("polygon")
    for corner in ((14, 30), (18, 32), (14, 40)):
        canvas.click(*corner)
    canvas.page.keyboard.press("Enter")
    changed()
    canvas.tool("fill")
    canvas.choose(FACES.classes[7].id)  # a brow into an eye: the other brow into the other eye
    canvas.click(26, 26)
    changed()
    assert set(np.unique(before[24:28, 24:29])) == {7} and set(np.unique(before[24:28, 35:40])) == {6}
    canvas.page.click("#painter [data-fill=everywhere]")
    canvas.choose(LEFT_EYE)
    canvas.click(37, 26)
    changed()
    canvas.tool("eraser")
    canvas.drag((15, 50), (18, 54))
    changed()
    canvas.tool("move")
    canvas.drag((37, 26), (39, 30))
    canvas.page.keyboard.press("Enter")
    changed()
    canvas.page.keyboard.press("s")
    canvas.tool("rectangle")
    canvas.drag((1.5, 20.5), (3.5, 22.5))
    assert not np.array_equal(FACES.flip(canvas.settled()), canvas.ids())


@pytest.fixture
def moving(faces: Scene, visit: Callable[..., Canvas]) -> Canvas:
    """A symmetric face with symmetry on and the move tool in the hand."""
    canvas = visit(faces)
    canvas.start(face())
    canvas.page.click("#painter [data-do=mirror]")
    canvas.tool("move")
    return canvas


@pytest.mark.parametrize("held", [(26, 26), (37, 26)], ids=["one side", "each side in turn"])
def test_regions_that_are_turned_together_several_times_are_what_they_were_when_they_are_turned_back(
    moving: Canvas, held: tuple[int, int]
) -> None:
    """Also where they are taken hold of on the other side: there right is left."""
    turned = []
    for i, key in enumerate("...,,,"):
        if held == (37, 26) and i % 2:
            moving.click(26, 26)
            key = "," if key == "." else "."
        else:
            moving.click(*held)
        moving.page.keyboard.press(key)
        turned.append(moving.settled())
        assert np.array_equal(FACES.flip(turned[-1]), turned[-1])
        moving.page.keyboard.press("Enter")
    assert not np.array_equal(turned[1], face())
    assert np.array_equal(turned[-1], face())


def test_a_region_on_the_axis_that_is_scaled_several_times_is_what_it_was_when_it_is_scaled_back(
    moving: Canvas,
) -> None:
    scaled = []
    for by in (-200, -100, 100, 200):  # the wheel: larger, then smaller again
        moving.click(32, 36)
        moving.page.mouse.wheel(0, by)
        scaled.append(moving.settled())
        moving.page.keyboard.press("Enter")
    assert (scaled[1] == NOSE).sum() > (scaled[0] == NOSE).sum() > (face() == NOSE).sum()
    assert np.array_equal(scaled[-1], face())


def test_symmetry_is_offered_only_where_classes_have_sides(everything: Scene, visit: Callable[..., Canvas]) -> None:
    assert not visit(everything).page.is_visible("#painter [data-do=mirror]")
