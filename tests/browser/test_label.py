"""Photos of one's own are labelled: proposals, corrections, Enter by Enter, the saved set, classes of one's own."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semflow_core.method.palette import load_palette
from tools.drawn import palette, write

from .conftest import SCREENS
from .test_studio import PATIENCE, drag, ids_on_canvas, reach_canvas, visit, wait_status

FACES = load_palette("celebamask_hq")


@pytest.fixture(params=SCREENS)
def page(studio: str, browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    with visit(studio, browser, request.param) as page:
        page.click("#label-button")
        page.wait_for_selector("#label-photos", timeout=PATIENCE)
        yield page


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "drawn"
    write(folder, 3)
    return folder


def open_files(page: Any, *files: Path) -> None:
    page.set_input_files("#label input[type=file] >> nth=0", [str(f) for f in files])


def saved_set(page: Any, name: str = "my_set") -> dict[str, bytes]:
    with page.expect_download(timeout=PATIENCE) as download:
        page.click("#label-save")
    assert download.value.suggested_filename == f"{name}.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def mask(files: dict[str, bytes], name: str, set_name: str = "my_set") -> np.ndarray:
    with Image.open(io.BytesIO(files[f"{set_name}/masks/{name}.png"])) as image:
        assert image.mode == "P"
        return np.asarray(image)


def photo_on_canvas(page: Any, number: int, of: int = 3) -> None:
    wait_status(page, f"Photo {number} of {of}: {number:04d}. Correct the proposal")
    page.wait_for_function("document.querySelector('#painter canvas.ids').width === 256", timeout=PATIENCE)


def accept(page: Any, number: int) -> None:
    """Enter, once its proposal is there."""
    early = ".toast-body:has-text('is not on the canvas yet'), .toast-body:has-text('still reading')"
    done = f"#label-progress:has-text('{number} of 3 accepted')"
    for _ in range(5):  # on a busy machine the canvas may come after the status line
        page.keyboard.press("Enter")
        page.wait_for_selector(f"{done}, {early}", timeout=PATIENCE)
        if page.is_visible(done):
            return
        page.click(".toast-close")
        page.wait_for_selector(early, state="detached", timeout=PATIENCE)
    raise AssertionError(f"photo {number} cannot be accepted: {page.inner_text('#status')}")


def test_a_set_that_was_not_saved_is_asked_about(page: Any, drawn: Path) -> None:
    open_files(page, *sorted((drawn / "images").iterdir()))
    photo_on_canvas(page, 1)
    accept(page, 1)
    page.click("#label-clear")
    page.wait_for_selector("#notice:has-text('press “New set” once more')", timeout=PATIENCE)
    assert page.inner_text("#label-progress").startswith("1 of 3 accepted")
    page.click("#label-clear")
    wait_status(page, "Open photos for a new set")


def test_three_photos_are_labelled_and_saved(page: Any, drawn: Path) -> None:
    open_files(page, *sorted((drawn / "images").iterdir()))
    shown = []
    for number in (1, 2, 3):
        photo_on_canvas(page, number)
        if number == 1:  # its words stand in one line, all of them
            box = page.evaluate(
                "() => { const all = document.querySelector('#label-doubt').getBoundingClientRect();"
                "const text = document.querySelector('#label-doubt label span').getBoundingClientRect();"
                "return [text.height, all.right - text.right, text.width] }"
            )
            assert box[0] < 30 and box[1] >= -1 and box[2] > 60
        if number == 2:
            reach_canvas(page)
            page.click("#painter [data-id='14']")  # a hat
            reach_canvas(page)
            drag(page, (0.3, 0.5), (0.7, 0.5))
        shown.append(ids_on_canvas(page))
        accept(page, number)
    wait_status(page, "All are accepted: save the set.")
    files = saved_set(page)
    for number, canvas in enumerate(shown, 1):
        labels = mask(files, f"{number:04d}")
        assert np.array_equal(FACES.colorize(labels), canvas)
        assert files[f"my_set/images/{number:04d}.jpg"] == (drawn / f"images/{number:04d}.jpg").read_bytes()
    assert (mask(files, "0002")[128, 100:150] == 14).all()  # the last stroke is in it
    assert b"held_out: 1" in files["my_set/train.yaml"]


def test_a_saved_set_goes_on_with_its_own_classes(page: Any, drawn: Path, tmp_path: Path) -> None:
    file = tmp_path / "drawn.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for path in [p for p in drawn.rglob("*") if p.is_file() and p.name != "0003.png"]:
            archive.write(path, path.relative_to(drawn.parent))
    open_files(page, file)
    wait_status(page, "2 of 3 accepted. Photo 3 of 3: 0003. No class here has the name")
    assert page.eval_on_selector_all("#painter [data-id]", "all => all.length") == len(palette().classes)
    page.keyboard.press(",")  # back: what was accepted is there
    wait_status(page, "Photo 2 of 3: 0002. It is accepted")
    page.wait_for_function("document.querySelector('#painter [data-do=undo]').disabled")
    with Image.open(drawn / "masks" / "0002.png") as image:
        accepted = np.asarray(image)
    expected = palette().colorize(accepted)
    page.wait_for_function(
        "(at) => { const c = document.querySelector('#painter canvas.ids');"
        "return c.getContext('2d').getImageData(128, 200, 1, 1).data[1] === at }",
        arg=int(expected[200, 128, 1]),
        timeout=PATIENCE,
    )
    assert np.array_equal(ids_on_canvas(page), expected)

    # a class more, and another name
    page.click("#label-classes > button")
    page.wait_for_selector("#class-table .add", timeout=PATIENCE)
    page.click("#class-table .add")
    page.fill("#class-table li:last-child input[type=text]", "bird")
    page.fill("#class-table li:first-child input[type=text]", "air")
    page.click("#label-use")
    wait_status(page, "14 classes.")
    page.wait_for_selector("#painter [data-id='13'] >> text=bird", timeout=PATIENCE)
    files = saved_set(page, "drawn")
    assert np.array_equal(mask(files, "0002", "drawn"), accepted)
    assert b'"air"' in files["drawn/palette.json"] and b'"bird"' in files["drawn/palette.json"]

    # a class that is in a mask stays
    page.click("#class-table li:nth-child(5) .remove")
    page.click("#label-use")
    page.wait_for_selector("text='grass' is in 2 pictures; repaint it there first", timeout=PATIENCE)

    # something else on the canvas, and back
    page.click("#start-button")
    page.click("#gallery .card >> nth=0")
    page.wait_for_function("document.querySelectorAll('#painter [data-id]').length === 19", timeout=PATIENCE)
    page.click("#label-button")
    page.click("#label-resume", timeout=PATIENCE)
    page.wait_for_function("document.querySelectorAll('#painter [data-id]').length === 14", timeout=PATIENCE)

    # and away again: what was there before
    page.click("#label-leave", timeout=PATIENCE)
    page.wait_for_function("document.querySelectorAll('#painter [data-id]').length === 19", timeout=PATIENCE)
    page.wait_for_selector("#label-resume", timeout=PATIENCE)


def test_a_folder_names_its_set(page: Any, drawn: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Garden birds"
    folder.mkdir()
    for photo in (drawn / "images").iterdir():
        (folder / photo.name).write_bytes(photo.read_bytes())
    page.set_input_files("#label input[type=file] >> nth=1", folder)
    photo_on_canvas(page, 1)
    assert len(saved_set(page, "Garden_birds")) == 5  # three photos, the palette and the progress
    page.click("#label-clear")
    wait_status(page, "Open photos for a new set")
    open_files(page, *sorted((drawn / "images").iterdir()))  # without a folder
    photo_on_canvas(page, 1)
    saved_set(page)


def test_nothing_takes_the_photo_of_a_set_away(page: Any, drawn: Path) -> None:
    """What paints is not to be seen; with a selection, an undo and all keys of the page the photo stays."""
    open_files(page, *sorted((drawn / "images").iterdir()))
    photo_on_canvas(page, 1)
    photo = page.get_attribute("#photo img", "src")
    for gone in ("#synthesize", "#dice", "#seed", "#live", "#variations-button", "#appearance-button", "#edit-button"):
        assert not page.is_visible(gone), gone
    reach_canvas(page)
    before = ids_on_canvas(page)
    page.keyboard.press("v")
    page.click("#painter canvas.ids", position={"x": 60, "y": 60})
    page.wait_for_selector("#painter .bar", timeout=PATIENCE)
    for act in ("reroll", "lock"):
        assert not page.is_visible(f"#painter [data-select={act}]")
    assert page.is_visible("#painter [data-select=grow]") and not page.is_visible("#painter .bar .tint")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert np.array_equal(ids_on_canvas(page), before)
    for key in ("c", "c", "c", "t", "t", "h"):
        page.keyboard.press(key)
    assert page.get_attribute("#photo img", "src") == photo
    accept(page, 1)  # Python had all of that by now
    page.keyboard.press(",")
    wait_status(page, "1 of 3 accepted. Photo 1 of 3: 0001. It is accepted")
    assert not page.is_visible("#synthesize")
    page.click("#label-leave")  # all of it is back
    page.wait_for_selector("#appearance-button", timeout=PATIENCE)
    page.wait_for_selector("#synthesize", timeout=PATIENCE)


def choose_model(page: Any, model: str) -> None:
    page.evaluate("scrollTo(0, 0)")
    page.click("#model input")
    page.click(f"[role=option]:has-text('{model}')")
    page.wait_for_selector(f"#gallery .card:has-text('{'Street' if model == 'streets' else 'Hat'}')", state="attached")
    wait_status(page, "Painted")


def test_a_saved_set_is_opened_again_with_the_model_that_proposed(page: Any, drawn: Path, tmp_path: Path) -> None:
    choose_model(page, "streets")
    open_files(page, drawn / "images" / "0001.jpg")
    photo_on_canvas(page, 1, of=1)
    assert page.inner_text("#label-progress").endswith("Proposed by the model streets.")
    with page.expect_download(timeout=PATIENCE) as download:
        page.click("#label-save")
    download.value.save_as(tmp_path / "town.zip")
    page.click("#label-leave")
    page.wait_for_function("document.querySelector('#painter canvas.ids').width === 512", timeout=PATIENCE)
    page.click("#label-clear")
    wait_status(page, "Open photos for a new set")
    choose_model(page, "faces")
    page.wait_for_selector("#label-photos", timeout=PATIENCE)
    before = ids_on_canvas(page)
    open_files(page, tmp_path / "town.zip")
    photo_on_canvas(page, 1, of=1)
    assert page.input_value("#model input") == "streets"
    assert page.inner_text("#label-progress") == "0 of 1 accepted. Photo 1 of 1: 0001. Proposed by the model streets."
    page.wait_for_selector("#gallery .card:has-text('Street')", state="attached", timeout=PATIENCE)
    page.click("#label-leave")
    page.wait_for_function("document.querySelector('#painter canvas.ids').width === 512", timeout=PATIENCE)
    choose_model(page, "faces")
    page.wait_for_function("document.querySelector('#painter canvas.ids').width === 256", timeout=PATIENCE)
    assert np.array_equal(ids_on_canvas(page), before)


def test_classes_that_were_typed_are_those_of_the_photos(page: Any, drawn: Path) -> None:
    """Though “Use these classes” was not pressed; a table that is wrong says so and stays."""
    page.click("#label-classes > button")
    page.wait_for_selector("#class-table .add", timeout=PATIENCE)
    page.click("#label-start input")
    page.click("[role=option]:has-text('Classes of my own')")
    wait_status(page, "2 classes. Open the photos that have them.")
    names = "#class-table li:nth-child({}) input[type=text]"
    page.fill(names.format(2), "hair")
    page.click("#class-table .add")
    page.fill(names.format(3), "hat")
    page.click("#class-table .add")
    open_files(page, *sorted((drawn / "images").iterdir()))
    page.wait_for_selector("text=No photos were opened: mend your classes", timeout=PATIENCE)
    assert page.input_value(names.format(3)) == "hat" and page.locator("#class-table li").count() == 4
    page.fill(names.format(4), "bird")
    with page.expect_file_chooser() as chooser:  # the same files once more
        page.click("#label-photos")
    chooser.value.set_files([str(f) for f in sorted((drawn / "images").iterdir())])
    wait_status(page, "Photo 1 of 3: 0001")
    assert page.locator("#painter [data-id]").all_inner_texts() and page.locator("#painter [data-id]").count() == 4
    assert page.input_value(names.format(4)) == "bird"
    # a class that is typed while the set is labelled stays in the table, whatever comes to the canvas
    page.click("#class-table .add")
    page.fill(names.format(5), "cloud")
    page.click("#label-forward")
    wait_status(page, "Photo 2 of 3: 0002")
    assert page.input_value(names.format(5)) == "cloud"
    # saving the set uses it, though no photo has it yet
    assert b'"cloud"' in saved_set(page)["my_set/palette.json"]
    page.wait_for_selector("#painter [data-id='4'] >> text=cloud", timeout=PATIENCE)
    wait_status(page, "The set was saved with the classes that you typed.")


def test_the_table_of_classes_comes_into_view_with_whole_names(page: Any) -> None:
    """The names are those of the canvas; the palette keeps its own until somebody types another."""
    page.click("#label-classes > button")
    page.wait_for_selector("#class-table li:nth-child(19)", timeout=PATIENCE)
    seen = (
        5 if page.viewport_size["width"] > 900 else 1
    )  # classes below where it opened; a phone's photo stays in sight
    page.wait_for_function(
        "(n) => { const row = document.querySelector(`#class-table li:nth-child(${n})`).getBoundingClientRect();"
        "return row.top > 0 && row.bottom < innerHeight }",
        arg=seen,
        timeout=PATIENCE,
    )
    if page.viewport_size["width"] < 900:  # its heading stands right below the photo
        page.wait_for_function(
            "() => { const box = (name) => document.querySelector(name).getBoundingClientRect();"
            "const below = box('#label-classes > button').top - box('#photo').bottom;"
            "return below >= 0 && below < 24 }",
            timeout=PATIENCE,
        )
    cut = "all => all.filter((field) => field.scrollWidth > field.clientWidth).map((field) => field.value)"
    assert page.eval_on_selector_all("#class-table input[type=text]", cut) == []
    names = page.eval_on_selector_all("#class-table input[type=text]", "all => all.map((field) => field.value)")
    assert {"glasses", "left eye", "earring"} <= set(names) and "eye_g" not in names
    assert "⇄ right eye" in page.inner_text(f"#class-table li:nth-child({names.index('left eye') + 1}) option:checked")
    with page.expect_download(timeout=PATIENCE) as download:
        page.click("#label-palette")
    assert '"eye_g"' in Path(download.value.path()).read_text("utf-8")
