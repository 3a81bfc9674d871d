"""What is dropped on the page or pasted: opened by its content, or answered in a sentence; the page is never left."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import read_layout, write_layout

from .test_studio import PATIENCE, face_photo, ids_on_canvas, photo_url, visit, wait_ids, wait_status

PALETTE = load_palette("celebamask_hq")
# files: [name, type, base64]; texts: {type: text}; folder: its name, in which the files lie, or null
DROP = """([where, files, texts, folder]) => {
  const transfer = new DataTransfer();
  const bytes = (data) => Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const made = files.map(([name, type, data]) => new File([bytes(data)], name, { type }));
  const { webkitGetAsEntry } = DataTransferItem.prototype;
  for (const [type, text] of Object.entries(texts)) transfer.setData(type, text);
  if (folder === null) for (const file of made) transfer.items.add(file);
  else {
    transfer.items.add(new File([], folder));
    const batches = [made.map((file) => ({ name: file.name, isDirectory: false, file: (done) => done(file) })), []];
    const createReader = () => ({ readEntries: (done) => done(batches.shift()) });
    // a synthetic event has no folders
    DataTransferItem.prototype.webkitGetAsEntry = () => ({ name: folder, isDirectory: true, createReader });
  }
  const target = document.querySelector(where);
  const fire = (type) => {
    const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer });
    target.dispatchEvent(event);
    return event.defaultPrevented;
  };
  const marked = () => document.body.classList.contains('dropping');
  const result = [fire('dragover'), marked(), fire('drop'), marked()];
  Object.assign(DataTransferItem.prototype, { webkitGetAsEntry });
  return result;
}"""


@pytest.fixture
def page(studio: str, browser: Any) -> Iterator[Any]:
    with visit(studio, browser, "desktop") as page:
        yield page


def drop(
    page: Any,
    *files: tuple[str, bytes],
    texts: dict[str, str] | None = None,
    where: str = "#painter",
    folder: str | None = None,
    kind: str = "",
) -> None:
    """Drop files, (name, content) of no type unless there is one, or texts, or a folder of the files."""
    data = [[name, kind, base64.b64encode(content).decode()] for name, content in files]
    address = page.url
    over, marked, dropped, left = page.evaluate(DROP, [where, data, texts or {}, folder])
    assert over and marked and dropped and not left
    assert page.url == address or "#p=" in page.url


def said(page: Any, text: str) -> None:
    """Wait until the page says it, by itself or with the server's words."""
    page.wait_for_function(
        "(text) => [...document.querySelectorAll('#notice, .toast-body')].some((n) => n.innerText.includes(text))",
        arg=text,
        timeout=PATIENCE,
    )


def layout_file(folder: Path) -> bytes:
    labels = np.zeros((256, 256), np.uint8)
    labels[64:192, 64:192], labels[:64] = 1, 13
    write_layout(folder / "layout.png", labels, PALETTE)
    return (folder / "layout.png").read_bytes()


def on_canvas(page: Any, classes: set[int]) -> None:
    """Wait until the canvas shows just these classes."""
    page.wait_for_function(
        """(n) => { const c = document.querySelector('#painter canvas.ids');
        const d = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer);
        return new Set(d).size === n; }""",
        arg=len(classes),
        timeout=PATIENCE,
    )
    colours = {tuple(c) for c in ids_on_canvas(page).reshape(-1, 3)}
    assert colours == {tuple(PALETTE.color_of_id[i]) for i in classes}


def test_a_photo_without_a_type_or_suffix_is_read(page: Any, tmp_path: Path) -> None:
    drop(page, ("IMG_0001", face_photo(tmp_path / "face.png").read_bytes()))
    wait_status(page, "Read in")


def test_a_layout_of_another_model_lands_with_that_model(page: Any, tmp_path: Path) -> None:
    streets = load_palette("cityscapes")
    labels = read_layout("assets/layouts/street.png", streets)
    labels = np.where(labels == labels[0, 0], labels.max(), labels).astype(np.uint8)  # not the example
    Image.fromarray(streets.colorize(labels)).save(tmp_path / "town.png")
    drop(page, ("town.png", (tmp_path / "town.png").read_bytes()))
    said(page, "This is a layout of the model 'streets', which was chosen.")
    wait_ids(page, streets.colorize(labels))
    wait_status(page, "Painted")
    assert page.input_value("#model input") == "streets"
    page.wait_for_selector("#gallery .card:has-text('Street')", state="attached", timeout=PATIENCE)


def test_a_layout_lands_on_the_canvas(page: Any, tmp_path: Path) -> None:
    drop(page, ("layout", layout_file(tmp_path)), where="body")
    on_canvas(page, {0, 1, 13})
    wait_status(page, "Painted")


def test_a_project_reopens_without_its_suffix_and_from_a_zip(page: Any) -> None:
    page.click("#save-button")
    with page.expect_download() as download:
        page.click("#saves button:has-text('Project')")
    saved = json.loads(Path(download.value.path()).read_text())
    for i, seed in enumerate((4711, 4712)):
        text = json.dumps({**saved, "seed": seed}).encode()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("mine/project.json", text)
            archive.writestr("__MACOSX/mine/._project.json", b"\0\5\x16\7")
        drop(page, ("project", text) if i == 0 else ("mine", packed.getvalue()))
        page.wait_for_function(
            "(seed) => document.querySelector('#seed input').value === seed", arg=str(seed), timeout=PATIENCE
        )


def test_of_several_files_and_of_a_folder_the_one_that_can_be_opened_is(page: Any, tmp_path: Path) -> None:
    layout, litter = layout_file(tmp_path), ("._layout.png", b"\0\5\x16\7")
    drop(page, ("read me.txt", b"Hello."), ("layout.png", layout), litter)
    on_canvas(page, {0, 1, 13})
    page.click("#painter [data-do=clear]")
    on_canvas(page, {0})
    drop(page, ("read me.txt", b"Hello."), (".DS_Store", b"\0\0\0\1Bud1"), ("layout.png", layout), folder="masks")
    on_canvas(page, {0, 1, 13})


def test_parts_in_a_folder_are_one_layout(page: Any) -> None:
    part = io.BytesIO()
    Image.fromarray(np.pad(np.full((128, 256), 255, np.uint8), ((0, 128), (0, 0)))).save(part, "PNG")
    files = [(f"00012_{name}.png", part.getvalue()) for name in ("hair", "skin")]
    drop(page, *files, folder="parts")
    on_canvas(page, {0, 13})


def test_what_cannot_be_opened_is_answered_and_changes_nothing(page: Any, tmp_path: Path) -> None:
    before, old = ids_on_canvas(page), photo_url(page)
    picture, text = ("a.png", layout_file(tmp_path)), ("a.txt", b"Hello.")
    drop(page, picture, ("b.png", picture[1]))
    said(page, "2 of these files can be opened, a.png, b.png: drop them one at a time.")
    drop(page, *[(f"{c}.png", picture[1]) for c in "abcde"], folder="images")
    said(page, "The folder “images” holds 5 files that can be opened, a.png, b.png, c.png, …: drop one of them.")
    drop(page, text, folder="notes")
    said(page, "The folder “notes” holds nothing that can be opened")
    drop(page, text, text)
    said(page, "None of these files can be opened")
    drop(page, ("paper", b"%PDF-1.7"))
    said(page, "The file 'paper' is a PDF")
    drop(page, ("empty.png", b""))
    said(page, "is empty")
    drop(page, ("a.mp4", b"\0\0\0\x18ftypmp42"), kind="video/mp4")
    said(page, "is a video")
    assert np.array_equal(ids_on_canvas(page), before) and photo_url(page) == old


def test_links_and_pictures_of_other_pages(page: Any, tmp_path: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    foreign = "http://192.0.2.1/cat.jpg"  # an address that no host has
    drop(page, texts={"text/uri-list": foreign, "text/html": f"<img src='{foreign}'>", "text/plain": foreign})
    said(page, "The other page gave only the address of its picture")
    drop(page, texts={"text/uri-list": foreign, "text/plain": foreign})
    said(page, "A link cannot be opened here")
    drop(page, texts={"text/plain": "Hello."})
    said(page, "Text cannot be opened here")
    assert not [url for url in asked if "192.0.2.1" in url or "/upload" in url]

    data = base64.b64encode(layout_file(tmp_path)).decode()
    drop(page, texts={"text/html": f"<meta charset='utf-8'><img src='data:image/png;base64,{data}'>"})
    on_canvas(page, {0, 1, 13})
    # a picture that comes with its file, as browsers give it: the file counts
    drop(page, ("cat.png", face_photo(tmp_path / "a.png").read_bytes()), texts={"text/uri-list": foreign})
    wait_status(page, "Read in")


def test_a_link_to_a_project_opens_it(page: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#save-button")
    page.click("#copy-link")
    wait_status(page, "The link is in the clipboard")
    link = page.evaluate("navigator.clipboard.readText()")
    shown = {tuple(c) for c in ids_on_canvas(page).reshape(-1, 3)}
    page.click("#painter [data-do=clear]")
    on_canvas(page, {0})
    drop(page, texts={"text/uri-list": link, "text/plain": link})
    on_canvas(page, {c.id for c in PALETTE.classes if c.color in shown})
    assert len(shown) > 5 and "#" not in page.url


def test_a_drag_within_the_page_opens_nothing_but_the_photo_on_the_canvas(page: Any) -> None:
    uploads: list[str] = []
    page.on("request", lambda request: uploads.append(request.url) if "/upload" in request.url else None)
    own = """(to) => {
      const transfer = new DataTransfer(), image = document.querySelector('#photo img');
      transfer.items.add(new File([], 'image.png', { type: 'image/png' }));
      const how = { bubbles: true, cancelable: true, dataTransfer: transfer };
      const fire = (node, type) => node.dispatchEvent(new DragEvent(type, how));
      fire(image, 'dragstart'); fire(document.querySelector(to), 'dragover'); fire(document.querySelector(to), 'drop');
    }"""
    page.evaluate(own, "#photo img")
    page.evaluate(own, "#inspector")
    assert not uploads and page.locator("#notice, .toast-body").count() == 0
    page.evaluate(own, "#painter canvas.ids")
    wait_status(page, "Read in")
    assert len(uploads) == 1


def test_a_pasted_file_is_opened_and_text_in_a_field_is_not(page: Any, tmp_path: Path) -> None:
    paste = """([where, data, text]) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], 'image'));
      if (text) clipboardData.setData('text/plain', text);
      const how = { bubbles: true, cancelable: true, clipboardData };
      document.querySelector(where).dispatchEvent(new ClipboardEvent('paste', how));
    }"""
    data = base64.b64encode(layout_file(tmp_path)).decode()
    uploads: list[str] = []
    page.on("request", lambda request: uploads.append(request.url) if "/upload" in request.url else None)
    page.evaluate(paste, ["#seed input", data, "17"])  # a cell of a table brings its picture along
    assert not uploads
    page.evaluate(paste, ["body", data, ""])
    on_canvas(page, {0, 1, 13})
