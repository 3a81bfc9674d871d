"""The studio in a frame of another page: a link to the project is the studio's own, in the clipboard and to be seen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from .test_studio import PATIENCE


@pytest.fixture
def blog(studio: str) -> Iterator[str]:
    """The address of a page of another origin, with the studio in a frame."""
    body = f"<title>A blog</title><iframe src='{studio}' style='width: 100%; height: 760px'></iframe>".encode()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: pytest shows what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/blog"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_a_link_from_a_frame_is_the_studios_own(studio: str, blog: str, browser: Any, closed: bool) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["clipboard-read"])
    page = context.new_page()
    if closed:  # neither way into the clipboard
        page.add_init_script("document.execCommand = () => false")
    page.goto(blog)
    frame = page.frame_locator("iframe")
    frame.locator("#photo img").wait_for(timeout=PATIENCE)
    frame.locator("#save-button").click()
    frame.locator("#copy-link").click()
    field = frame.locator("#notice input")
    field.wait_for(timeout=PATIENCE)
    link = field.input_value()
    assert link.startswith(f"{studio}#p=") and page.url == blog
    if closed:
        assert "copy the link from this field" in frame.locator("#notice").inner_text()
        assert field.evaluate(
            "(field) => document.activeElement === field && field.selectionEnd === field.value.length"
        )
    else:
        assert "The link is in the clipboard" in frame.locator("#notice").inner_text()
        page.bring_to_front()
        page.evaluate("window.focus()")
        assert page.evaluate("navigator.clipboard.readText()") == link
    frame.locator("#notice button").click()
    assert frame.locator("#notice").count() == 0
    context.close()


def test_without_a_clipboard_the_link_is_in_a_field(studio: str, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined }); document.execCommand = () => false"
    )
    page.goto(studio)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    page.click("#save-button")
    page.click("#copy-link")
    page.wait_for_selector("#notice input", timeout=PATIENCE)
    assert page.input_value("#notice input").startswith(f"{studio}#p=")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
