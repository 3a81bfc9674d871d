"""The sentence on the page where its own requests come to nothing; the answers are what proxies give."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from app.studio import WEB

HERE = "http://studio.test/paint/"


def banner_after(browser: Any, root: str, status: int) -> str:
    """What a page at HERE says when a request to the address that Gradio was told of gets a status; 0 is no answer."""
    page = browser.new_page()
    try:
        config = f"<script>window.gradio_config = {json.dumps({'root': root})}</script>"
        page.route(HERE, lambda route: route.fulfill(content_type="text/html", body=f"<body>{config}</body>"))
        page.route("**/gradio_api/**", lambda route: route.fulfill(status=status) if status else route.abort())
        page.goto(HERE)
        page.evaluate((WEB / "reach.js").read_text(encoding="utf-8"))
        page.evaluate("root => fetch(root + '/gradio_api/queue/join', { method: 'POST' }).catch(() => 0)", root)
        return page.evaluate("document.querySelector('#unreachable span')?.textContent ?? ''")
    finally:
        page.close()


@pytest.mark.parametrize(
    "root, status, words",
    [
        (
            "http://127.0.0.1:7860",
            0,
            "requests go to http://127.0.0.1:7860, where no studio answers. .* --root-path /paint",
        ),
        ("http://studio.test", 404, "page is at http://studio.test/paint, but its requests go to http://studio.test, "),
        ("http://studio.test/paint", 404, "^$"),  # an old session, which is no matter of addresses
        ("http://studio.test/paint", 0, "^$"),  # a connection that breaks is said by what brings it back
        ("http://studio.test/paint", 413, "larger than the server, or the proxy before it, takes"),
        ("http://studio.test/paint", 401, "reload the page to log in again"),
        ("http://studio.test/paint", 507, "disk of the server is full or read-only"),
        ("http://studio.test/paint", 200, "^$"),
    ],
)
def test_a_request_that_comes_to_nothing_is_said_once_and_with_its_remedy(
    browser: Any, root: str, status: int, words: str
) -> None:

    assert re.search(words, banner_after(browser, root, status))
