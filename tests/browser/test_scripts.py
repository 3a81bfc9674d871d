"""Names that are scripts, wherever a visitor's file or link can bring one: they are shown as text, and nothing runs."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import write_layout
from semflow_core.requests import SynthesisRequest

from .test_drops import drop, said
from .test_studio import PATIENCE, visit

PALETTE = load_palette("celebamask_hq")
# an attribute's end and both usual ways to run something; a slash would end a file's name
SCRIPT = "\"><img src=x onerror=\"document.title='RAN'\"><svg onload=\"document.title='RAN'\">'"


@pytest.fixture
def page(studio: str, browser: Any) -> Iterator[Any]:
    with visit(studio, browser, "desktop") as page:
        yield page


def png(folder: Path) -> bytes:
    labels = np.zeros((256, 256), np.uint8)
    labels[64:192, 64:192], labels[:64] = 1, 13
    write_layout(folder / "layout.png", labels, PALETTE)
    return (folder / "layout.png").read_bytes()


def project(**fields: Any) -> bytes:
    labels = np.zeros((256, 256), np.uint8)
    raw = json.loads(SynthesisRequest(layout=labels).to_json())
    return json.dumps(raw | fields).encode()


def nothing_ran(page: Any) -> None:
    """Whatever was sent has been answered, and neither ran nor became an element."""
    page.wait_for_timeout(300)  # an image that does not load says so a moment later
    assert page.title() != "RAN"
    assert page.locator("img[src='x'], svg[onload]").count() == 0


def told(page: Any) -> None:
    """Wait until the page has said something by itself or with the server's words."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('#notice, .toast-body')].some((n) => n.innerText.trim())", timeout=PATIENCE
    )


def test_names_of_files(page: Any, tmp_path: Path) -> None:
    drop(page, (SCRIPT + ".png", png(tmp_path)))
    said(page, "Read indexed PNG")
    nothing_ran(page)
    for name, content in (
        (SCRIPT + ".png", png(tmp_path)[:99]),
        (SCRIPT + ".json", b"{"),
        (SCRIPT + ".zip", b"PK\x03\x04" + b"x" * 99),
        (SCRIPT, b"MZ" + b"x" * 99),
    ):
        drop(page, (name, content))
        told(page)
        nothing_ran(page)


def test_fields_of_projects(page: Any) -> None:
    for fields in ({"model": SCRIPT}, {"solver": SCRIPT}, {"kind": SCRIPT}, {"layout": SCRIPT}, {SCRIPT: SCRIPT}):
        drop(page, ("project.json", project(**fields)))
        told(page)
        nothing_ran(page)
        page.evaluate("document.querySelectorAll('.toast-close').forEach((button) => button.click())")


def test_links_addresses_and_what_the_browser_kept(studio: str, browser: Any) -> None:
    packed = base64.urlsafe_b64encode(zlib.compress(project(solver=SCRIPT))).decode().rstrip("=")
    state = {"link": SCRIPT, "picture": SCRIPT, "title": SCRIPT, "how": SCRIPT, "began": 0}
    context = browser.new_context()  # whose console may speak of a picture that is none
    page = context.new_page()
    page.goto(studio)
    page.evaluate("(states) => localStorage.setItem('semflow-history', states)", json.dumps([state]))
    for address in (f"{studio}?__lang={SCRIPT}&model={SCRIPT}&__theme={SCRIPT}#p={packed}", f"{studio}#{SCRIPT}"):
        page.goto("about:blank")
        page.goto(address)
        page.wait_for_selector("#painter canvas", timeout=PATIENCE)
        nothing_ran(page)
    context.close()


def test_names_of_classes_and_photos_of_a_set(page: Any) -> None:
    classes = [{"id": i, "name": f"{SCRIPT}{i}", "color": f"#0000{i}{i}", "group": SCRIPT} for i in range(2)]
    palette = {"name": SCRIPT, "title": SCRIPT, "background": 0, "classes": classes}
    photo = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(photo, "PNG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("set/palette.json", json.dumps(palette))
        z.writestr(f"set/images/{SCRIPT}.png", photo.getvalue())
    page.click("#label-button")
    page.wait_for_selector("#label-photos", timeout=PATIENCE)
    file = {"name": SCRIPT + ".zip", "mimeType": "application/zip", "buffer": archive.getvalue()}
    page.set_input_files("#label input[type=file] >> nth=0", [file])
    page.wait_for_function(
        "() => document.querySelector('#label-progress')?.innerText.trim()"
        " || [...document.querySelectorAll('#notice, .toast-body')].some((n) => n.innerText.trim())",
        timeout=PATIENCE,
    )
    nothing_ran(page)
    page.locator("#label-classes button").first.click()
    nothing_ran(page)
