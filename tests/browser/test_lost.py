"""Nothing painted is ever lost: what the browser keeps comes back after kill -9, a reload, beside other tabs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.widgets.keeper.keeper import MAX_VISITS

from .conftest import ROOT, SCREENS, START_SECONDS
from .test_studio import (
    PATIENCE,
    drag,
    face_photo,
    ids_on_canvas,
    photo_url,
    wait_ids,
    wait_new_photo,
    wait_status,
    wait_until,
)

# whether all that the page has to keep is in IndexedDB
KEPT = """async (least) => {
  document.dispatchEvent(new Event('semflow:keep'));
  const result = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
  const db = await result(indexedDB.open('semflow', 1));
  const parts = await result(db.transaction('parts').objectStore('parts').getAll());
  db.close();
  return Math.max(0, ...parts.filter((part) => part.undo).map((part) => part.undo.length)) >= least;
}"""

NAME = "sessionStorage['semflow-visit']"  # of the tab's visit
OPEN = "new Promise((done) => (indexedDB.open('semflow', 1).onsuccess = (event) => done(event.target.result)))"
VISITS = f"""{OPEN}.then((db) => new Promise((done) => {{
  const all = db.transaction('visits').objectStore('visits').getAll();
  all.onsuccess = () => (db.close(), done(all.result));
}}))"""
# the canvas becomes another size than its ids have, or holds what is no class
FORGE = f"""async (change) => {{
  if (change.ids) {{
    const ids = new Blob([new Uint8Array(256 * 256).fill(change.ids)]).stream();
    const stream = ids.pipeThrough(new CompressionStream('deflate'));
    change = {{ ids: new Uint8Array(await new Response(stream).arrayBuffer()) }};
  }}
  const db = await {OPEN}, parts = db.transaction('parts', 'readwrite').objectStore('parts');
  parts.openCursor().onsuccess = ({{ target: {{ result: at }} }}) => {{
    if (!at) return;
    if (at.value.undo) at.update({{ ...at.value, ...change, undo: [], redo: [] }});
    at.continue();
  }};
  await new Promise((done) => (parts.transaction.oncomplete = done));
  db.close();
}}"""
# nothing is packed any more, so that a write never ends
HANG = "() => { Response.prototype.arrayBuffer = () => new Promise(() => {}); }"
CROWD = f"""async (count) => {{
  const db = await {OPEN}, visits = db.transaction('visits', 'readwrite').objectStore('visits');
  for (let i = 0; i < count; i++) visits.put({{ id: 'old-' + i, owner: '', at: i, worth: i === 0, sizes: {{}} }});
  await new Promise((done) => (visits.transaction.oncomplete = done));
  db.close();
}}"""


WIDTHS = {"faces": 256, "streets": 512}  # of the models' canvases


class Server:
    """A studio that can be killed, and started again at the same address."""

    def __init__(self, models: Path, **variables: str) -> None:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url, self.models, self.variables = f"http://127.0.0.1:{self.port}/", models, variables
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(self.port), "--models", str(self.models)],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "GRADIO_ANALYTICS_ENABLED": "False", **self.variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(START_SECONDS * 2):
            try:
                urllib.request.urlopen(self.url, timeout=1).close()
                return
            except OSError:
                assert self.process.poll() is None, "app.py stopped"
                time.sleep(0.5)
        pytest.fail(f"app.py did not answer within {START_SECONDS} seconds")

    def kill(self) -> None:
        """As kill -9 does: nothing of it has a last word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[Server]:
    server = Server(models)
    server.start()
    yield server
    server.kill()


@contextmanager
def browse(browser: Any, screen: str = "desktop") -> Iterator[Any]:
    """A browser with nothing in it, and one tab. What the page's scripts throw fails the test."""
    width, height = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert not errors


def open_page(context: Any, url: str) -> Any:
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    wait_status(page, "Painted")
    return page


def wait_kept(page: Any, steps: int) -> None:
    """Until a canvas with that many steps that can be undone is kept."""
    wait_until(page, KEPT, steps)


def wait_toast(page: Any, text: str) -> None:
    page.wait_for_selector(f".toast-body:has-text('{text}')", timeout=PATIENCE)


def undo(page: Any) -> np.ndarray:
    before = ids_on_canvas(page)
    page.keyboard.press("Control+z")
    page.wait_for_timeout(100)
    after = ids_on_canvas(page)
    assert not np.array_equal(before, after)
    return after


def stroke(page: Any, row: float, class_id: int = 14) -> np.ndarray:
    """A stroke -> the canvas with it."""
    before = ids_on_canvas(page)
    page.click(f"#painter [data-id='{class_id}']")
    drag(page, (0.2, row), (0.8, row))
    page.wait_for_timeout(100)  # the canvas is drawn once per frame
    after = ids_on_canvas(page)
    assert not np.array_equal(before, after)
    return after


def idle_after_stroke(page: Any, row: float = 0.2) -> np.ndarray:
    """A stroke, its photo and the path ahead of it -> the canvas. The page then asks for nothing."""
    old = photo_url(page)
    layout = stroke(page, row)
    wait_new_photo(page, old)
    wait_status(page, "Painted")
    wait_kept(page, 1)
    page.wait_for_function("document.querySelector('#player .at').max > 1", timeout=PATIENCE)
    wait_quiet(page)
    return layout


def wait_quiet(page: Any, seconds: float = 1.0) -> None:
    """Until the page has asked for nothing, and got no answer, for that long."""
    heard = [time.monotonic()]
    for event in ("request", "requestfinished", "requestfailed"):
        page.on(event, lambda request: heard.append(time.monotonic()))
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < heard[-1] + seconds:
        assert time.monotonic() < until, "the page does not come to rest"
        page.wait_for_timeout(100)


def choose_model(page: Any, model: str) -> None:
    """Another model, until its layout is on the canvas."""
    page.click("#model input")
    page.click(f"[role=option]:has-text('{model}')")
    width = "document.querySelector('#painter canvas.ids').width"
    page.wait_for_function(f"(width) => {width} === width", arg=WIDTHS[model], timeout=PATIENCE)
    wait_status(page, "Painted")


def test_strokes_outlive_kill_9_also_those_painted_while_the_server_was_away(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        page.fill("#seed input", "77")
        page.keyboard.press("Enter")
        wait_status(page, "seed 77")
        layouts = [ids_on_canvas(page), stroke(page, 0.1)]
        server.kill()  # while it paints
        layouts += [stroke(page, 0.2), stroke(page, 0.3)]
        page.wait_for_selector(
            ".toast-body:has-text('The studio does not answer. You can go on painting')", timeout=PATIENCE
        )
        server.start()
        wait_toast(page, "The studio was away and is back")
        wait_ids(page, layouts[-1])
        wait_status(page, "Painted")
        assert page.input_value("#seed input") == "77"
        for layout in layouts[-2::-1]:
            assert np.array_equal(undo(page), layout)
        page.keyboard.press("Control+Shift+z")
        wait_ids(page, layouts[1])
        old = photo_url(page)
        last = stroke(page, 0.9)  # it goes on
        wait_new_photo(page, old)
        wait_kept(page, 2)
        page.reload()
        wait_ids(page, last)


def test_a_server_that_was_started_anew_while_nobody_painted_gets_what_the_page_has(
    server: Server, browser: Any
) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        before = idle_after_stroke(page)
        server.kill()
        server.start()
        page.click("#painter [data-id='14']")
        drag(page, (0.2, 0.5), (0.8, 0.5))  # its request brings the page anew
        wait_toast(page, "The studio was away and is back")
        wait_status(page, "Painted")
        second = ids_on_canvas(page)
        assert (second != before)[len(second) // 2].any(-1).mean() > 0.5
        assert np.array_equal(undo(page), before)


def test_a_reload_in_the_middle_of_a_write_keeps_every_step(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        layouts = [ids_on_canvas(page), stroke(page, 0.2)]
        wait_kept(page, 1)
        page.evaluate(HANG)
        layouts += [stroke(page, 0.4), stroke(page, 0.6)]
        assert np.array_equal(undo(page), layouts[2])
        page.evaluate("document.dispatchEvent(new Event('semflow:keep'))")
        page.reload()
        wait_ids(page, layouts[2])
        wait_status(page, "Painted")
        for layout in layouts[1::-1]:
            assert np.array_equal(undo(page), layout)
        for layout in layouts[1:]:
            page.keyboard.press("Control+Shift+z")
            wait_ids(page, layout)


def test_a_step_that_is_painted_after_an_undo_is_kept_as_it_is(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        stroke(page, 0.2)
        wait_kept(page, 1)
        fresh = undo(page)
        second = stroke(page, 0.6)
        wait_kept(page, 1)
        assert np.array_equal(undo(page), fresh)
        page.reload()
        wait_ids(page, fresh)
        wait_status(page, "Painted")
        page.keyboard.press("Control+Shift+z")
        wait_ids(page, second)


def test_another_model_and_its_settings_come_back_at_once(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        fresh, faces = ids_on_canvas(page), stroke(page, 0.2)
        wait_kept(page, 1)
        page.click("#dice")
        page.wait_for_function("document.querySelector('#seed input').value !== '9'", timeout=PATIENCE)
        seed = page.input_value("#seed input")
        page.reload()
        wait_ids(page, faces)
        wait_status(page, f"seed {seed}")
        assert page.input_value("#seed input") == seed and page.input_value("#steps input[type=number]") == "4"
        choose_model(page, "streets")
        page.evaluate(HANG)
        streets = stroke(page, 0.4, class_id=13)
        page.reload()
        wait_ids(page, streets)
        wait_status(page, "Painted")
        assert page.input_value("#seed input") == seed and page.input_value("#steps input[type=number]") == "4"
        choose_model(page, "faces")
        wait_ids(page, faces)
        assert np.array_equal(undo(page), fresh)  # its steps, too
        choose_model(page, "streets")
        wait_ids(page, streets)
        undo(page)
        choose_model(page, "faces")
        wait_ids(page, fresh)
        page.keyboard.press("Control+Shift+z")
        wait_ids(page, faces)


@pytest.mark.parametrize("how", ["kept", "at the last moment"])
def test_what_was_in_the_hand_comes_back(server: Server, browser: Any, how: str) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        faces = stroke(page, 0.2, class_id=13)
        wait_kept(page, 1)
        if how != "kept":
            page.evaluate(HANG)
        page.click("#painter [data-id='14']")
        page.click("#painter [data-tool=brush]")
        page.click("#painter [data-shape=square]")
        page.locator("#painter .size").fill("7")
        page.click("#painter [data-tool=eraser]")
        if how == "kept":
            wait_until(page, KEPT.replace("part.undo.length)) >= least", "part.hand.tool === 'eraser')) === 1"), None)
        for _ in range(2):
            page.reload()
            wait_ids(page, faces)
            page.wait_for_selector("#painter:not([inert])", timeout=PATIENCE)
            wait_status(page, "Painted")
            assert page.get_attribute("#painter [data-tool=eraser]", "aria-pressed") == "true"
            assert page.get_attribute("#painter [data-shape=square]", "aria-pressed") == "true"
            assert page.input_value("#painter .size") == page.inner_text("#painter .size-text") == "7"
            assert page.get_attribute("#painter [data-id='14']", "aria-checked") == "true"


def saved_photo(page: Any) -> np.ndarray:
    """The whole photo as it is saved."""
    page.click("#edit-button")
    with page.expect_download(timeout=PATIENCE) as download:
        page.click("#whole-photo")
    return np.asarray(Image.open(download.value.path()))


def test_a_reload_keeps_the_open_photo_and_its_edits(server: Server, browser: Any, tmp_path: Path) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        page.set_input_files("#open input[type=file]", face_photo(tmp_path / "face.png"))
        wait_status(page, "Read in")
        page.wait_for_selector("#mode", timeout=PATIENCE)
        stroke(page, 0.3)
        wait_status(page, "Edited")
        page.click("#accept")
        wait_status(page, "Accepted")
        second = stroke(page, 0.6)
        wait_status(page, "Edited")
        before = saved_photo(page)
        wait_kept(page, 2)
        page.reload()
        wait_toast(page, "Everything is as you left it")
        wait_ids(page, second)
        wait_status(page, "Edited")
        page.wait_for_selector("#mode", timeout=PATIENCE)
        assert np.array_equal(saved_photo(page), before)  # the photo around the edit is in it, too
        page.click("#reset")
        wait_status(page, "Back to the photo")
        while np.array_equal(ids_on_canvas(page), second):
            page.wait_for_timeout(100)
        page.keyboard.press("Control+z")
        wait_ids(page, second)


@pytest.mark.parametrize("request_", ["**/gradio_api/upload*", "**/gradio_api/queue/join*"])
def test_a_visit_that_a_busy_server_does_not_take_is_sent_again(server: Server, browser: Any, request_: str) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        layout = stroke(page, 0.2)
        wait_kept(page, 1)
        refused = refuse(page, request_, times=1)
        page.reload()
        wait_toast(page, "Everything is as you left it")
        wait_ids(page, layout)
        assert len(refused) == 1


def test_a_visit_that_no_answer_brings_back_leaves_a_fresh_page_and_stays_kept(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        fresh, layout = ids_on_canvas(page), stroke(page, 0.2)
        wait_kept(page, 1)
        refuse(page, "**/gradio_api/queue/join*", times=3)
        page.reload()
        page.wait_for_selector("#keeper .kept:has-text('so the page opens fresh; it stays kept')", timeout=PATIENCE)
        wait_ids(page, fresh)
        stroke(page, 0.6)  # it goes on
        other = open_page(context, server.url)
        other.wait_for_selector("#keeper .kept:has-text('This browser keeps what you painted on')", timeout=PATIENCE)
        other.click("#keeper .bring")
        wait_ids(other, layout)


def test_a_visit_that_hangs_on_its_way_need_not_be_waited_for(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        fresh, layout = ids_on_canvas(page), stroke(page, 0.2)
        wait_kept(page, 1)
        hangs = [True]
        page.route("**/gradio_api/upload*", lambda route: None if hangs.pop() else route.continue_())
        page.reload()
        page.wait_for_selector("#keeper .kept:has-text('the studio has not answered yet')", timeout=PATIENCE)
        assert page.evaluate("document.querySelector('#painter').inert")  # what is painted now would be replaced
        page.click("#keeper .leave")
        page.wait_for_selector("#keeper .kept:has-text('it stays kept')", timeout=PATIENCE)
        wait_ids(page, fresh)
        stroke(page, 0.6)  # it goes on
        other = open_page(context, server.url)
        other.click("#keeper .bring", timeout=PATIENCE)
        wait_ids(other, layout)


def refuse(page: Any, address: str, times: int) -> list[str]:
    """Answer requests that bring a visit back as a busy server does, the first `times` -> those that were."""
    refused: list[str] = []

    def answer(route: Any) -> None:
        sent = route.request.post_data_buffer or b""
        if len(refused) < times and (b"kept.json" in sent or b'"event_data":{"kept"' in sent):
            refused.append(route.request.url)
            route.fulfill(status=503, json={"detail": "busy"})
        else:
            route.continue_()

    page.route(address, answer)
    return refused


def test_the_example_photo_comes_back_with_the_photo_around_it(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        page.click("#gallery .card:has-text('Try a photo')")
        wait_status(page, "Read in")
        page.wait_for_selector("#mode", timeout=PATIENCE)
        layout = stroke(page, 0.3)
        wait_status(page, "Edited")
        before = saved_photo(page)
        wait_kept(page, 1)
        page.reload()
        wait_ids(page, layout)
        wait_status(page, "Edited")
        assert np.array_equal(saved_photo(page), before)


def test_two_tabs_keep_their_own_and_a_new_one_is_offered_what_was_closed(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        one, other = open_page(context, server.url), open_page(context, server.url)
        assert other.locator("#keeper .kept").is_hidden()  # nothing was painted
        first, second = stroke(one, 0.2), stroke(other, 0.7, class_id=13)
        for page, layout in ((one, first), (other, second)):
            wait_kept(page, 1)
            page.reload()
            wait_ids(page, layout)
        copy = context.new_page()  # as a browser duplicates a tab
        copy.add_init_script(f"sessionStorage['semflow-visit'] ||= {one.evaluate(NAME)!r}")
        copy.goto(server.url)
        wait_ids(copy, first)
        wait_status(copy, "Painted")
        third = stroke(copy, 0.5)
        copy.wait_for_function(f"{NAME} !== {one.evaluate(NAME)!r}", timeout=PATIENCE)
        for page, layout in ((copy, third), (one, first)):
            page.reload()
            wait_ids(page, layout)
        copy.close()
        new = open_page(context, server.url)
        new.wait_for_selector("#keeper .kept:has-text('This browser keeps what you painted on')", timeout=PATIENCE)
        assert not np.array_equal(ids_on_canvas(new), third)
        new.click("#keeper .bring")
        wait_ids(new, third)
        new.wait_for_selector("#painter:not([inert])", timeout=PATIENCE)
        assert np.array_equal(undo(new), first)


def test_a_full_storage_is_said_once_and_the_studio_goes_on(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        devtools = context.new_cdp_session(page)
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": server.url.rstrip("/"), "quotaSize": 1})
        stroke(page, 0.2)
        page.wait_for_selector("#keeper .kept:has-text('The storage of this browser is full')", timeout=PATIENCE)
        page.click("#keeper .close")
        old = photo_url(page)
        stroke(page, 0.6)
        wait_new_photo(page, old)
        assert page.locator("#keeper .kept").is_hidden()
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": server.url.rstrip("/")})
        stroke(page, 0.8)
        wait_kept(page, 3)  # what could not be written is written now


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"W": 65536, "H": 65536}, "#keeper .kept:has-text('is damaged, so the page opens fresh')"),
        ({"W": 9000}, "#keeper .kept:has-text('is damaged, so the page opens fresh')"),
        ({"ids": 200}, ".toast-body:has-text('cannot be shown, so the page opens fresh')"),
    ],
)
def test_what_is_damaged_or_forged_is_refused_and_the_page_opens_fresh(
    server: Server, browser: Any, change: dict[str, int], sentence: str
) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        fresh, old = ids_on_canvas(page), photo_url(page)
        stroke(page, 0.2)
        wait_new_photo(page, old)  # its state is kept, too: nothing is written any more
        page.wait_for_function("document.querySelector('#player .at').max > 1", timeout=PATIENCE)
        wait_kept(page, 1)
        page.evaluate(FORGE, change)
        page.reload()
        page.wait_for_selector(sentence, timeout=PATIENCE)
        wait_ids(page, fresh)
        wait_status(page, "Painted")
        old = photo_url(page)
        stroke(page, 0.6)
        wait_new_photo(page, old)


def test_a_browser_that_keeps_nothing_says_so_once(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        context.add_init_script("Object.defineProperty(window, 'indexedDB', { get() { throw new Error('closed'); } })")
        page = open_page(context, server.url)
        assert page.locator("#keeper .kept").is_hidden()  # nothing is lost yet
        old = photo_url(page)
        stroke(page, 0.2)
        wait_new_photo(page, old)
        page.wait_for_selector("#keeper .kept:has-text('does not let the page keep anything')", timeout=PATIENCE)
        page.click("#keeper .close")
        stroke(page, 0.6)
        page.wait_for_timeout(1000)
        assert page.locator("#keeper .kept").is_hidden()


def test_old_visits_make_room_and_clearing_the_history_forgets_all(server: Server, browser: Any) -> None:
    with browse(browser) as context:
        page = open_page(context, server.url)
        stroke(page, 0.2)
        wait_kept(page, 1)
        page.evaluate(CROWD, MAX_VISITS + 2)
        stroke(page, 0.4)
        until, names = time.monotonic() + 60, ["old-1"]
        while "old-1" in names or len(names) != MAX_VISITS:
            assert time.monotonic() < until, names
            page.wait_for_timeout(200)
            names = page.evaluate(f"{VISITS}.then((all) => all.map((visit) => visit.id))")
        assert {page.evaluate(NAME), "old-0"} <= set(names)  # in the oldest something was painted
        page.click("#past-button")
        page.click("#history .clear")
        page.click("#history .clear")
        wait_until(page, f"async () => (await {VISITS}).length === 0")
