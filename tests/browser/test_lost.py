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

from .conftest import ROOT, SCREENS, START_SECONDS
from .test_studio import PATIENCE, drag, ids_on_canvas, photo_url, wait_ids, wait_new_photo, wait_status

# whether all that the page has to keep is in IndexedDB
KEPT = """async (least) => {
  document.dispatchEvent(new Event('semflow:keep'));
  const result = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
  const db = await result(indexedDB.open('semflow', 1));
  const parts = await result(db.transaction('parts').objectStore('parts').getAll());
  db.close();
  return Math.max(0, ...parts.filter((part) => part.undo).map((part) => part.undo.length)) >= least;
}"""


class Server:
    """A studio that can be killed, and started again at the same address."""

    def __init__(self, models: Path) -> None:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url, self.models = f"http://127.0.0.1:{self.port}/", models
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(self.port), "--models", str(self.models)],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "GRADIO_ANALYTICS_ENABLED": "False"},
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
    page.wait_for_function(KEPT, arg=steps, timeout=PATIENCE)


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
