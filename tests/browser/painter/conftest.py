"""The painter by itself, through real pointer events in Chromium: a page that loads at once, and its canvas."""

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
PAINTER = Path(__file__).resolve().parents[3] / "app" / "widgets" / "painter"
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


def moved_nose(dx: int, dy: int) -> np.ndarray:
    labels = box_of(30, 32, 4, 8, SKIN, face())  # what it leaves is closed from around it
    labels[32 + dy : 40 + dy, 30 + dx : 34 + dx] = NOSE
    return labels
