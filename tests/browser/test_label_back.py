"""A page that is loaded anew has the set that was labelled on it, and no other page has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest

from .conftest import SCREENS
from .test_label import FACES, accept, drawn, mask, open_files, photo_on_canvas, saved_set
from .test_lost import Server, browse, open_page, stroke, undo, wait_kept, wait_quiet
from .test_studio import PATIENCE, drag, ids_on_canvas, reach_canvas, wait_ids, wait_status

__all__ = ["drawn"]  # a fixture
TICKET = "sessionStorage['semflow-set']"


@pytest.fixture(params=SCREENS)
def page(studio: str, browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    with browse(browser, request.param) as context:
        page = open_page(context, studio)
        page.click("#label-button")
        page.wait_for_selector("#label-photos", timeout=PATIENCE)
        yield page


def reload(page: Any) -> None:
    page.reload()
    page.wait_for_selector("#status", timeout=PATIENCE)


def name_set(page: Any, name: str) -> None:
    """Type it and leave the field. Gradio makes the field when its section opens, and a script is faster than that."""
    from playwright.sync_api import TimeoutError as Late

    for _ in range(3):
        page.fill("#label-name textarea, #label-name input", name)
        page.keyboard.press("Tab")
        with suppress(Late):
            page.wait_for_selector(f"#label-command :text('{name}/train.yaml')", timeout=PATIENCE / 4)
            return
    raise AssertionError(f"the command is {page.inner_text('#label-command')}")


def test_a_set_comes_back_after_a_reload(page: Any, drawn: Path) -> None:
    open_files(page, *sorted((drawn / "images").iterdir()))
    photo_on_canvas(page, 1)
    accept(page, 1)
    photo_on_canvas(page, 2)
    accepted = ids_on_canvas(page)
    accept(page, 2)
    photo_on_canvas(page, 3)
    page.click("#label-train > button")
    page.wait_for_selector("#label-command :text('train.yaml')", timeout=PATIENCE)
    name_set(page, "birds")
    reach_canvas(page)
    page.click("#painter [data-id='14']")  # a hat
    reach_canvas(page)
    with page.expect_request(lambda request: "queue/join" in request.url, timeout=PATIENCE):
        drag(page, (0.3, 0.5), (0.7, 0.5))
    painted, ticket = ids_on_canvas(page), page.evaluate(TICKET)
    reload(page)
    wait_status(page, "2 of 3 accepted. Photo 3 of 3: 0003. As you left it. The set is as you left it.")
    wait_ids(page, painted)
    page.wait_for_selector("#label-accept", timeout=PATIENCE)  # its tab is in front
    page.wait_for_selector("#label-progress:has-text('2 of 3 accepted. Photo 3 of 3: 0003')", timeout=PATIENCE)
    page.wait_for_function(f"(old) => {TICKET} && {TICKET} !== old", arg=ticket, timeout=PATIENCE)
    page.keyboard.press(",")
    wait_status(page, "Photo 2 of 3: 0002. It is accepted")
    wait_ids(page, accepted)
    page.keyboard.press(".")
    wait_status(page, "Photo 3 of 3: 0003. As you left it")
    wait_ids(page, painted)
    page.keyboard.press("Enter")
    wait_status(page, "All are accepted: save the set.")
    files = saved_set(page, "birds")
    assert (mask(files, "0003", "birds")[128, 100:150] == 14).all()
    page.click("#label-leave", timeout=PATIENCE)  # the model has its layout, and a photo, as on a fresh page
    wait_status(page, "Painted")

    # a new set drops it; nothing comes back then
    page.click("#label-clear", timeout=PATIENCE)
    wait_status(page, "Open photos for a new set")
    page.wait_for_function(f"{TICKET} === undefined", timeout=PATIENCE)
    reload(page)
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    page.click("#label-button")
    page.wait_for_selector("#label-photos", timeout=PATIENCE)
    assert not page.is_visible("#label-resume") and not page.is_visible("#label-save")


def test_what_was_painted_before_the_set_comes_back_with_it(studio: str, browser: Any, drawn: Path) -> None:
    with browse(browser) as context:
        page = open_page(context, studio)
        fresh, painted = ids_on_canvas(page), stroke(page, 0.2)
        wait_kept(page, 1)
        page.click("#label-button")
        page.wait_for_selector("#label-photos", timeout=PATIENCE)
        open_files(page, *sorted((drawn / "images").iterdir()))
        photo_on_canvas(page, 1)
        reload(page)
        wait_status(page, "0 of 3 accepted. Photo 1 of 3: 0001")
        page.click("#label-leave", timeout=PATIENCE)
        wait_ids(page, painted)
        wait_status(page, "Painted")
        page.wait_for_selector("#photo img", timeout=PATIENCE)
        assert np.array_equal(undo(page), fresh)
        reload(page)
        wait_ids(page, fresh)
        wait_status(page, "Painted")
        page.click("#label-button")
        page.click("#label-resume", timeout=PATIENCE)
        wait_status(page, "0 of 3 accepted. Photo 1 of 3: 0001")


def test_a_ticket_that_the_server_does_not_know_is_said_so(page: Any) -> None:
    page.evaluate(f"{TICKET} = 'forged'")
    reload(page)
    page.wait_for_selector("text=The studio no longer has the set", timeout=PATIENCE)
    wait_status(page, "Painted")
    page.wait_for_function(f"{TICKET} === undefined", timeout=PATIENCE)


def test_two_tabs_with_one_ticket_have_sets_of_their_own(page: Any, drawn: Path, studio: str) -> None:
    open_files(page, *sorted((drawn / "images").iterdir()))
    photo_on_canvas(page, 1)
    page.wait_for_function(TICKET, timeout=PATIENCE)
    ticket = page.evaluate(TICKET)
    other = page.context.new_page()
    other.goto(studio)
    other.wait_for_selector("#painter canvas.ids", timeout=PATIENCE)
    assert other.evaluate(f"{TICKET} === undefined")  # a new tab starts fresh
    other.evaluate(f"(ticket) => ({TICKET} = ticket)", ticket)  # what a duplicated one has
    reload(other)
    wait_status(other, "0 of 3 accepted. Photo 1 of 3: 0001")
    other.wait_for_function(f"(old) => {TICKET} !== old", arg=ticket, timeout=PATIENCE)
    other.keyboard.press("Enter")
    wait_status(other, "1 of 3 accepted. Photo 2 of 3")
    page.bring_to_front()
    page.keyboard.press(".")
    wait_status(page, "0 of 3 accepted. Photo 2 of 3")
    other.close()


def test_a_set_outlives_kill_9_with_what_was_painted_while_the_server_was_away(
    models: Path, browser: Any, drawn: Path, tmp_path: Path
) -> None:
    back = "#status:has-text('1 of 3 accepted. Photo 2 of 3: 0002. As you left it. The set is as you left it.')"
    server = Server(models, GRADIO_TEMP_DIR=str(tmp_path / "temporary"))
    server.start()
    with browse(browser) as context:
        page = open_page(context, server.url)
        page.click("#label-button")
        page.wait_for_selector("#label-photos", timeout=PATIENCE)
        open_files(page, *sorted((drawn / "images").iterdir()))
        photo_on_canvas(page, 1)
        accepted = ids_on_canvas(page)
        accept(page, 1)
        photo_on_canvas(page, 2)
        with page.expect_response(lambda response: "queue/join" in response.url, timeout=PATIENCE):
            stroke(page, 0.3)
        wait_quiet(page)
        files = [*(tmp_path / "temporary" / "semflow-sets").iterdir()]
        for file in files:  # nobody is served what lies there
            with pytest.raises(HTTPError, match="40[34]"):
                urlopen(f"{server.url}gradio_api/file={file}", timeout=20)
        assert len(files) >= 6  # three photos, a mask, the proposal's two, the set
        server.kill()
        painted = stroke(page, 0.6)
        page.wait_for_selector(".toast-body:has-text('The studio does not answer')", timeout=PATIENCE)
        server.start()
        page.wait_for_selector(back, timeout=PATIENCE)
        wait_ids(page, painted)
        page.keyboard.press(",")
        wait_status(page, "Photo 1 of 3: 0001. It is accepted")
        wait_ids(page, accepted)
        page.keyboard.press(".")
        wait_status(page, "Photo 2 of 3: 0002. As you left it")
        wait_quiet(page)
        server.kill()  # and again, while nobody paints
        server.start()
        page.keyboard.press("Enter")  # its request brings the page anew
        page.wait_for_selector(back, timeout=PATIENCE)
        wait_ids(page, painted)
        page.keyboard.press("Enter")
        wait_status(page, "2 of 3 accepted. Photo 3 of 3: 0003.")
        files = saved_set(page)
        assert (mask(files, "0002")[154, 60:190] == 14).all()
        assert np.array_equal(FACES.colorize(mask(files, "0001")), accepted)
    server.kill()
