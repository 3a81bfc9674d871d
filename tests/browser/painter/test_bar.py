"""The bar of a selection: beside it, off small regions that may be clicked next, and still under its own buttons."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from .conftest import (
    HAT,
    NOSE,
    Canvas,
    Scene,
    box_of,
    face,
)

CENTRES = {"right eye": (26, 26), "left eye": (37.5, 26), "nose": (32, 36)}
BAR = "#painter .bar"


@pytest.fixture(params=[False, True], ids=["desktop", "phone"])
def canvas(request: pytest.FixtureRequest, faces: Scene, visit: Callable[..., Canvas]) -> Canvas:
    canvas = visit(faces, phone=request.param)
    canvas.start(face())
    canvas.tool("select")
    return canvas


def is_under_the_bar(canvas: Canvas, x: float, y: float) -> bool:
    return canvas.page.evaluate("([x, y]) => Boolean(document.elementFromPoint(x, y).closest('.bar'))", canvas.at(x, y))


@pytest.mark.parametrize("name", [*CENTRES, "skin", "hair"])
def test_small_regions_stay_in_reach_of_the_next_click(canvas: Canvas, name: str) -> None:
    canvas.click(*{**CENTRES, "skin": (32, 50), "hair": (16, 40)}[name])
    assert canvas.page.locator(BAR).is_visible()
    assert [other for other, at in CENTRES.items() if is_under_the_bar(canvas, *at)] == []
    bar, stage = canvas.page.locator(BAR).bounding_box(), canvas.box()
    assert bar["x"] >= stage["x"] and bar["x"] + bar["width"] <= stage["x"] + stage["width"]
    assert bar["y"] >= stage["y"] and bar["y"] + bar["height"] <= stage["y"] + stage["height"]


def test_all_small_regions_are_added_one_after_the_other(canvas: Canvas) -> None:
    canvas.choose(HAT)
    canvas.page.keyboard.down("Shift")
    for at in CENTRES.values():
        canvas.click(*at)
    canvas.page.keyboard.up("Shift")
    canvas.page.click(f"{BAR} [data-select=fill]")
    filled = face()
    filled[24:28, [*range(24, 29), *range(35, 40)]] = HAT
    filled[32:40, 30:34] = HAT
    assert np.array_equal(canvas.settled(), filled)


def test_its_buttons_can_be_pressed_again_where_they_are(canvas: Canvas) -> None:
    canvas.choose(HAT)
    canvas.click(*CENTRES["nose"])
    grow = canvas.page.locator(f"{BAR} [data-select=grow]")
    box = grow.bounding_box()
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for _ in range(4):
        canvas.page.mouse.click(*at)
    assert grow.bounding_box() == box
    canvas.page.click(f"{BAR} [data-select=fill]")
    grown = canvas.settled()
    assert (grown == HAT)[32 - 4 : 40 + 4, 32].all() and not (grown == HAT)[32 - 5, :].any()
    assert not (grown == NOSE).any()


def test_where_there_is_no_room_beside_it_stays_inside(canvas: Canvas) -> None:
    canvas.start(box_of(0, 0, 64, 64, HAT))
    canvas.click(32, 32)
    bar, stage = canvas.page.locator(BAR).bounding_box(), canvas.box()
    assert stage["x"] <= bar["x"] and bar["y"] + bar["height"] <= stage["y"] + stage["height"]
    canvas.page.keyboard.press("+")
    canvas.page.keyboard.press("+")
    bar = canvas.page.locator(BAR).bounding_box()
    assert stage["x"] <= bar["x"] and bar["y"] + bar["height"] <= stage["y"] + stage["height"]
