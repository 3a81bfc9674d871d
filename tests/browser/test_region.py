"""The tab Region: all that it changes is a step of the canvas's history."""

from __future__ import annotations

import os
from typing import Any

from .test_studio import PATIENCE, page, photo_url, wait_new_photo, wait_status, wait_until  # noqa: F401
from .test_tabs import click_photo, handle

SHOWN = """({ offset, locked }) => document.querySelector('#lock input').checked === locked
  && [...document.querySelectorAll('#pad .axes input')].every((axis, i) => Math.abs(axis.value - offset[i]) < 0.015)"""
CHANGED = """(old) => [...document.querySelectorAll('#pad .axes input')].some((axis, i) => axis.value != old[i])"""


SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


def overlap(a: dict[str, float], b: dict[str, float]) -> bool:
    """Whether two boxes have a place in common."""
    return all(a[p] < b[p] + b[n] and b[p] < a[p] + a[n] for p, n in (("x", "width"), ("y", "height")))


def choose_hair(page: Any) -> list[float]:  # noqa: F811
    """The hair is chosen: its offset."""
    click_photo(page, 0.5, 0.06)
    wait_status(page, "Chosen: hair")
    page.wait_for_selector("#pad .axes input:not(:disabled)", timeout=PATIENCE)
    assert page.is_disabled("#painter [data-do=undo]")
    return handle(page)


def wait_shown(page: Any, offset: list[float], locked: bool) -> None:  # noqa: F811
    wait_until(page, SHOWN, {"offset": offset, "locked": locked})


def drag_pad(page: Any, start: float, end: float) -> None:  # noqa: F811
    """The handle, along the middle of the field."""
    field = page.locator("#pad .field")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    y = box["y"] + 0.5 * box["height"]
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=5)
    page.mouse.up()


def test_reroll_pad_colour_lock_and_reset_are_undone_and_redone(page: Any) -> None:  # noqa: F811
    states = [(choose_hair(page), False)]

    def done(old: str) -> None:
        """The next picture is there, and the pad and the lock show the next state."""
        wait_until(page, CHANGED, states[-1][0])
        wait_new_photo(page, old)
        wait_status(page, "Painted")
        states.append((handle(page), page.is_checked("#lock input")))

    photo = photo_url(page)
    page.click("#reroll")
    page.wait_for_selector("#painter [data-do=undo]:enabled", timeout=PATIENCE)
    done(photo)

    photo = photo_url(page)
    drag_pad(page, 0.3, 0.94)
    done(photo)
    assert handle(page)[0] > 0.95  # where it was let go

    photo = photo_url(page)
    page.click("#color button >> nth=0")
    page.fill("#color input[type=text]", "#a06030")
    page.press("#color input[type=text]", "Enter")
    done(photo)

    page.click("#lock")
    wait_status(page, "Locked: hair")
    states.append((handle(page), True))

    page.click("#reset-offset")  # neither a colour of its own nor another seed: as it was, but for the lock
    states.append((states[0][0], True))
    wait_shown(page, *states[-1])

    for state in reversed(states[:-1]):
        page.keyboard.press("Control+z")
        wait_shown(page, *state)
    assert page.is_disabled("#painter [data-do=undo]")
    for state in states[1:]:
        page.keyboard.press("Control+Shift+z")
        wait_shown(page, *state)
    assert page.is_disabled("#painter [data-do=redo]")


def test_one_region_is_chosen_everywhere(page: Any) -> None:  # noqa: F811
    click_photo(page, 0.5, 0.06)
    wait_status(page, "Chosen: hair")
    chosen = "(name) => document.querySelector('#region input').value === name"
    wait_until(page, chosen, "hair")
    outline = "() => document.querySelector('#painter .ants').getAttribute('d')"
    hair = page.evaluate(outline)
    page.keyboard.press("v")
    box = page.locator("#painter canvas.ids").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.6 * box["height"])  # the nose
    wait_until(page, "() => !['', 'hair'].includes(document.querySelector('#region input').value)")
    clicked = page.input_value("#region input")
    nose = page.evaluate(outline)
    assert nose != hair
    old = photo_url(page)
    page.click("#reroll")
    wait_new_photo(page, old)
    assert f"Drawn anew: {clicked}." in wait_status(page, "Painted")

    page.click("#region input")
    page.click("[role=option]:has-text('hair')")
    wait_until(page, "(old) => document.querySelector('#painter .ants').getAttribute('d') !== old", nose)


def test_notices_cover_no_control_and_let_clicks_through(studio: str, browser: Any) -> None:
    for name, size in SIZES.items():
        page = browser.new_context(viewport=dict(zip(("width", "height"), size))).new_page()  # noqa: F811
        page.goto(studio)
        page.wait_for_selector("#status", timeout=PATIENCE)
        wait_status(page, "Painted")
        page.evaluate("(text) => semflowSay(text)", "A sentence that is as long as most of those that are said here.")
        page.set_input_files("#open input[type=file]", {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"none"})
        page.wait_for_selector(".toast-body", timeout=PATIENCE)
        if folder := os.environ.get("SEMFLOW_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/notice.{name}.png")
        for box in (page.locator("#notice").bounding_box(), page.locator(".toast-body").bounding_box()):
            for x in (0.1, 0.5, 0.8):
                under = page.evaluate(
                    "([x, y]) => Boolean(document.elementFromPoint(x, y)?.closest('#notice, .toast-wrap'))",
                    [box["x"] + x * box["width"], box["y"] + 0.5 * box["height"]],
                )
                assert not under
            for other in ("#model", "#open", "#photo", "#appearance-button"):
                if name == "desktop" and other == "#photo":
                    continue  # its upper edge
                assert not overlap(box, page.locator(other).bounding_box()), (name, other)
        page.click("#notice button")
        page.context.close()
