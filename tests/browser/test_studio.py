"""The studio as a visitor uses it: first light, strokes, undo, a photo, the path, downloads, other models."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import read_layout

from .conftest import SCREENS

SECONDS = 1000
PATIENCE = 120 * SECONDS  # on a busy machine; a quick one does not wait
PALETTE = load_palette("celebamask_hq")


@contextmanager
def visit(studio: str, browser: Any, screen: str, ratio: float = 1) -> Iterator[Any]:
    """A fresh visit, its first picture on screen. Fails if the page, or a component of ours, reports an error."""
    width, height = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=ratio, accept_downloads=True
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(studio)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    wait_status(page, "Painted")
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert not errors


@pytest.fixture
def page(studio: str, browser: Any) -> Iterator[Any]:
    with visit(studio, browser, "desktop") as page:
        yield page


def wait_status(page: Any, text: str) -> str:
    page.wait_for_function(
        "(text) => document.querySelector('#status').innerText.includes(text)", arg=text, timeout=PATIENCE
    )
    return page.inner_text("#status")


def ids_on_canvas(page: Any) -> np.ndarray:
    """The canvas as colours, (H, W, 3), as the browser shows it."""
    url = page.evaluate("document.querySelector('#painter canvas.ids').toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def wait_ids(page: Any, ids: np.ndarray) -> None:
    """Until the canvas shows a layout."""
    page.wait_for_selector("#painter canvas.ids", timeout=PATIENCE)
    until = time.monotonic() + PATIENCE / SECONDS
    while not np.array_equal(ids_on_canvas(page), ids):
        assert time.monotonic() < until, "another layout is on the canvas"
        page.wait_for_timeout(100)


def wait_until(page: Any, script: str, arg: Any = None) -> None:
    """Until a function that may be async gives true; to `wait_for_function` every promise is."""
    until = time.monotonic() + PATIENCE / SECONDS
    while page.evaluate(script, arg) is not True:
        assert time.monotonic() < until, f"never true: {script}"
        page.wait_for_timeout(50)


def photo_url(page: Any) -> str:
    return page.get_attribute("#photo img", "src")


def requests_of(page: Any, seconds: float) -> int:
    """How many the page sends by itself in that time."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.wait_for_timeout(1000 * seconds)
    return len(sent)


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A stroke on the canvas between two points given as shares of its sides."""
    box = page.locator("#painter canvas.ids").bounding_box()
    (x0, y0), (x1, y1) = ((box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end))
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=6)
    page.mouse.up()


def reach_canvas(page: Any) -> None:
    """Scroll as a person does on a phone, where the photo stays in sight and would cover the canvas's upper part."""
    page.evaluate("document.querySelector('#painter canvas.ids').scrollIntoView({ block: 'end' })")


def wait_new_photo(page: Any, old: str) -> None:
    page.wait_for_function("(old) => document.querySelector('#photo img')?.src !== old", arg=old, timeout=PATIENCE)


def face_photo(path: Path, size: tuple[int, int] = (400, 300)) -> Path:
    """A drawn face: no photo of anyone."""
    image = Image.new("RGB", size, "#88a0b8")
    draw = ImageDraw.Draw(image)
    w, h = size
    draw.ellipse((0.3 * w, 0.05 * h, 0.7 * w, 0.95 * h), fill="#d8a888")
    draw.ellipse((0.4 * w, 0.42 * h, 0.45 * w, 0.46 * h), fill="#203040")
    draw.ellipse((0.55 * w, 0.42 * h, 0.6 * w, 0.46 * h), fill="#203040")
    image.save(path)
    return path


def test_first_light_needs_no_action(page: Any) -> None:
    expected = PALETTE.colorize(read_layout("assets/layouts/long_hair.png", PALETTE))
    assert np.array_equal(ids_on_canvas(page), expected)
    for part in ("#painter canvas.ids", "#photo img", "#synthesize", "#seed input", "#steps input[type=range]"):
        box = page.locator(part).bounding_box()  # the main job needs no scrolling
        assert box["y"] >= 0 and box["y"] + box["height"] <= 800, part
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_stroke_is_exact_and_changes_the_photo(page: Any) -> None:
    before, old = ids_on_canvas(page), photo_url(page)
    page.click("#painter [data-id='14']")  # hat
    drag(page, (0.2, 0.1), (0.8, 0.1))
    wait_new_photo(page, old)
    after = ids_on_canvas(page)
    hat = np.array(PALETTE.color_of_id[14])
    changed = (before != after).any(-1)
    assert changed.sum() > 1000
    assert (after[changed] == hat).all()  # no blended colours anywhere

    page.keyboard.press("Control+z")
    page.wait_for_function("document.querySelector('#painter [data-do=redo]:not(:disabled)')")
    page.wait_for_timeout(200)
    assert np.array_equal(ids_on_canvas(page), before)
    wait_status(page, "Painted with")  # the earlier picture comes back without being computed
    page.keyboard.press("Control+Shift+z")
    page.wait_for_timeout(200)
    assert np.array_equal(ids_on_canvas(page), after)


def test_the_last_of_fast_strokes_wins(page: Any) -> None:
    page.click("#painter [data-id='13']")
    for i in range(4):
        drag(page, (0.1, 0.2 + 0.1 * i), (0.3, 0.2 + 0.1 * i))
    page.wait_for_timeout(3 * SECONDS)
    page.click("#save-button")
    with page.expect_download() as download:
        page.click("#saves button:has-text('Class ids')")
    saved = np.asarray(Image.open(download.value.path()))
    assert np.array_equal(PALETTE.colorize(saved), ids_on_canvas(page))


@pytest.mark.parametrize("tool", ["fill", "lasso", "rectangle", "eraser"])
def test_tools_paint(page: Any, tool: str) -> None:
    before = ids_on_canvas(page)
    page.click("#painter [data-id='14']")
    page.click(f"#painter [data-tool={tool}]")
    drag(page, (0.4, 0.3), (0.6, 0.36))
    page.wait_for_timeout(100)
    after = ids_on_canvas(page)
    if tool == "lasso":  # a straight line encloses nothing
        assert np.array_equal(before, after)
        return
    color = PALETTE.color_of_id[0 if tool == "eraser" else 14]
    changed = (before != after).any(-1)
    assert changed.any() and (after[changed] == color).all()


def test_keys_choose_classes_and_the_pointer_names_them(page: Any) -> None:
    page.keyboard.press("3")
    assert page.get_attribute("#painter [data-id='2']", "aria-checked") == "true"  # the third shown is the nose
    box = page.locator("#painter canvas.ids").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.1)
    assert page.inner_text("#painter .hover").startswith("hair · ")


def test_a_photo_becomes_a_layout_under_the_photo(page: Any, tmp_path: Path) -> None:
    before = ids_on_canvas(page)
    page.set_input_files("#open input[type=file]", face_photo(tmp_path / "face.png"))
    status = wait_status(page, "Read in")
    assert "No face was found" in status
    page.wait_for_function("!document.querySelector('#painter .under').hidden")
    page.wait_for_timeout(300)
    assert not np.array_equal(ids_on_canvas(page), before)
    assert float(page.evaluate("document.querySelector('#painter canvas.ids').style.opacity")) < 1
    page.keyboard.press("Control+z")  # the layout that was there is not lost
    page.wait_for_timeout(300)
    assert np.array_equal(ids_on_canvas(page), before)


def test_a_file_that_is_no_picture_is_refused_in_a_sentence(page: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    before = ids_on_canvas(page)
    page.set_input_files("#open input[type=file]", bad)
    page.wait_for_selector(".toast-body:has-text('not a picture')", timeout=PATIENCE)
    assert np.array_equal(ids_on_canvas(page), before)


def wait_path(page: Any, moments: int = 13) -> None:
    """Until the slider under the photo has its path."""
    page.wait_for_function(
        "(last) => document.querySelector('#player .at').max === String(last)", arg=moments - 1, timeout=PATIENCE
    )


def slide(page: Any, to: float) -> None:
    """The slider at a moment."""
    page.evaluate(
        "(to) => { const at = document.querySelector('#player .at'); at.value = to;"
        " at.dispatchEvent(new Event('input')) }",
        to,
    )


def test_the_photo_slides_into_its_layout_without_asking_the_server(page: Any) -> None:
    wait_path(page)  # nobody asked: the photo stood still
    assert page.locator("#player .moment").is_hidden()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    seen = set()
    for at in (3, 3.5, 12):  # between two moments one fades into the next
        slide(page, at)
        assert page.locator("#player .moment").is_visible()
        seen.add(page.evaluate("document.querySelector('#player canvas').toDataURL()"))
    assert page.inner_text("#player .t") == "t = 1.00"
    assert len(seen) == 3
    slide(page, 0)
    assert page.locator("#player .moment").is_hidden()  # the photo itself
    assert not [url for url in requests if "/queue/" in url or "/call/" in url]


def test_a_path_on_its_way_shows_at_the_slider(page: Any) -> None:
    wait_path(page)
    sign = "getComputedStyle(document.querySelector('#player .marks'), '::before').animationName"
    assert page.evaluate(sign) == "none"
    page.evaluate("window.seen = []")
    page.evaluate(f"window.look = setInterval(() => window.seen.push({sign}), 30)")
    page.click("#dice")
    page.wait_for_function("window.seen.includes('alive')", timeout=PATIENCE)
    wait_path(page)
    page.wait_for_function("document.querySelectorAll('#player .computing').length === 0", timeout=PATIENCE)
    page.evaluate("clearInterval(window.look)")
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("document.querySelector('#player .rail').classList.add('computing')")
    assert page.evaluate("getComputedStyle(document.querySelector('#player .marks'), '::before').display") == "none"


def test_a_path_that_is_refused_ends_the_line_and_the_wait(studio: str, browser: Any) -> None:
    page = browser.new_page()  # of `visit` a page fails with the browser's own line about the 503
    page.goto(studio)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    wait_path(page)
    old = photo_url(page)
    page.click("#dice")
    wait_new_photo(page, old)
    wait_status(page, "Painted")
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "The studio is full."}))
    page.wait_for_function("!document.querySelector('#photo .wrap:not(.hide)')", timeout=PATIENCE)
    slide(page, 0.5)
    page.wait_for_selector(".toast-body", timeout=PATIENCE)
    page.wait_for_function("document.querySelector('#player .t').hidden", timeout=PATIENCE)
    assert page.locator("#player .computing").count() == 0
    assert page.evaluate("document.querySelector('#player .at').value") == "0"
    page.unroute("**/queue/join*")
    slide(page, 0.5)  # once more
    page.wait_for_function("document.querySelector('#player .t').textContent === 't = 0.50'", timeout=PATIENCE)
    page.close()


def test_a_slider_that_moves_early_waits_for_its_path(page: Any) -> None:
    old = photo_url(page)
    page.click("#dice")
    wait_new_photo(page, old)
    wait_status(page, "Painted")
    slide(page, 0.5)
    assert page.inner_text("#player .t") == "Computing the path …"
    wait_path(page)
    page.wait_for_function("document.querySelector('#player .t').textContent === 't = 0.50'", timeout=PATIENCE)


def test_comparing_with_one_key(page: Any) -> None:
    sides = "[...document.querySelectorAll('#player .side')].map((s) => s.textContent)"
    page.keyboard.press("c")  # there is no earlier picture
    assert page.evaluate(sides) == ["layout", "photo"]
    shown = "document.querySelector('#player .other').toDataURL()"
    layout = np.asarray(Image.open(io.BytesIO(base64.b64decode(page.evaluate(shown).split(",")[1]))).convert("RGB"))
    assert np.array_equal(layout, ids_on_canvas(page))
    page.keyboard.press("c")
    assert page.locator("#player .compare").is_hidden()
    old = photo_url(page)
    page.click("#dice")
    wait_new_photo(page, old)
    wait_status(page, "Painted")
    page.wait_for_timeout(300)
    page.keyboard.press("c")
    assert page.evaluate(sides) == ["before", "after"]
    page.focus("#player .divider")
    page.keyboard.press("Home")
    assert "100%" in page.evaluate("document.querySelector('#player .other').style.clipPath")
    page.keyboard.press("Escape")
    assert page.locator("#player .compare").is_hidden()


@pytest.mark.parametrize("size, pane", [((1440, 900), 560), ((1920, 1080), 760), ((2560, 1440), 1000)])
def test_both_panes_are_large_and_the_page_fits(page: Any, size: tuple[int, int], pane: int) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(300)
    for part in ("#painter .stage", "#photo"):
        box = page.locator(part).bounding_box()
        assert min(box["width"], box["height"]) >= pane, part
    height, width = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
    assert (width, height) <= size
    page.keyboard.press("t")
    assert page.locator("#gallery").is_hidden() and page.locator("#synthesize").is_visible()
    page.click("#variations-button")
    assert page.locator("#draw").is_visible()
    page.set_viewport_size(dict(zip(("width", "height"), SCREENS["desktop"])))


def test_keys_rest_while_the_page_waits_for_what_was_kept(page: Any) -> None:
    folded = "document.querySelector('#studio').classList.contains('folded')"
    compared = "document.querySelector('#result .compare-button').getAttribute('aria-pressed')"
    before = page.evaluate(f"[{folded}, {compared}]")
    page.evaluate("document.querySelector('#painter').inert = true")
    for key in ("t", "c", "x"):
        page.keyboard.press(key)
    assert page.evaluate(f"[{folded}, {compared}]") == before
    assert page.evaluate("document.fullscreenElement") is None
    page.evaluate("document.querySelector('#painter').inert = false")
    for key in ("t", "c"):
        page.keyboard.press(key)
    now = page.evaluate(f"[{folded}, {compared}]")
    assert now[0] is not before[0] and now[1] != before[1]


def test_a_comparison_names_the_moment_that_is_shown(page: Any) -> None:
    wait_path(page)
    page.click("#result .compare-button")
    sides = [page.locator(f"#player .side.{side}") for side in ("one", "two")]
    assert [side.inner_text() for side in sides] == ["layout", "photo"]
    slide(page, 6)
    assert [side.inner_text() for side in sides] == ["layout", "t = 0.50"]
    slide(page, 0)
    assert [side.inner_text() for side in sides] == ["layout", "photo"]


def test_a_region_that_was_turned_leaves_the_photo_its_path(page: Any) -> None:
    def wait_status_again() -> None:
        wait_status(page, "Painted with")  # the same picture once more
        page.wait_for_function("document.querySelectorAll('#player .marks i').length > 1", timeout=PATIENCE)

    old = photo_url(page)
    page.keyboard.press("m")
    drag(page, (0.5, 0.06), (0.5, 0.08))  # the hair
    page.keyboard.press(".")
    wait_new_photo(page, old)
    wait_path(page)
    page.click("#painter [data-do=put-down]")
    wait_status_again()
    # a path that was asked for, of the very same picture
    page.click("#path-button")
    page.click("#show-path")
    wait_path(page, 25)
    page.keyboard.press("b")
    drag(page, (0.5, 0.5), (0.52, 0.5))
    page.keyboard.press("Control+z")
    wait_status_again()


def test_either_pane_in_full_screen(page: Any) -> None:
    for pane, picture in (("#painter", "#painter .stage"), ("#result", "#photo")):
        page.click(f"[data-full='{pane}']")
        page.wait_for_function("(pane) => document.fullscreenElement?.matches(pane)", arg=pane)
        name = "Layout" if pane == "#painter" else "Photo"
        page.wait_for_selector(f"[data-full='{pane}'][title='{name}: leave full screen (X)']")
        page.wait_for_timeout(300)
        assert page.locator(picture).bounding_box()["height"] > 0.9 * page.evaluate("innerHeight") - 20
        page.keyboard.press("x")
        page.wait_for_function("!document.fullscreenElement")
        page.wait_for_selector(f"[data-full='{pane}'][aria-label='{name} in full screen']")


def test_on_a_phone_the_photo_stays_in_sight(studio: str, browser: Any) -> None:
    with visit(studio, browser, "phone", 2) as page:
        page.locator("#painter [data-do=help]").scroll_into_view_if_needed()
        page.evaluate("scrollBy(0, 300)")
        for part in ("#photo", "#inspector"):
            page.locator(part).scroll_into_view_if_needed()
            box = page.locator("#photo").bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] < 500, part


def test_an_empty_layout_has_no_photo_and_undo_brings_all_back(page: Any) -> None:
    before, old = ids_on_canvas(page), photo_url(page)
    page.click("#painter [data-do=clear]")
    assert "draw something" in wait_status(page, "The layout is empty.")
    page.wait_for_selector("#photo img", state="detached", timeout=PATIENCE)
    assert page.inner_text("#result .begin") == "Draw something: its photo appears here."
    page.keyboard.press("c")  # nothing to compare
    assert page.locator("#result .compare").is_hidden() and page.locator("#result .compare-button").is_disabled()
    page.keyboard.press("Control+z")
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    wait_status(page, "Painted with 4 steps")  # the photo that was there, at once
    wait_ids(page, before)
    assert photo_url(page) == old and page.locator("#result .begin").is_hidden()
    page.click("#painter [data-do=clear]")
    wait_status(page, "The layout is empty.")
    drag(page, (0.3, 0.5), (0.7, 0.5))
    wait_status(page, "Painted in")
    assert page.locator("#photo img").is_visible()


def test_a_visit_starts_from_the_gallery(page: Any) -> None:
    before, old = ids_on_canvas(page), photo_url(page)
    page.click("#gallery .card:has-text('Hat')")
    wait_new_photo(page, old)
    hat = PALETTE.colorize(read_layout("assets/layouts/hat.png", PALETTE))
    assert np.array_equal(ids_on_canvas(page), hat)
    page.click("#gallery .card:has-text('Draw your own')")
    wait_status(page, "The layout is empty.")
    wait_ids(page, np.broadcast_to(np.array(PALETTE.color_of_id[0]), before.shape))
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    wait_ids(page, before)  # nothing is lost
    page.click("#gallery .card:has-text('Try a photo')")
    assert "The face was cut out" in wait_status(page, "Read in")
    page.wait_for_selector("#mode", timeout=PATIENCE)


def test_another_model_brings_its_classes_and_shape(page: Any) -> None:
    page.click("#model input")
    page.click("[role=option]:has-text('streets')")
    page.wait_for_selector("#painter [title^='traffic sign']", timeout=PATIENCE)
    page.wait_for_function("document.querySelector('#painter canvas.ids').width === 512", timeout=PATIENCE)
    box = page.locator("#photo").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("ratio", [1, 1.5, 2, 3])
def test_every_pixel_is_one_class_at_any_pixel_ratio_by_touch(studio: str, browser: Any, ratio: float) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=ratio, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(studio)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#painter canvas.ids").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.05)
    page.wait_for_timeout(500)
    colours = {tuple(c) for c in ids_on_canvas(page).reshape(-1, 3)}
    assert colours <= {c.color for c in PALETTE.classes}
    context.close()
