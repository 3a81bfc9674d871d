"""Two hundred strokes at random with every tool: none is lost, nothing complains, memory does not grow."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from .test_studio import PALETTE, PATIENCE, ids_on_canvas, page, wait_status  # noqa: F401 (page is a fixture)

TOOLS = ("brush", "brush", "brush", "eraser", "fill", "rectangle", "ellipse", "lasso")
WARM, STROKES = 120, 120  # the history is full after 100 strokes, and then holds what it will ever hold


def scribble(page: Any, rng: np.random.Generator, strokes: int) -> int:  # noqa: F811
    """Random strokes; how many changed the canvas."""
    box = page.locator("#painter canvas.ids").bounding_box()
    changed, before = 0, ids_on_canvas(page)
    for i in range(strokes):
        page.evaluate(
            "([tool, id]) => { for (const s of [`[data-tool=${tool}]`, `[data-id='${id}']`])"
            " document.querySelector('#painter ' + s).click(); }",
            [str(rng.choice(TOOLS)), int(rng.integers(19))],
        )
        (x, y), *rest = rng.uniform(0.02, 0.98, (4, 2)) * (box["width"], box["height"]) + (box["x"], box["y"])
        page.mouse.move(x, y)
        page.mouse.down()
        for x, y in rest:
            page.mouse.move(x, y)
        page.mouse.up()
        if i % 10 == 9:
            after = ids_on_canvas(page)
            changed += not np.array_equal(before, after)
            before = after
    return changed


def heap(page: Any) -> int:  # noqa: F811
    """Bytes that the page's scripts hold, after collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")
    session.detach()
    return int(used["usedSize"] + used.get("backingStorageSize", 0))


def test_a_monkey_paints(page: Any) -> None:  # noqa: F811
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    rng = np.random.default_rng(0)
    scribble(page, rng, WARM)
    page.wait_for_timeout(3000)
    wait_status(page, "Painted")
    before = heap(page)
    assert scribble(page, rng, STROKES) == STROKES // 10
    page.wait_for_timeout(3000)
    wait_status(page, "Painted")
    assert heap(page) < 1.1 * before
    page.click("#save-button")
    with page.expect_download(timeout=PATIENCE) as download:
        page.click("#saves button:has-text('Class ids')")
    saved = np.asarray(Image.open(download.value.path()))
    assert np.array_equal(PALETTE.colorize(saved), ids_on_canvas(page))  # the server has the last stroke
    assert not said
