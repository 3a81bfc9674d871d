"""Undo over what landed in the canvas: a photo comes back with its edits, and goes again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .test_lost import KEPT
from .test_studio import (
    PATIENCE,
    drag,
    face_photo,
    ids_on_canvas,
    page,  # noqa: F401
    photo_url,
    wait_ids,
    wait_new_photo,
    wait_status,
    wait_until,
)

# whether the store holds an opened photo, or none
PHOTO_KEPT = """async (isThere) => {
  const opens = indexedDB.open("semflow", 1);
  const db = await new Promise((done) => (opens.onsuccess = () => done(opens.result)));
  const all = db.transaction('parts').objectStore('parts').getAll();
  await new Promise((done) => (all.onsuccess = done));
  db.close();
  return all.result.some((part) => typeof part === 'string') === isThere;
}"""


def photo_shown(page: Any) -> np.ndarray:  # noqa: F811
    """The picture in the photo's pane, as it is saved."""
    page.click("#save-button")
    with page.expect_download(timeout=PATIENCE) as download:
        page.click("#saves button:has-text('Photo')")
    return np.asarray(Image.open(download.value.path()))


def open_photo(page: Any, tmp_path: Path) -> None:  # noqa: F811
    page.set_input_files("#open input[type=file]", face_photo(tmp_path / "face.png"))
    wait_status(page, "Read in")
    page.wait_for_selector("#accept", timeout=PATIENCE)


def edit(page: Any) -> None:  # noqa: F811
    """A stroke, and its photo."""
    old = photo_url(page)
    page.click("#painter [data-id='14']")
    drag(page, (0.2, 0.2), (0.5, 0.2))
    wait_new_photo(page, old)
    wait_status(page, "Edited")


def test_undo_and_redo_over_an_opened_photo(page: Any, tmp_path: Path) -> None:  # noqa: F811
    fresh = ids_on_canvas(page)
    open_photo(page, tmp_path)
    edit(page)
    edited, layout = photo_shown(page), ids_on_canvas(page)

    page.click("#start-button")
    page.click("#gallery .card >> nth=1")
    wait_status(page, "Painted")
    page.wait_for_selector("#mode", state="hidden", timeout=PATIENCE)
    example = ids_on_canvas(page)
    assert not np.array_equal(example, layout)

    page.keyboard.press("Control+z")
    wait_ids(page, layout)
    wait_status(page, "Edited")
    page.wait_for_selector("#mode", timeout=PATIENCE)  # strokes edit the photo again
    assert np.array_equal(photo_shown(page), edited)
    page.wait_for_selector("#painter img.under", timeout=PATIENCE)

    page.keyboard.press("Control+Shift+z")
    wait_ids(page, example)
    wait_status(page, "Painted")
    page.wait_for_selector("#mode", state="hidden", timeout=PATIENCE)
    page.wait_for_selector("#painter img.under", state="hidden", timeout=PATIENCE)

    for _ in range(3):  # faster than pictures: over the photo, to what was there before it
        page.keyboard.press("Control+z")
    wait_ids(page, fresh)
    wait_status(page, "Painted")
    page.wait_for_selector("#mode", state="hidden", timeout=PATIENCE)
    page.keyboard.press("Control+Shift+z")
    wait_status(page, "The photo as it is")
    page.wait_for_selector("#mode", timeout=PATIENCE)


def test_undo_over_an_accepted_edit(page: Any, tmp_path: Path) -> None:  # noqa: F811
    open_photo(page, tmp_path)
    plain, layout = photo_shown(page), ids_on_canvas(page)
    edit(page)
    edited, hat = photo_shown(page), ids_on_canvas(page)
    page.click("#edit-button")
    page.click("#accept")
    wait_status(page, "Accepted")
    page.wait_for_selector("#accept[disabled]", timeout=PATIENCE)  # all of the answer is here, the canvas's part, too
    page.keyboard.press("Control+z")
    wait_ids(page, layout)
    wait_status(page, "The photo as it is")
    assert np.array_equal(photo_shown(page), plain)  # and not the hat painted away
    page.keyboard.press("Control+Shift+z")
    wait_ids(page, hat)
    wait_status(page, "The photo as it is")
    assert np.array_equal(photo_shown(page), edited)


def test_after_a_reload_an_open_photo_stays_open_and_an_earlier_one_leaves_its_layout(
    page: Any,  # noqa: F811
    tmp_path: Path,
) -> None:
    open_photo(page, tmp_path)
    layout = ids_on_canvas(page)
    wait_until(page, PHOTO_KEPT, True)
    page.reload()
    page.wait_for_selector(".toast-body:has-text('Everything is as you left it')", timeout=PATIENCE)
    wait_ids(page, layout)
    page.wait_for_selector("#mode", timeout=PATIENCE)
    drag(page, (0.2, 0.2), (0.5, 0.2))
    wait_status(page, "Edited")  # the canvas and the server speak of the same landing
    stroke = ids_on_canvas(page)

    page.click("#start-button")
    page.click("#gallery .card >> nth=1")
    wait_status(page, "Painted")
    wait_until(page, PHOTO_KEPT, False)
    wait_until(page, KEPT, 3)
    page.reload()
    page.wait_for_selector(".toast-body:has-text('Everything is as you left it')", timeout=PATIENCE)
    wait_status(page, "Painted")
    page.keyboard.press("Control+z")
    wait_ids(page, stroke)
    wait_status(page, "Painted")
    page.wait_for_selector("#mode", state="hidden", timeout=PATIENCE)


def test_an_empty_layout_says_what_to_do_also_on_a_page_that_is_loaded_anew(page: Any) -> None:  # noqa: F811
    assert page.locator("#result .begin").is_hidden()
    page.click("#painter [data-do=clear]")
    wait_status(page, "The layout is empty.")
    page.wait_for_selector("#result .begin", timeout=PATIENCE)
    assert page.locator("#player .at").is_disabled()  # there is no path
    wait_until(page, KEPT, 1)
    page.reload()
    page.wait_for_selector("#result .begin", timeout=PATIENCE)
    wait_status(page, "The layout is empty.")
    assert page.inner_text("#result .begin") == "Draw something: its photo appears here."
    page.wait_for_selector("#painter canvas.ids", timeout=PATIENCE)
    drag(page, (0.3, 0.5), (0.7, 0.5))
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    page.wait_for_selector("#player .at:enabled", timeout=PATIENCE)
    assert page.locator("#result .begin").is_hidden()
