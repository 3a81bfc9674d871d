"""The tabs under the photo as a visitor uses them: drafts, variations, one region, edits of a photo, the check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .conftest import SCREENS
from .test_studio import (
    PATIENCE,
    drag,
    face_photo,
    ids_on_canvas,
    photo_url,
    reach_canvas,
    requests_of,
    visit,
    wait_new_photo,
    wait_status,
)


@pytest.fixture(params=SCREENS)
def page(studio: str, browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    with visit(studio, browser, request.param, ratio=2 if request.param == "phone" else 1) as page:
        yield page


def click_photo(page: Any, x: float, y: float) -> None:
    """A click in the photo, at shares of its sides."""
    image = page.locator("#photo img")
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def open_photo(page: Any, tmp_path: Path) -> None:
    page.set_input_files("#open input[type=file]", face_photo(tmp_path / "face.png"))
    wait_status(page, "Read in")
    page.wait_for_selector("#mode", timeout=PATIENCE)
    page.wait_for_selector("#accept", timeout=PATIENCE)


def edit_photo(page: Any, tmp_path: Path) -> str:
    """Opens a photo and edits it with a stroke. Returns the URL of the photo before."""
    open_photo(page, tmp_path)
    reach_canvas(page)
    old = photo_url(page)
    drag(page, (0.2, 0.2), (0.5, 0.2))
    wait_new_photo(page, old)
    wait_status(page, "Edited")
    return old


def handle(page: Any) -> list[float]:
    return [float(v) for v in page.eval_on_selector_all("#pad .axes input", "all => all.map((i) => i.value)")]


def test_a_draft_is_shown_before_the_picture(page: Any) -> None:
    page.evaluate(
        "() => { window.said = []; new MutationObserver(() => said.push(document.querySelector('#status').innerText))"
        ".observe(document.querySelector('#status'), { subtree: true, childList: true, characterData: true }) }"
    )
    page.click("#dice")
    page.wait_for_function("said.some((s) => s.includes('Painted'))", timeout=PATIENCE)
    said = page.evaluate("said.join('|')")
    assert said.index("A draft of 2 steps") < said.index("Painted")


def test_a_page_that_nobody_touches_asks_for_nothing(page: Any) -> None:
    page.wait_for_timeout(3000)  # what follows on the first picture
    assert requests_of(page, 3) <= 2  # a heartbeat


def test_typed_numbers_repaint(page: Any) -> None:
    page.fill("#steps input[type=number]", "5")
    wait_status(page, "with 5 steps")
    page.fill("#seed input", "77")
    page.press("#seed input", "Enter")
    wait_status(page, "seed 77")


def test_a_click_in_the_photo_chooses_a_region_to_reroll_style_and_lock(page: Any) -> None:
    click_photo(page, 0.5, 0.06)
    wait_status(page, "Chosen: hair")
    page.wait_for_selector("#pad .axes input:not(:disabled)", timeout=PATIENCE)
    drawn, old = handle(page), photo_url(page)
    page.click("#reroll")
    wait_new_photo(page, old)
    wait_status(page, "Painted")
    page.wait_for_function(  # one axis may be at its end before and after
        "(old) => [...document.querySelectorAll('#pad .axes input')].some((i, k) => i.value != old[k])",
        arg=drawn,
        timeout=PATIENCE,
    )

    field = page.locator("#pad .field")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    old = photo_url(page)
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.94 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    wait_new_photo(page, old)  # while it is dragged
    page.mouse.up()
    wait_status(page, "Painted")
    page.wait_for_timeout(1000)  # answers to earlier positions come in, and must not take the handle back for good
    page.wait_for_function("document.querySelector('#pad .axes input').value > 0.9", timeout=PATIENCE)
    assert handle(page)[0] == pytest.approx(1, abs=0.05) and handle(page)[1] == pytest.approx(0, abs=0.05)
    assert not page.is_checked("#lock input")
    old = photo_url(page)
    page.click("#dice")  # everything but the hair's offset
    wait_new_photo(page, old)
    wait_status(page, "Painted")
    assert handle(page)[0] == pytest.approx(1, abs=0.05)


def test_a_region_is_given_a_colour(page: Any) -> None:
    click_photo(page, 0.5, 0.06)
    wait_status(page, "Chosen: hair")
    page.click("#color button >> nth=0")
    old = photo_url(page)
    page.fill("#color input[type=text]", "#a06030")
    page.press("#color input[type=text]", "Enter")
    wait_new_photo(page, old)
    wait_status(page, "Painted")
    page.wait_for_function(  # the swatch follows the last picture, not its drafts
        "document.querySelector('#color .dialog-button').style.background.includes('rgb(160, 96, 48)')",
        timeout=PATIENCE,
    )
    texts = " ".join(page.locator("#pad .axes label").all_inner_texts()).split()
    assert texts == ["dark", "light", "cool", "warm", "pink", "green"]
    assert page.inner_text("#pad .field").split() == ["dark", "light", "cool", "warm"]  # left, right, top, bottom
    assert page.get_by_role("slider", name="Light, from dark to light, appearance of hair").count() == 1
    ends = "all => all.map((end) => end.style.background)"
    assert len(set(page.eval_on_selector_all("#pad .end i", ends))) > 1  # the colours that it gets there
    assert "may change a little" in page.inner_text("#pad .note")
    assert not page.is_checked("#lock input")  # nobody asked for it


def test_a_region_takes_its_colour_from_an_opened_photo(page: Any, tmp_path: Path) -> None:
    open_photo(page, tmp_path)
    page.click("#start-button")
    page.click("#gallery .card >> nth=0")
    wait_status(page, "Painted")
    page.click("#appearance-button")
    click_photo(page, 0.02, 0.02)
    wait_status(page, "Chosen: background")
    page.wait_for_selector("#pad .axes input:not(:disabled)", timeout=PATIENCE)
    page.click("#photo-offset")  # a model of random weights reads who knows what: its colour, or why there is none
    page.wait_for_function(
        "['Painted', 'shows too little of'].some((text) => document.body.innerText.includes(text))",
        timeout=PATIENCE,
    )


def test_a_variation_is_picked_whole_or_for_one_region(page: Any) -> None:
    click_photo(page, 0.5, 0.06)
    wait_status(page, "Chosen: hair")
    page.click("#variations-button")
    page.click("#count label:has-text('4')")
    page.click("#draw")
    wait_status(page, "4 variations of 4 steps")
    assert page.locator("#strip img").count() == 4
    seed, old = page.input_value("#seed input"), photo_url(page)
    page.click("#strip button >> nth=1")
    wait_new_photo(page, old)
    assert " s " not in wait_status(page, "Painted with")  # it was there
    picked = page.input_value("#seed input")
    assert picked != seed
    page.click("#takes label:has-text('Only hair')")
    old = photo_url(page)
    page.click("#strip button >> nth=2")
    wait_new_photo(page, old)
    wait_status(page, "Painted")
    assert page.input_value("#seed input") == picked  # the rest of the picture stays


def test_strokes_edit_an_opened_photo_and_edits_chain(page: Any, tmp_path: Path) -> None:
    edit_photo(page, tmp_path)
    page.wait_for_selector("#accept:not(:disabled)", timeout=PATIENCE)
    page.click("#accept")
    wait_status(page, "Accepted")
    reach_canvas(page)
    old = photo_url(page)
    drag(page, (0.2, 0.8), (0.5, 0.8))
    wait_new_photo(page, old)
    wait_status(page, "Edited")
    compared, button = page.locator("#player .compared"), page.locator("#player .compare-button")
    page.keyboard.press("c")
    assert page.inner_text("#player .side.one") == "before"
    assert compared.inner_text() == "Before and after; next: layout and photo"
    page.keyboard.press("c")
    assert compared.inner_text() == "Layout and photo; next: off"
    assert button.get_attribute("title") == "Layout and photo; next: off (C)"
    page.keyboard.press("c")
    assert compared.is_hidden() and button.get_attribute("aria-pressed") == "false"
    with page.expect_download(timeout=PATIENCE) as download:
        page.click("#whole-photo")
    with Image.open(tmp_path / "face.png") as taken, Image.open(download.value.path()) as whole:
        assert whole.size == taken.size and whole.tobytes() != taken.convert("RGB").tobytes()
    page.click("#reset")
    wait_status(page, "Back to the photo")
    page.click("#mode label:has-text('Paint a new one')")
    wait_status(page, "Painted")


def test_a_misread_layout_is_corrected_without_an_edit(page: Any, tmp_path: Path) -> None:
    old = edit_photo(page, tmp_path)
    corrected = ids_on_canvas(page)
    page.click("#misread")
    wait_status(page, "The layout is corrected")
    assert photo_url(page) == old and np.array_equal(ids_on_canvas(page), corrected)
    page.wait_for_selector("#accept:disabled", timeout=PATIENCE)
    page.click("#painter [data-do=undo]")
    assert "as it is" in wait_status(page, "The photo as it is")
    assert photo_url(page) == old and not np.array_equal(ids_on_canvas(page), corrected)


def test_each_model_keeps_its_layout(page: Any) -> None:
    drag(page, (0.2, 0.2), (0.5, 0.2))
    wait_status(page, "Painted")
    painted = ids_on_canvas(page)
    page.uncheck("#live input")
    for model, width in (("streets", 512), ("faces", 256)):
        page.click("#model input")
        page.click(f"[role=option]:has-text('{model}')")
        page.wait_for_function(
            "(w) => document.querySelector('#painter canvas.ids').width === w", arg=width, timeout=PATIENCE
        )
        wait_status(page, "Press “Paint it”" if model == "streets" else "as you left it")
    assert np.array_equal(ids_on_canvas(page), painted)


def test_unsure_places_are_shown_over_the_layout(page: Any, tmp_path: Path) -> None:
    open_photo(page, tmp_path)
    page.click("#unsure input")
    page.wait_for_function("!document.querySelector('#painter .heat').hidden", timeout=PATIENCE)
    page.click("#unsure input")
    page.wait_for_function("document.querySelector('#painter .heat').hidden", timeout=PATIENCE)


def test_an_example_is_no_edit_of_the_photo(page: Any, tmp_path: Path) -> None:
    open_photo(page, tmp_path)
    page.click("#start-button")
    page.click("#gallery .card:has-text('Hat')")
    wait_status(page, "Painted")
    page.wait_for_selector("#mode", state="detached", timeout=PATIENCE)


def test_the_check_reads_the_photo_again(page: Any) -> None:
    page.click("#check-button")
    page.click("#recheck")
    wait_status(page, "Read again")
    page.wait_for_selector("#agreement table", timeout=PATIENCE)
    scores = [float(t) for t in page.locator("#agreement tbody td:last-child").all_inner_texts()]
    assert len(scores) > 5 and all(0 <= s <= 100 for s in scores)
    assert float(page.inner_text("#agreement tfoot td:last-child")) == pytest.approx(np.mean(scores), abs=1)


def test_a_menu_that_is_left_with_the_tab_key_shuts_and_changes_nothing(page: Any) -> None:
    page.focus("#camera")
    page.keyboard.press("Tab")
    page.wait_for_selector("#model [role=option]", timeout=PATIENCE)
    page.keyboard.press("Tab")
    page.wait_for_selector("#model [role=option]", state="detached", timeout=PATIENCE)
    page.wait_for_timeout(500)  # it opened once more with the key's own handler
    assert page.locator("#model [role=option]").count() == 0
    assert "as you left it" not in page.inner_text("#status")


def test_settings_that_are_left_as_they_were_say_nothing(page: Any) -> None:
    page.uncheck("#live input")
    page.click("#advanced-button")
    page.evaluate(
        """() => {
            window.said = [];
            const status = document.querySelector('#status');
            new MutationObserver(() => window.said.push(status.innerText.trim())).observe(
                status, { childList: true, subtree: true, characterData: true });
        }"""
    )
    page.focus("input[aria-label='Solver']")
    for label in ("Solver", "Time grid"):
        page.wait_for_selector(f"input[aria-label='{label}'][aria-expanded=true]", timeout=PATIENCE)
        page.keyboard.press("Tab")
    page.wait_for_selector("[role=option]", state="detached", timeout=PATIENCE)
    page.locator("input[aria-label='Solver']").click()
    page.click("[role=option]:has-text('heun')")
    wait_status(page, "Settings changed")
    said = page.evaluate("window.said")
    assert said and all(text.startswith("Settings changed") for text in said)
    page.locator("input[aria-label='Time grid']").focus()
    page.keyboard.press("Tab")
    page.click("#synthesize")
    wait_status(page, "of heun")
