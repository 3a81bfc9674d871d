"""The selection: regions clicked on the canvas or in the photo, and what the bar beside them does."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semflow_core.method.colors import read_color
from semflow_core.pictures.layouts import read_layout
from semflow_core.requests.packing import pack_labels

from ..test_studio import PATIENCE, drag, photo_url, wait_new_photo, wait_status
from ..test_studio import visit as visit_studio
from .conftest import (
    FACES,
    HAIR,
    HAT,
    LEFT_EYE,
    NOSE,
    RIGHT_EYE,
    SIDE,
    SKIN,
    Canvas,
    Scene,
    blank,
    box_of,
    face,
)

GLASSES, BROW = 3, 7
LEFT, RIGHT = (37.5, 26), (26, 26)  # in the eyes of `face`


def act(canvas: Canvas, name: str) -> None:
    canvas.page.click(f"#painter [data-select={name}]")


def outline(canvas: Canvas) -> str:
    return canvas.page.get_attribute("#painter .ants", "d")


@pytest.fixture
def canvas(faces: Scene, visit: Callable[..., Canvas]) -> Iterator[Canvas]:
    canvas = visit(faces)
    canvas.start(face())
    canvas.tool("select")
    yield canvas


@pytest.mark.parametrize("how", ["key", "button"])
def test_the_move_tool_takes_what_is_selected(canvas: Canvas, how: str) -> None:
    canvas.click(*LEFT)
    if how == "key":
        canvas.page.keyboard.press("m")
    else:
        canvas.tool("move")
        canvas.page.focus("#painter canvas.ids")
    canvas.page.keyboard.press("ArrowDown")
    canvas.page.keyboard.press("Enter")
    lower = face()
    lower[24, 35:40] = SKIN
    lower[28, 35:40] = LEFT_EYE
    assert np.array_equal(canvas.settled(), lower)
    assert canvas.page.locator("#painter .bar").is_visible()  # it stays selected
    assert canvas.page.get_attribute("#painter [data-tool=select]", "aria-pressed") == "true"


def test_an_undo_to_another_picture_keeps_no_selection_of_this_one(canvas: Canvas) -> None:
    canvas.page.evaluate("(value) => update({value, landing: 1})", pack_labels(face()))
    canvas.page.evaluate("(value) => update({value, landing: 2})", pack_labels(blank()))
    canvas.page.wait_for_function("!document.querySelector('#painter [data-do=undo]').disabled")
    canvas.choose(HAT)
    canvas.tool("rectangle")
    canvas.drag((4.5, 4.5), (12.5, 12.5))
    canvas.tool("select")
    canvas.click(8, 8)
    canvas.page.keyboard.press("Control+z")
    assert canvas.page.locator("#painter .bar").is_visible()  # the same picture
    canvas.page.keyboard.press("Control+z")
    assert np.array_equal(canvas.settled(), face())
    assert canvas.page.locator("#painter .bar").is_hidden()


def test_clicks_select_add_and_take_away(canvas: Canvas) -> None:
    bar = canvas.page.locator("#painter .bar")
    assert bar.is_hidden()
    canvas.click(*LEFT)
    assert bar.is_visible() and canvas.page.inner_text("#painter .hover") == "left eye · 0.5 %"
    canvas.page.keyboard.down("Shift")
    canvas.click(*RIGHT)
    canvas.page.keyboard.up("Shift")
    canvas.choose(HAT)
    act(canvas, "fill")
    filled = face()
    filled[24:28, [*range(24, 29), *range(35, 40)]] = HAT
    assert np.array_equal(canvas.settled(), filled)
    canvas.page.keyboard.press("Control+z")
    assert np.array_equal(canvas.settled(), face())
    canvas.page.keyboard.down("Alt")
    canvas.click(*LEFT)
    canvas.page.keyboard.up("Alt")
    act(canvas, "fill")
    assert np.array_equal(canvas.settled(), box_of(24, 24, 5, 4, HAT, face()))  # only the right eye was left
    canvas.click(*LEFT)  # without a key it is the only one
    assert outline(canvas).startswith("M35 24H40")
    canvas.page.keyboard.press("Escape")
    assert bar.is_hidden() and outline(canvas) == ""


def test_the_plus_adds_without_a_key(canvas: Canvas) -> None:
    canvas.click(*LEFT)
    act(canvas, "add")
    canvas.click(*RIGHT)
    canvas.page.keyboard.press("Delete")  # what is around closes over both
    closed = face()
    closed[24:28, 24:40] = SKIN
    assert np.array_equal(canvas.settled(), closed)


def test_by_class_inverted_grown_shrunk_and_smoothed(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    two = box_of(40, 40, 8, 8, SKIN, box_of(10, 10, 8, 8, SKIN))
    canvas.start(two)
    canvas.tool("select")
    canvas.choose(HAT)
    wide = box_of(9, 10, 10, 8, HAT, box_of(10, 9, 8, 10, HAT, box_of(40, 40, 8, 8, SKIN)))
    thin = box_of(11, 11, 6, 6, HAT, two)
    for acts, expected in {
        (): box_of(10, 10, 8, 8, HAT, two),
        ("classes",): np.where(two == SKIN, HAT, two),
        ("invert",): np.where(box_of(10, 10, 8, 8, 1) == 1, two, HAT),
        ("grow",): wide,  # 64 pixels: a step is one
        ("shrink",): thin,
        ("shrink", "grow"): box_of(10, 11, 8, 6, HAT, box_of(11, 10, 6, 8, HAT, two)),  # corners are lost
    }.items():
        canvas.click(14, 14)
        for name in (*acts, "fill"):
            act(canvas, name)
        assert np.array_equal(canvas.settled(), expected), acts
        canvas.page.keyboard.press("Escape")
        canvas.page.keyboard.press("Control+z")
        assert np.array_equal(canvas.settled(), two)
    ragged = box_of(20, 20, 20, 20, SKIN)
    ragged[19, 30] = SKIN
    canvas.start(ragged)
    canvas.click(30, 30)
    act(canvas, "smooth")
    act(canvas, "fill")
    smoothed = canvas.settled()
    assert smoothed[19, 30] == SKIN and (smoothed[21:39, 21:39] == HAT).all()


def test_the_selection_floats_scales_and_turns(canvas: Canvas) -> None:
    bar = box_of(20, 30, 20, 4, HAT)
    canvas.start(bar)
    canvas.click(30, 32)
    act(canvas, "lift")
    canvas.page.keyboard.press(".")  # 15 degrees
    for _ in range(5):
        canvas.page.keyboard.press(".")
    canvas.page.keyboard.press("Enter")
    upright = canvas.settled()
    assert np.array_equal(upright, box_of(28, 22, 4, 20, HAT))
    canvas.page.keyboard.press("Control+z")
    assert np.array_equal(canvas.settled(), bar)

    # by the handle above it: a quarter turn about (30, 32), and the same where Shift keeps to 15 degrees
    neck = 26 * SIDE / canvas.box()["width"]
    act(canvas, "lift")  # the undo has selected it again
    canvas.drag((30, 30 - neck), (33 + neck, 32), (32 + neck, 32))
    canvas.page.keyboard.press("Enter")
    assert np.array_equal(canvas.settled(), upright)


def test_a_region_that_is_turned_several_times_is_what_it_was_when_it_is_turned_back(canvas: Canvas) -> None:
    """Each turn of what the one before has made would fray its edge, shift it, and leave pieces of it behind."""
    hat = box_of(10, 40, 30, 6, HAT, box_of(20, 30, 10, 10, HAT, box_of(0, 44, 64, 20, HAIR)))
    canvas.start(hat)
    canvas.click(25, 35)
    turned = []
    for key in ".....,,,,,":
        act(canvas, "lift")
        canvas.page.keyboard.press(key)
        canvas.page.keyboard.press("Enter")  # it is put down, and stays selected
        turned.append(canvas.settled())
    assert np.array_equal(turned[-1], hat)  # the hair, too
    canvas.page.keyboard.press("Control+z")
    assert np.array_equal(canvas.settled(), turned[-2])  # a step each
    canvas.page.keyboard.press("Escape")
    canvas.choose(NOSE)
    canvas.page.keyboard.press("b")
    canvas.click(25, 38)  # something is painted over it: now it is what it looks like
    canvas.tool("select")
    canvas.click(28, 42)
    act(canvas, "lift")
    canvas.page.keyboard.press("ArrowDown")
    assert canvas.page.inner_text("#painter .amount") == ""


def test_a_region_that_was_put_down_beside_its_like_stays_one(canvas: Canvas) -> None:
    two = box_of(10, 10, 8, 8, HAT, box_of(40, 10, 8, 8, HAT))
    canvas.start(two)
    canvas.click(14, 14)
    act(canvas, "lift")
    canvas.drag((14, 14), (36, 14))
    canvas.page.keyboard.press("Enter")
    assert np.array_equal(canvas.settled(), box_of(32, 10, 16, 8, HAT))
    canvas.click(44, 14)  # the other one, and nothing but it
    act(canvas, "erase")
    assert np.array_equal(canvas.settled(), box_of(32, 10, 8, 8, HAT))


def test_undo_and_redo_bring_the_selection_with_them(canvas: Canvas) -> None:
    canvas.click(32, 36)  # the nose
    nose = outline(canvas)
    act(canvas, "lift")
    canvas.page.keyboard.press("Escape")
    assert outline(canvas) == nose  # as if it had never been lifted
    act(canvas, "lift")
    canvas.page.keyboard.press("Shift+ArrowDown")
    canvas.page.keyboard.press("Enter")
    moved, there = canvas.settled(), outline(canvas)
    assert (
        there.startswith("M30 42H34") and canvas.page.locator("#painter [data-tool=select][aria-pressed=true]").count()
    )
    canvas.page.keyboard.press("Control+z")
    assert np.array_equal(canvas.settled(), face()) and outline(canvas) == nose
    canvas.page.keyboard.press("Control+Shift+z")
    assert np.array_equal(canvas.settled(), moved) and outline(canvas) == there
    canvas.page.keyboard.press("Control+z")
    canvas.page.keyboard.press("Delete")
    assert outline(canvas) == ""
    canvas.page.keyboard.press("Control+z")
    assert np.array_equal(canvas.settled(), face()) and outline(canvas) == nose


def test_lines_beside_a_hole_go_on_through_it(canvas: Canvas) -> None:
    """The nearest class alone would pile the ground up where a tower stood, to the roof's half."""
    ground = box_of(0, 28, SIDE, 36, SKIN)
    canvas.start(box_of(24, 8, 16, 24, HAT, ground))
    canvas.click(32, 24)
    canvas.page.keyboard.press("Delete")
    closed = canvas.settled()
    assert np.array_equal(closed, closed[:, ::-1])
    beyond = np.delete(np.arange(SIDE), [26, 27])
    assert np.array_equal(closed[beyond], ground[beyond])  # by the nearest class: three rows more


def test_the_angle_and_the_size_are_shown_while_they_change(canvas: Canvas) -> None:
    page = canvas.page

    def amount() -> str:
        return page.inner_text("#painter .amount").replace("\u00a0", " ")

    canvas.start(box_of(20, 30, 20, 4, HAT))
    canvas.click(30, 32)
    act(canvas, "lift")
    assert amount() == ""
    page.keyboard.press(".")
    assert amount() == "15°"
    page.wait_for_function("document.querySelector('#painter .said').textContent === '15°'")
    for _ in range(2):
        page.keyboard.press(",")
    assert amount() == "−15°"
    page.keyboard.press(".")
    pixel = SIDE / canvas.box()["width"]
    low, neck = 32 + 24 * pixel, (24 - 15 + 26) * pixel  # the handles stand around a box 48 screen pixels high
    page.mouse.move(*canvas.at(30, 30 - neck))
    page.mouse.down()
    assert amount() == "0°"  # the hand holds it
    page.mouse.move(*canvas.at(32 + neck, 32), steps=4)
    assert amount() == "90°"  # while the button is down
    place, box = page.locator("#painter .amount").bounding_box(), canvas.box()
    assert canvas.at(0, 42)[1] < place["y"] and place["y"] + place["height"] < box["y"] + box["height"]
    page.mouse.move(*canvas.at(30, 30 - neck), steps=4)
    page.mouse.up()
    assert amount() == ""
    page.mouse.move(*canvas.at(40, 32))  # the right side
    page.mouse.down()
    page.mouse.move(*canvas.at(45, 32), steps=4)
    assert amount() == "125 × 100 %"
    page.mouse.up()
    assert amount() == "125 × 100 %"  # it stays until the region is put down
    page.mouse.move(*canvas.at(45, low))  # a corner
    page.mouse.down()
    page.mouse.move(*canvas.at(57.5, low + 2), steps=4)
    assert amount() == "188 × 150 %"
    page.mouse.up()
    page.keyboard.press("Enter")
    assert amount() == ""


def test_what_is_said_of_an_unsure_region_ends_with_it(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.start(face())
    said = (
        "document.querySelector('#painter .said').textContent + document.querySelector('#painter .hover').textContent"
    )
    canvas.page.evaluate("(spots) => update({spots})", pack_labels(box_of(24, 24, 5, 4, 1)))
    for end in ("Escape", "u"):  # left, or the last
        canvas.page.keyboard.press("u")
        canvas.page.wait_for_function(f"({said}).startsWith('Unsure region 1 of 1')")
        canvas.page.keyboard.press(end)
        assert outline(canvas) == ""
        if end == "u":
            assert "That was the last" in canvas.page.evaluate(said)
            canvas.page.keyboard.press("Escape")
        assert canvas.page.evaluate(said) == ""
        canvas.page.evaluate("(spots) => update({spots})", pack_labels(box_of(24, 24, 5, 4, 1)))


def test_an_unsure_region_that_is_on_its_way_is_waited_for(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.start(face())
    asked = "(spots) => { update({spots}); document.dispatchEvent(new CustomEvent('semflow:spot')); }"
    canvas.page.evaluate(asked, pack_labels(box_of(24, 24, 5, 4, 1)))
    said = "document.querySelector('#painter .hover').textContent"
    canvas.page.wait_for_function(f"{said} !== ''")
    assert canvas.page.evaluate(said) == "Unsure region 1 of 1"


def test_a_turned_region_scales_about_its_other_side(canvas: Canvas) -> None:
    canvas.start(box_of(20, 30, 20, 4, HAT))
    canvas.click(30, 32)
    act(canvas, "lift")
    for _ in range(6):
        canvas.page.click("#painter [data-do=turn-right]")
    # upright from row 22 to 42; the side that was right is the lower end
    canvas.drag((30, 42), (30, 52))
    canvas.page.keyboard.press("Enter")
    assert np.array_equal(canvas.settled(), box_of(28, 22, 4, 30, HAT))


def test_a_key_right_after_the_bar_is_no_key_of_a_button(canvas: Canvas) -> None:
    """A button that hides itself keeps the focus until the browser draws: a fast hand is faster."""
    press = """(name) => {
        const button = document.querySelector(`#painter [data-${name}]`);
        button.focus();
        button.click();
        const key = { key: 'ArrowRight', code: 'ArrowRight', bubbles: true, cancelable: true };
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', key));
    }"""
    canvas.click(32, 36)  # the nose
    canvas.page.evaluate(press, "select=copy")
    canvas.page.evaluate(press, "select=lift")
    moved = box_of(31, 32, 4, 8, NOSE, box_of(30, 32, 4, 8, SKIN, face()))
    assert np.array_equal(canvas.settled(), moved)
    canvas.page.keyboard.press("Escape")
    canvas.page.evaluate(press, "for~=move] [data-do=paste")  # it comes back where it was, and goes right
    assert np.array_equal(canvas.settled(), box_of(31, 32, 4, 8, NOSE, face()))


def worn() -> np.ndarray:
    """`face` with a pair of glasses around both eyes, over the nose's upper end, and a brow that touches them."""
    labels = face()
    labels[22:34, 21:43] = GLASSES
    labels[30:34, 31:33] = NOSE
    labels[24:28, 24:29], labels[24:28, 35:40] = RIGHT_EYE, LEFT_EYE
    labels[20:22, 24:29] = BROW
    return labels


def without_glasses() -> np.ndarray:
    """The skin fills the place of the glasses of `worn`: neither eyes, nor nose, nor brow grow."""
    labels = worn()
    labels[labels == GLASSES] = SKIN
    return labels


def test_features_keep_their_size_where_a_region_is_erased(canvas: Canvas) -> None:
    canvas.start(worn())
    canvas.click(22, 30)
    canvas.page.keyboard.press("Delete")
    assert np.array_equal(canvas.settled(), without_glasses())


@pytest.mark.parametrize("how", ["moved", "turned", "scaled", "raised"])
def test_glasses_go_behind_the_eyes(canvas: Canvas, how: str) -> None:
    canvas.start(worn())
    canvas.click(22, 30)
    act(canvas, "lift")
    expected = without_glasses()
    if how == "moved":
        canvas.page.keyboard.press("ArrowRight")
        canvas.page.keyboard.press("ArrowDown")
        expected[23:35, 22:44] = GLASSES
        expected[31:35, 32:34] = without_glasses()[31:35, 32:34]  # the notch at the nose went along
    elif how == "raised":
        for _ in range(3):
            canvas.page.keyboard.press("ArrowUp")
        expected[19:31, 21:43] = GLASSES
        expected[27:31, 31:33] = without_glasses()[27:31, 31:33]
        expected[worn() == BROW] = BROW
    elif how == "turned":
        for _ in range(6):
            canvas.page.keyboard.press(".")  # to a quarter turn, about (32, 28)
        expected[17:39, 26:38] = GLASSES
        expected[27:29, 26:30] = without_glasses()[27:29, 26:30]
        expected[worn() == BROW] = BROW  # they come to lie under it
    else:
        canvas.drag((43, 34), (54, 40))  # the lower right corner, half as large again
        expected[22:40, 21:54] = GLASSES
        expected[34:40, 36:39] = without_glasses()[34:40, 36:39]
    for eye in (LEFT_EYE, RIGHT_EYE):
        expected[worn() == eye] = eye  # whole, and no glasses have a gap where an eye was
    assert np.array_equal(canvas.settled(), expected)
    canvas.page.keyboard.press("Escape")
    assert np.array_equal(canvas.settled(), worn())


@pytest.mark.parametrize("how", ["moved", "pasted"])
def test_glasses_that_enclose_no_eye_go_behind_brows_and_eyes(canvas: Canvas, how: str) -> None:
    drawn = face()
    drawn[20:22, 24:29] = BROW
    drawn[40:46, 22:42] = GLASSES  # below the eyes, where the mouth would be
    canvas.start(drawn)
    canvas.click(30, 42)
    under = drawn
    if how == "pasted":
        act(canvas, "copy")
        canvas.page.keyboard.press("Escape")
        canvas.page.keyboard.press("Control+v")
    else:
        act(canvas, "lift")
        under = np.where(drawn == GLASSES, SKIN, drawn).astype(np.uint8)
    for up in (18, 3):  # over the eyes, over the brow
        for _ in range(up):
            canvas.page.keyboard.press("ArrowUp")
        top = 22 if up == 18 else 19
        expected = box_of(22, top, 20, 6, GLASSES, under)
        for feature in (BROW, LEFT_EYE, RIGHT_EYE):
            expected[drawn == feature] = feature
        assert np.array_equal(canvas.settled(), expected)
    canvas.page.keyboard.press("Escape")
    assert np.array_equal(canvas.settled(), drawn)


def test_other_things_cover_a_brow(canvas: Canvas) -> None:
    drawn = face()
    drawn[20:22, 24:29] = BROW
    drawn[40:46, 22:42] = HAT
    canvas.start(drawn)
    canvas.click(30, 42)
    act(canvas, "lift")
    for _ in range(21):
        canvas.page.keyboard.press("ArrowUp")
    expected = box_of(22, 19, 20, 6, HAT, np.where(drawn == HAT, SKIN, drawn).astype(np.uint8))
    assert np.array_equal(canvas.settled(), expected)


def test_skin_shows_through_a_thin_frame_that_moves(canvas: Canvas) -> None:
    framed = face()
    framed[22:30, 22:42] = GLASSES
    framed[23:29, 23:41] = SKIN  # a frame of one pixel
    framed[24:28, 24:29], framed[24:28, 35:40] = RIGHT_EYE, LEFT_EYE
    canvas.start(framed)
    canvas.click(22.5, 22.5)
    act(canvas, "lift")
    canvas.page.keyboard.press("ArrowDown")
    expected = face()
    expected[23:31, 22:42] = GLASSES
    expected[24:30, 23:41] = face()[24:30, 23:41]
    assert np.array_equal(canvas.settled(), expected)


def test_a_face_moves_behind_its_features(canvas: Canvas) -> None:
    canvas.page.keyboard.press("s")  # the region on both sides of the axis
    canvas.page.keyboard.press("m")
    canvas.drag((32, 52), (32, 54))
    expected = face()
    expected[16:18, 20:44] = HAIR
    expected[56:58, 20:44] = SKIN
    assert np.array_equal(canvas.settled(), expected)


def test_a_region_is_copied_and_pasted_into_another_layout(canvas: Canvas) -> None:
    canvas.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    canvas.click(32, 36)  # the nose
    canvas.page.keyboard.press("Control+c")
    canvas.start(blank())
    canvas.page.keyboard.press("Control+v")
    assert np.array_equal(canvas.settled(), box_of(30, 32, 4, 8, NOSE))
    canvas.page.keyboard.press("ArrowRight")
    canvas.page.keyboard.press("Enter")
    assert np.array_equal(canvas.settled(), box_of(31, 32, 4, 8, NOSE))
    canvas.page.click("#painter [data-do=paste]:visible")  # the button knows it too
    canvas.page.keyboard.press("Enter")
    assert np.array_equal(canvas.settled(), box_of(30, 32, 5, 8, NOSE))


def test_copied_glasses_have_no_holes_where_the_eyes_were(canvas: Canvas) -> None:
    canvas.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    framed = face()
    framed[22:30, 22:42] = GLASSES
    framed[24:28, 24:29], framed[24:28, 35:40] = RIGHT_EYE, LEFT_EYE
    canvas.start(framed)
    canvas.click(22.5, 22.5)
    canvas.page.keyboard.press("Control+c")
    small = face()  # whose eyes are smaller
    small[24:28, 24:29] = small[24:28, 35:40] = SKIN
    small[25:27, 25:28], small[25:27, 36:39] = RIGHT_EYE, LEFT_EYE
    canvas.start(small)
    canvas.page.keyboard.press("Control+v")
    expected = small.copy()
    expected[22:30, 22:42] = np.where(np.isin(small[22:30, 22:42], [RIGHT_EYE, LEFT_EYE]), small[22:30, 22:42], GLASSES)
    assert np.array_equal(canvas.settled(), expected)


def test_the_symmetry_selects_and_fills_both_sides(canvas: Canvas) -> None:
    canvas.page.keyboard.press("s")
    canvas.click(*LEFT)
    canvas.choose(RIGHT_EYE)
    act(canvas, "fill")
    swapped = box_of(24, 24, 5, 4, LEFT_EYE, box_of(35, 24, 5, 4, RIGHT_EYE, face()))
    assert np.array_equal(canvas.settled(), swapped)


def test_painting_and_another_layout_end_the_selection(canvas: Canvas) -> None:
    canvas.click(*LEFT)
    canvas.page.keyboard.press("b")
    assert outline(canvas) == ""
    canvas.tool("select")
    canvas.click(*LEFT)
    canvas.start(box_of(0, 0, 9, 9, HAIR))
    assert outline(canvas) == ""


def test_the_bar_shows_what_is_locked(canvas: Canvas) -> None:
    lock = canvas.page.locator("#painter [data-select=lock]")

    def shows(name: str) -> bool:
        return (lock.get_attribute("aria-label"), lock.get_attribute("aria-pressed")) == (
            name,
            str(name == "Unlock").lower(),
        )

    canvas.page.evaluate("(locked) => update({ locked })", [LEFT_EYE, RIGHT_EYE])
    canvas.click(32, 36)  # the nose
    assert shows("Lock")
    canvas.click(*LEFT)
    assert shows("Unlock")
    canvas.page.keyboard.down("Shift")
    canvas.click(32, 36)
    canvas.page.keyboard.up("Shift")
    assert shows("Lock")  # not all of it is locked
    canvas.page.evaluate("(locked) => update({ locked })", [LEFT_EYE, RIGHT_EYE, NOSE])
    assert shows("Unlock")
    canvas.page.evaluate("(locked) => update({ locked })", [LEFT_EYE, NOSE])
    assert shows("Lock")  # two eyes go together


def test_the_bar_and_the_tab_show_the_same_lock(studio: str, browser: Any) -> None:
    with visit_studio(studio, browser, "desktop") as page:
        image = page.locator("#photo img").bounding_box()
        page.mouse.click(image["x"] + 0.5 * image["width"], image["y"] + 0.06 * image["height"])
        wait_status(page, "Chosen: hair")
        page.wait_for_selector("#painter[inert]", state="detached")

        def wait_shown(locked: bool) -> None:
            page.wait_for_selector(f"#painter [data-select=lock][aria-pressed={str(locked).lower()}]", timeout=PATIENCE)
            page.wait_for_function(
                "(locked) => document.querySelector('#lock input')?.checked === locked", arg=locked, timeout=PATIENCE
            )

        wait_shown(False)
        page.click("#painter [data-select=lock]")
        wait_shown(True)
        page.keyboard.press("Control+z")
        wait_shown(False)
        page.keyboard.press("Control+Shift+z")
        wait_shown(True)
        page.click("#lock input")
        wait_shown(False)
        page.click("#lock input")
        wait_shown(True)
        page.click("#start-button")
        page.click("#gallery .card >> nth=0")  # the layout that is there: the same picture, and nothing is locked
        wait_shown(False)


def test_what_is_taken_away_in_the_photo_is_chosen_no_longer(studio: str, browser: Any) -> None:
    with visit_studio(studio, browser, "desktop") as page:
        image = page.locator("#photo img").bounding_box()

        def click(x: float, y: float, *keys: str) -> None:
            for key in keys:
                page.keyboard.down(key)
            page.mouse.click(image["x"] + x * image["width"], image["y"] + y * image["height"])
            for key in keys:
                page.keyboard.up(key)

        click(0.5, 0.06)
        wait_status(page, "Chosen: hair")
        hair = page.get_attribute("#painter .ants", "d")
        click(0.5, 0.35, "Shift")
        wait_status(page, "Chosen: skin")
        assert page.get_attribute("#painter .ants", "d") != hair
        click(0.5, 0.35, "Alt")
        assert page.get_attribute("#painter .ants", "d") == page.get_attribute("#photo .ants path", "d") == hair
        page.wait_for_function("document.querySelector('#region input').value === 'hair'", timeout=PATIENCE)


def test_the_photo_selects_and_the_bar_changes_its_look(studio: str, browser: Any) -> None:
    with visit_studio(studio, browser, "desktop") as page:
        image = page.locator("#photo img").bounding_box()
        place = image["x"] + 0.5 * image["width"], image["y"] + 0.06 * image["height"]
        page.mouse.move(*place)
        page.wait_for_function("document.querySelector('#photo .named').textContent.startsWith('hair · ')")
        page.mouse.click(*place)
        assert page.locator("#painter .bar").is_visible()
        assert page.get_attribute("#photo .ants path", "d") == page.get_attribute("#painter .ants", "d") != ""
        wait_status(page, "Chosen: hair")
        page.wait_for_selector("#painter[inert]", state="detached")
        page.dispatch_event("#painter .bar input[type=color]", "click")  # as before the browser opens its picker
        picked = read_color(page.input_value("#painter .bar input[type=color]"))
        shown = Image.open(io.BytesIO(page.request.get(photo_url(page)).body())).convert("RGB").resize((256, 256))
        hair = read_layout("assets/layouts/long_hair.png", FACES) == HAIR
        assert np.abs(np.asarray(shown)[hair].mean(axis=0) - np.array(picked)).max() < 3
        old = photo_url(page)
        page.click("#painter [data-select=reroll]")
        wait_new_photo(page, old)
        wait_status(page, "Painted in")
        page.click("#painter [data-select=lock]")
        wait_status(page, "Locked: hair")
        old = photo_url(page)
        page.keyboard.press("Control+z")  # the lock
        page.keyboard.press("Control+z")  # the look
        wait_new_photo(page, old)
        wait_status(page, "Painted with")
        page.wait_for_function("!document.querySelector('#lock input').checked", timeout=PATIENCE)
        old = photo_url(page)
        drag(page, (0.2, 0.2), (0.4, 0.2))  # the select tool was never chosen: this paints, and the selection ends
        assert page.locator("#painter .bar").is_hidden()
        wait_new_photo(page, old)
