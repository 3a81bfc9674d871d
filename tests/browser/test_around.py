"""The player's options, what it saves, the history strip and links, as a visitor uses them."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from .test_studio import PATIENCE, photo_url, slide, wait_new_photo, wait_path, wait_status


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desktop", "phone"])
def page(studio: str, browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh visit whose first picture is a state of the history."""
    width, height = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height},
        accept_downloads=True,
        has_touch=width < 500,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(studio)
    page.wait_for_selector("#history .state img", timeout=PATIENCE, state="attached")
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert not errors


def show_path(page: Any) -> None:
    """All moments of the path, and the options of the player."""
    page.click("#path-button")
    page.click("#show-path")
    wait_path(page, 25)
    page.click("#player .more")


def states(page: Any) -> int:
    return page.locator("#history .state").count()


def roll(page: Any) -> None:
    """Another seed, which is another state."""
    page.click("#past-button")
    page.wait_for_selector("#history .state", timeout=PATIENCE)  # the one that the page starts with
    before = states(page)
    page.click("#dice")
    page.wait_for_function(
        "(n) => document.querySelectorAll('#history .state').length > n", arg=before, timeout=PATIENCE
    )


def test_the_players_timelines_and_views(page: Any) -> None:
    show_path(page)
    assert page.get_attribute("#player .at", "max") == "24"
    marks = "document.querySelectorAll('#player .marks i').length"
    assert page.evaluate(marks) == 5  # 4 steps
    page.select_option("#player .timeline", "own")
    assert page.get_attribute("#player .at", "max") == "4" and page.evaluate(marks) == 5
    page.select_option("#player .view", "photos")
    slide(page, 4)
    moment = page.evaluate("document.querySelector('#player canvas').toDataURL()")  # until its view is here
    page.wait_for_function(
        "(moment) => document.querySelector('#player canvas').toDataURL() !== moment", arg=moment, timeout=PATIENCE
    )
    assert page.input_value("#player .view") == "photos"  # the choice has stayed


def test_what_plays_can_be_saved(page: Any, tmp_path: Path) -> None:
    show_path(page)
    page.select_option("#player .repeat", "back")
    for kind in ("zip", "mp4"):
        page.select_option("#player .format", kind)
        with page.expect_download(timeout=PATIENCE) as download:
            page.click("#player .export")
        download.value.save_as(tmp_path / f"path.{kind}")
    with zipfile.ZipFile(tmp_path / "path.zip") as archive:
        assert len(archive.namelist()) == 48  # 25 there, 23 back
        assert Image.open(io.BytesIO(archive.read("000.png"))).size == (256, 256)
    # this very browser plays it
    page.evaluate(
        """(data) => new Promise((done, fail) => {
        const video = document.createElement('video');
        video.onloadeddata = () => done(); video.onerror = () => fail(video.error.message);
        video.src = 'data:video/mp4;base64,' + data; })""",
        base64.b64encode((tmp_path / "path.mp4").read_bytes()).decode(),
    )


def test_between_two_seeds(page: Any) -> None:
    page.click("#path-button")
    page.wait_for_timeout(500)  # Gradio mounts a tab when it is opened, and then its fields' first values
    page.fill("#other-seed input", "77")
    assert page.input_value("#other-seed input") == "77"
    page.click("#show-morph")
    page.wait_for_function("document.querySelector('#player .right').textContent === 'seed 77'", timeout=PATIENCE)
    assert page.locator("#player .view").is_hidden()
    old = photo_url(page)
    page.click("#dice")
    wait_new_photo(page, old)
    page.wait_for_function("document.querySelector('#player .right').textContent === 'layout'", timeout=PATIENCE)


def test_states_come_back_and_survive_a_reload(page: Any) -> None:
    seed = page.input_value("#seed input")
    roll(page)
    page.wait_for_function("(s) => document.querySelector('#seed input').value !== s", arg=seed, timeout=PATIENCE)
    address, page = page.url, page.context.new_page()  # another tab: a visit of its own, with the same history
    page.goto(address)
    page.wait_for_selector("#history .state img", timeout=PATIENCE, state="attached")
    wait_status(page, "Painted")
    page.click("#past-button")
    assert states(page) == 2
    page.locator("#history .restore").first.click()  # the newest: of another seed than the page starts with
    page.wait_for_selector("#history .state:first-child[aria-current=true]", timeout=PATIENCE)  # its picture is here
    assert page.input_value("#seed input") != seed
    page.locator("#history .restore").last.click()
    page.wait_for_selector("#history .state:last-child[aria-current=true]", timeout=PATIENCE)
    assert page.input_value("#seed input") == seed
    page.click("#history .clear")
    page.click("#history .clear")  # asked once
    assert states(page) == 0
    assert page.evaluate("localStorage.getItem('semflow-history')") == "[]"


def test_from_an_earlier_state_to_this_one(page: Any) -> None:
    roll(page)
    page.locator("#history .state").last.hover()
    page.locator("#history .animate").last.click()
    wait_status(page, "From that state to this one")
    page.wait_for_function(  # the layout is the same
        "document.querySelector('#player .right').textContent.startsWith('seed')", timeout=PATIENCE
    )


def test_a_link_opens_the_same_project(page: Any) -> None:
    roll(page)
    seed = page.input_value("#seed input")
    page.click("#history .share")
    wait_status(page, "The link is in the clipboard")
    link = page.evaluate("navigator.clipboard.readText()")
    other = page.context.new_page()
    other.goto(link)
    other.wait_for_function(
        "(seed) => document.querySelector('#seed input')?.value === seed", arg=seed, timeout=PATIENCE
    )
    assert "#" not in other.url  # or a reload would undo what is painted from here on
    other.evaluate("location.hash = '#p=broken'")
    other.wait_for_selector(".toast-body:has-text('damaged or cut off')", timeout=PATIENCE)
    assert other.input_value("#seed input") == seed
