"""What comes from Python and what is sent: layouts, pictures, other photos and classes; and the history."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from semflow_core.requests.packing import pack_labels

from .conftest import (
    HAIR,
    HAT,
    PAINTER,
    SIDE,
    SKIN,
    Canvas,
    Scene,
    box_of,
    face,
    moved_nose,
)


def png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("damage", ["one row less", "one row more", "no size", "no data", "half"])
def test_a_damaged_layout_is_refused(faces: Scene, visit: Callable[..., Canvas], damage: str) -> None:
    canvas = visit(faces)
    canvas.start(face())
    size, data = pack_labels(np.full((SIDE, SIDE), HAT, np.uint8)).split(";")
    packed = {
        "one row less": f"{SIDE},{SIDE - 1};{data}",
        "one row more": f"{SIDE},{SIDE + 1};{data}",
        "no size": f"nan,{SIDE};{data}",
        "no data": f"{size};",
        "half": f"{size};{data[: len(data) // 8 * 4]}",
    }[damage]
    canvas.page.evaluate("(value) => update({value})", packed)
    canvas.page.wait_for_function("document.querySelector('#painter .said').textContent.includes('damaged')")
    assert np.array_equal(canvas.ids(), face())
    canvas.start(moved_nose(3, 6))  # the next one is taken


def test_a_hundred_strokes_are_undone_and_redone(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    canvas.size(1)
    canvas.page.click("#painter [data-shape=square]")
    for i in range(101):
        canvas.click(2.5 + 4 * (i % 15), 2.5 + 4 * (i // 15))
    full = canvas.settled()
    assert (full == HAIR).sum() == 101
    for _ in range(101):
        canvas.page.keyboard.press("Control+z")
    rest = canvas.settled()
    assert np.argwhere(rest).tolist() == [[2, 2]]  # the hundred and first is beyond the history
    assert canvas.page.is_disabled("#painter [data-do=undo]")
    for _ in range(100):
        canvas.page.keyboard.press("Control+Shift+z")
    assert np.array_equal(canvas.settled(), full)


def test_every_stroke_says_that_it_begins(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    canvas.click(10, 10)
    canvas.settled()
    canvas.page.click("#painter [data-do=clear]")
    assert not canvas.settled().any()
    assert canvas.page.evaluate("begun") == 2


def test_pictures_lie_under_and_over_the_layout(faces: Scene, visit: Callable[..., Canvas]) -> None:
    page = visit(faces).page
    assert not page.is_visible("#painter .heat") and not page.is_visible("#painter .under")
    picture = "data:image/png;base64," + base64.b64encode(png(np.full((4, 4, 4), 128, np.uint8))).decode()
    page.evaluate("(url) => update({photo: url, heat: url})", picture)
    page.wait_for_selector("#painter .heat", state="visible")
    assert page.is_visible("#painter .under")
    page.locator("#painter .cover").fill("30")
    assert page.evaluate("document.querySelector('#painter canvas.ids').style.opacity") == "0.3"
    page.evaluate("update({photo: '', heat: ''})")
    page.wait_for_selector("#painter .heat", state="hidden")
    assert page.evaluate("document.querySelector('#painter canvas.ids').style.opacity") == "1"


def test_templates_have_nothing_that_gradio_would_evaluate() -> None:
    """HTML and CSS pass through Handlebars and a template literal; the scripts do not."""
    for name in ("painter.html", "painter.css"):
        text = (PAINTER / name).read_text(encoding="utf-8")
        assert not any(mark in text for mark in ("${", "{{", "`", "\\", "@children")), name


def test_another_photo_comes_while_a_stroke_is_under_way(faces: Scene, visit: Callable[..., Canvas]) -> None:
    """The stroke ends with its photo: nothing of it gets onto the next, and the canvas can be painted and sent."""
    canvas, photo = visit(faces), box_of(4, 4, 20, 20, SKIN)
    canvas.choose(HAIR)
    canvas.page.mouse.move(*canvas.at(40, 40))
    canvas.page.mouse.down()
    canvas.page.mouse.move(*canvas.at(50, 40), steps=3)
    canvas.page.evaluate("(value) => update({value})", f"{pack_labels(photo)};2")
    canvas.page.wait_for_function("document.querySelector('#painter [data-do=undo]').disabled")
    canvas.page.mouse.move(*canvas.at(50, 50), steps=3)
    canvas.page.mouse.up()
    assert np.array_equal(canvas.settled(), photo)
    canvas.tool("rectangle")
    canvas.drag((30.5, 30.5), (39.5, 39.5))
    assert np.array_equal(canvas.settled(), box_of(30, 30, 10, 10, HAIR, photo))
    assert canvas.page.evaluate("props.value").endswith(";2")


def test_a_stroke_that_ends_while_another_photo_comes_is_not_sent_as_its(
    faces: Scene, visit: Callable[..., Canvas]
) -> None:
    canvas, photo = visit(faces), box_of(4, 4, 20, 20, SKIN)
    canvas.choose(HAIR)
    canvas.page.mouse.move(*canvas.at(40, 40))
    canvas.page.mouse.down()
    canvas.page.mouse.move(*canvas.at(50, 40), steps=3)
    sent = canvas.page.evaluate("sent")
    canvas.page.evaluate(  # the value comes in one turn of the page with the pointer's end: its text is not read yet
        "(value) => { update({value}); const up = { bubbles: true, pointerId: 1, button: 0 };"
        "document.querySelector('#painter canvas.ids').dispatchEvent(new PointerEvent('pointerup', up)); }",
        f"{pack_labels(photo)};3",
    )
    canvas.page.mouse.up()
    assert np.array_equal(canvas.settled(), photo)
    assert canvas.page.evaluate("props.value").endswith(";3") and canvas.page.evaluate("sent") == sent


def test_other_classes_with_the_same_layout_start_a_new_history(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces)
    canvas.choose(HAIR)
    canvas.click(20, 20)
    shown = canvas.settled()
    canvas.page.evaluate("update({classes: props.classes.slice()})")
    canvas.page.wait_for_function("document.querySelector('#painter [data-do=undo]').disabled")
    canvas.click(40, 40)
    assert not np.array_equal(canvas.settled(), shown)
