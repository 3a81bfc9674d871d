"""The painter by itself: every tool through real pointer events in Chromium, and what Python is sent then."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.widgets.painter import Painter, painter_props
from semflow_core.method.palette import Palette, load_palette
from semflow_core.requests.packing import pack_labels

SIDE = 64
PATIENCE = 60_000
FACES, EVERYTHING = load_palette("celebamask_hq"), load_palette("coco_stuff")
SKIN, NOSE, LEFT_EYE, RIGHT_EYE, HAIR, HAT = 1, 2, 4, 5, 13, 14
LOADED = f"document.querySelector('#painter canvas.ids')?.width === {SIDE}"
Point = tuple[float, float]


def blank() -> np.ndarray:
    return np.zeros((SIDE, SIDE), np.uint8)


def face() -> np.ndarray:
    """Symmetric under `Palette.flip`: hair, skin, two eyes, a nose."""
    labels = blank()
    labels[8:60, 12:52] = HAIR
    labels[16:56, 20:44] = SKIN
    labels[24:28, 24:29] = RIGHT_EYE  # the person's right is the picture's left
    labels[24:28, 35:40] = LEFT_EYE
    labels[32:40, 30:34] = NOSE
    return labels


# What Gradio gives a component's script (element, props, watch, trigger), without Gradio: a page that loads at once.
# window.update(props) is what gr.update does. That the real one does so too is seen in test_studio.py.
HARNESS = """
(script, given) => {
  const watchers = [];
  window.props = given;
  window.begun = 0;
  window.sent = 0;
  window.update = (changes) => {
    Object.assign(window.props, changes);
    for (const [names, call] of watchers) if ([names].flat().some((name) => name in changes)) call();
  };
  const trigger = (name) => (name === 'begin' ? window.begun++ : window.sent++);
  const watch = (names, call) => watchers.push([names, call]);
  const element = document.querySelector('#painter');
  new Function('element', 'props', 'trigger', 'watch', script)(element, given, trigger, watch);
}
"""
PAINTER = Path(__file__).resolve().parents[2] / "app" / "widgets" / "painter"
PAGE = f"""<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>:root {{ --color-accent: #6366f1; }} body {{ margin: 12px; font: 14px sans-serif; }}
*, ::before, ::after {{ box-sizing: border-box; }}
#painter {{ --pane: min(100vw - 24px, 480px); {(PAINTER / "painter.css").read_text(encoding="utf-8")} }}</style>
<div id="painter">{(PAINTER / "painter.html").read_text(encoding="utf-8")}</div><div style="height: 900px"></div>"""


@dataclass(frozen=True)
class Scene:
    """A palette's painter as a page, and its component in Python."""

    palette: Palette
    component: Painter
    props: dict[str, Any]


def scene(palette: Palette) -> Scene:
    props = painter_props(palette)
    component = Painter(**props)
    return Scene(palette, component, {**props, "photo": "", "heat": "", "value": pack_labels(blank())})


def png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def faces() -> Scene:
    return scene(FACES)


@pytest.fixture(scope="module")
def everything() -> Scene:
    return scene(EVERYTHING)


class Canvas:
    """A visit to a painter's page, in label pixels."""

    def __init__(self, page: Any, scene: Scene) -> None:
        self.page, self.scene = page, scene
        self.devtools: Any = page.context.new_cdp_session(page)

    def box(self) -> dict[str, float]:
        return self.page.locator("#painter .stage").bounding_box()

    def at(self, x: float, y: float) -> Point:
        """Label pixels -> screen, wherever the view is."""
        box = self.page.locator("#painter canvas.ids").bounding_box()
        return box["x"] + x * box["width"] / SIDE, box["y"] + y * box["height"] / SIDE

    def tool(self, name: str) -> None:
        self.page.click(f"#painter [data-tool={name}]")

    def choose(self, class_id: int) -> None:
        self.page.click(f"#painter [data-id='{class_id}']")

    def size(self, pixels: int) -> None:
        self.page.locator("#painter .size").fill(str(pixels))

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))

    def drag(self, *points: Point, steps: int = 4) -> None:
        self.page.mouse.move(*self.at(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.at(*point), steps=steps)
        self.page.mouse.up()

    def ids(self) -> np.ndarray:
        """What the canvas shows, each colour read as its class."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        url = self.page.evaluate("document.querySelector('#painter canvas.ids').toDataURL('image/png')")
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))
        matches = (shown[:, :, None] == self.scene.palette.colors).all(-1)
        assert (matches.sum(-1) == 1).all(), "a colour of no class is on the canvas"
        return self.scene.palette.ids[matches.argmax(-1)]

    def settled(self) -> np.ndarray:
        """What the canvas shows; it is what Python is sent, once it is packed."""
        shown = self.ids()
        for _ in range(200):
            if np.array_equal(self.value(), shown):
                return shown
            self.page.wait_for_timeout(20)
        raise AssertionError("what is sent is not what the canvas shows")

    def value(self) -> np.ndarray:
        """The component's value as Python receives it."""
        return self.scene.component.preprocess(self.page.evaluate("props.value")).labels

    def start(self, labels: np.ndarray) -> None:
        """Set the value from Python."""
        self.page.evaluate("(value) => update({value})", pack_labels(labels))
        for _ in range(200):  # it is unpacked beside the page's own work
            if np.array_equal(self.ids(), labels):
                return
        raise AssertionError("the canvas does not show what was set")


def load(page: Any, scene: Scene) -> None:
    """Start the component's script in the page, and wait until it shows its layout."""
    page.evaluate(f"([script, given]) => ({HARNESS})(script, given)", [scene.component.js_on_load, scene.props])
    page.wait_for_function(LOADED)


@pytest.fixture(scope="module")
def contexts(browser: Any) -> Iterator[Callable[..., Any]]:
    """Browser profiles by their screen, kept because a second visit loads faster."""
    kept: dict[tuple[float, bool], Any] = {}

    def context_for(ratio: float, phone: bool) -> Any:
        if (ratio, phone) not in kept:
            size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
            context = browser.new_context(viewport=size, device_scale_factor=ratio, has_touch=phone, is_mobile=phone)
            context.route("http://painter.test/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
            kept[ratio, phone] = context
        return kept[ratio, phone]

    yield context_for
    for context in kept.values():
        context.close()


@pytest.fixture
def visit(contexts: Callable[..., Any]) -> Iterator[Callable[..., Canvas]]:
    """Open a page. Fails at the end if it reported an error."""
    pages: list[Any] = []
    errors: list[str] = []

    def open_page(scene: Scene, ratio: float = 1, phone: bool = False) -> Canvas:
        page = contexts(ratio, phone).new_page()
        pages.append(page)
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto("http://painter.test/")
        load(page, scene)
        return Canvas(page, scene)

    yield open_page
    for page in pages:
        page.close()
    assert not errors


def box_of(x: int, y: int, w: int, h: int, class_id: int, base: np.ndarray | None = None) -> np.ndarray:
    labels = blank() if base is None else base.copy()
    labels[y : y + h, x : x + w] = class_id
    return labels


# ---- shapes, exactly --------------------------------------------------------------------------------


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


# ---- fill, eraser, eyedropper -----------------------------------------------------------------------


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


# ---- symmetry ---------------------------------------------------------------------------------------


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


def test_symmetry_is_offered_only_where_classes_have_sides(everything: Scene, visit: Callable[..., Canvas]) -> None:
    assert not visit(everything).page.is_visible("#painter [data-do=mirror]")


# ---- moving a region --------------------------------------------------------------------------------


def moved_nose(dx: int, dy: int) -> np.ndarray:
    labels = box_of(30, 32, 4, 8, SKIN, face())  # what it leaves is closed from around it
    labels[32 + dy : 40 + dy, 30 + dx : 34 + dx] = NOSE
    return labels


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


# ---- zoom and pan -----------------------------------------------------------------------------------


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


# ---- touch and pen ----------------------------------------------------------------------------------


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


# ---- keyboard only ----------------------------------------------------------------------------------


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


# ---- history ----------------------------------------------------------------------------------------


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


# ---- the palette ------------------------------------------------------------------------------------


def test_search_finds_classes_among_171(everything: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(everything)
    page = canvas.page
    assert page.locator("#painter [data-id]").count() == 171
    assert not page.is_visible("#painter [data-id='22']")  # groups are closed
    page.keyboard.press("/")
    page.keyboard.type("gir")
    names = page.locator("#painter [data-id]:visible").all_inner_texts()
    assert [n.strip() for n in names] == ["giraffe"]
    page.keyboard.press("Enter")
    assert page.inner_text("#painter .chosen-name") == "giraffe"
    assert page.input_value("#painter .find") == ""
    page.keyboard.press("/")
    page.keyboard.type("animal")  # a group's name finds its classes
    assert page.locator("#painter [data-id]:visible").count() == 10
    page.keyboard.type("zzz")
    assert page.is_visible("#painter .nothing-found")
    page.keyboard.press("Escape")
    assert not page.is_visible("#painter .nothing-found")
    page.click("#painter .heading:text-is('animal')")
    assert page.locator("#painter [data-id]:visible").count() == 10
    box = page.locator("#painter .palette").bounding_box()
    assert box["height"] < 620  # it scrolls in itself


def test_classes_in_use_stand_on_top_of_a_long_palette(everything: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(everything)
    page = canvas.page
    ids = {c.name: c.id for c in EVERYTHING.classes}
    for name in ("giraffe", "grass"):
        page.keyboard.press("/")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
    shown = [text.split("\n")[0] for text in page.locator("#painter .in-use button").all_inner_texts()]
    assert {"giraffe", "grass"} <= set(shown)
    page.keyboard.press(str(shown.index("giraffe") + 1))
    assert page.get_attribute(f"#painter [data-id='{ids['giraffe']}']", "aria-checked") == "true"
    after = [text.split("\n")[0] for text in page.locator("#painter .in-use button").all_inner_texts()]
    assert after == shown  # numbers keep their meaning
    canvas.tool("rectangle")
    canvas.drag((1.5, 1.5), (5.5, 5.5))
    assert (canvas.settled()[1:6, 1:6] == ids["giraffe"]).all()


def test_search_in_a_short_palette(faces: Scene, visit: Callable[..., Canvas]) -> None:
    page = visit(faces).page
    page.fill("#painter .find", "eye")
    assert page.locator("#painter [data-id]:visible").count() == 2
    page.fill("#painter .find", "")
    assert page.locator("#painter [data-id]:visible").count() == 19


# ---- help, keyboard, pictures -----------------------------------------------------------------------


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


# ---- photos that are labelled -------------------------------------------------------------------------


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


def test_a_tap_chooses_even_where_the_browser_gives_no_click(faces: Scene, visit: Callable[..., Canvas]) -> None:
    canvas = visit(faces, 2, True)
    fire = """([selector, ...types]) => {
        const target = document.querySelector(`#painter ${selector} > *`);
        const how = { pointerType: 'touch', pointerId: 7, bubbles: true };
        for (const type of types) target.dispatchEvent(new PointerEvent(type, how));
    }"""
    chosen = canvas.page.locator("#painter .chosen-name")
    canvas.page.evaluate(fire, [f"[data-id='{HAIR}']", "pointerdown", "pointerup"])
    assert chosen.inner_text() == "hair"
    canvas.page.evaluate(fire, [f"[data-id='{HAT}']", "pointerdown", "pointercancel"])  # the palette scrolls
    canvas.page.evaluate(fire, [f"[data-id='{HAT}']", "pointerup"])
    assert chosen.inner_text() == "hair"
    canvas.page.evaluate(fire, ["[data-tool=fill]", "pointerdown", "pointerup"])
    assert canvas.page.get_attribute("#painter [data-tool=fill]", "aria-pressed") == "true"
