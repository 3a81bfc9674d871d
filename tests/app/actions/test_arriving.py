"""What of the files that arrive is opened: by their content, whatever their names; or a sentence."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from app.actions.models import Models
from app.actions.painting import Painting
from app.state.kinds import PICTURE, PROJECT, is_litter, kind_of
from app.state.session import Session
from app.tabs import OpenSave
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import write_layout

from ..conftest import controls

PALETTE = load_palette("celebamask_hq")
Write = Callable[[Path], Path]


@pytest.fixture
def buttons(models: Models, painting: Painting) -> OpenSave:
    with gr.Blocks():
        return OpenSave(models, painting)


def photo(path: Path) -> Path:
    """A photo of many colours, as PNG whatever its name."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "PNG")
    return path


def layout(path: Path) -> Path:
    """A layout of skin, hair and background."""
    labels = np.zeros((64, 64), np.uint8)
    labels[16:48, 16:48], labels[:16] = 1, 13
    write_layout(path.with_suffix(".png"), labels, PALETTE)
    return path.with_suffix(".png").rename(path)


def project(path: Path) -> Path:
    """A project as the studio saves it."""
    text = {"kind": "SynthesisRequest", "model": "faces", "layout": "16,16;eJxjYBjZAAABAAAB", "seed": 7, "steps": 4}
    path.write_text(json.dumps(text))
    return path


def packed(path: Path, members: dict[str, Write], folder: Path) -> Path:
    """A zip of files with the litter that a Mac adds."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, write in members.items():
            archive.write(write(folder / "member"), name)
            archive.writestr(f"__MACOSX/._{name}", b"\0\5\x16\7")
        archive.writestr(".DS_Store", b"\0\0\0\1Bud1")
    return path


def text(content: str | bytes) -> Write:
    def write(path: Path) -> Path:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("name", ["photo", "photo.json", "photo.zip", "Foto ü.heic.txt"])
def test_a_photo_is_one_whatever_it_is_called(buttons: OpenSave, tmp_path: Path, name: str) -> None:
    session = Session("faces")
    buttons.open(controls(session), [str(photo(tmp_path / name))])
    assert session.current.shows_opened


@pytest.mark.parametrize("name", ["saved", "project.txt", "project.png"])
def test_a_project_is_one_whatever_it_is_called(buttons: OpenSave, tmp_path: Path, name: str) -> None:
    assert buttons.open(controls(), [str(project(tmp_path / name))]).settings["seed"] == 7


def test_a_zip_opens_by_what_is_in_it(buttons: OpenSave, tmp_path: Path) -> None:
    session = Session("faces")
    view = buttons.open(controls(session), [str(packed(tmp_path / "a.zip", {"in/photo.png": photo}, tmp_path))])
    assert session.current.shows_opened and str(view.status).endswith("From the zip a.zip.")
    opened = buttons.open(controls(), [str(packed(tmp_path / "b", {"x/layout.png": layout}, tmp_path))])
    assert set(np.unique(opened.painter["value"])) == {0, 1, 13}
    members = {"project.json": project, "read me.txt": text("Hello.")}
    assert buttons.open(controls(), [str(packed(tmp_path / "c.zip", members, tmp_path))]).settings["seed"] == 7
    white: Write = lambda path: (Image.new("L", (64, 64), 255).save(path, "PNG"), path)[1]  # noqa: E731
    members = {"00012_hair.png": white, "00012_nose.png": white}
    opened = buttons.open(controls(), [str(packed(tmp_path / "d.zip", members, tmp_path))])
    assert set(np.unique(opened.painter["value"])) == {13}  # hair lies on the nose
    members = {"maindoc.xml": text("<DOC/>"), "preview.png": photo, "mergedimage.png": photo}
    session = Session("faces")
    buttons.open(controls(session), [str(packed(tmp_path / "e.kra", members, tmp_path))])
    assert session.current.shows_opened


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "the zip 'a.zip' holds nothing that can be opened; open a photo"),
        ({"a.txt": text("x"), "b.pdf": text("%PDF-1")}, "holds nothing that can be opened"),
        ({f"{c}.png": photo for c in "ab"}, "holds 2 files that can be opened, a.png and b.png; unpack it"),
        ({f"{c}.png": photo for c in "abcde"}, r"5 files that can be opened, a.png, b.png, c.png and 2 more;"),
        ({"a/1_hair.png": photo, "b/1_hair.png": photo}, "2 files that can be opened"),
    ],
)
def test_a_zip_that_does_not_hold_one_thing_is_named(
    buttons: OpenSave, tmp_path: Path, members: dict[str, Write], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        buttons.open(controls(), [str(packed(tmp_path / "a.zip", members, tmp_path))])


def test_a_zip_that_cannot_be_read_is_refused(buttons: OpenSave, tmp_path: Path) -> None:
    whole = packed(tmp_path / "a.zip", {"photo.png": photo}, tmp_path).read_bytes()
    cut, broken = tmp_path / "cut.zip", bytearray(whole)
    cut.write_bytes(whole[:2000])
    with pytest.raises(InputError, match=r"'cut.zip' is damaged or cut off"):
        buttons.open(controls(), [str(cut)])
    broken[1000:1100] = bytes(100)
    cut.write_bytes(broken)
    with pytest.raises(InputError, match="damaged"):
        buttons.open(controls(), [str(cut)])
    locked = bytearray(whole)  # the flag of a password, in both of its places
    locked[6] |= 1
    at = whole.index(b"PK\x01\x02")
    locked[at + 8] |= 1
    cut.write_bytes(locked)
    with pytest.raises(InputError, match="locked with a password"):
        buttons.open(controls(), [str(cut)])


def test_a_zip_that_unfolds_to_much_is_not_unfolded(buttons: OpenSave, tmp_path: Path) -> None:
    bomb: Write = text(b"BM" + bytes(4) + bytes(60_000_000))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(bomb(tmp_path / "big"), "../../big.bmp")
    with pytest.raises(InputError, match="larger than 40 MB"):
        buttons.open(controls(), [str(tmp_path / "bomb.zip")])


def test_of_several_files_the_one_that_can_be_opened_is(buttons: OpenSave, tmp_path: Path) -> None:
    session, notes = Session("faces"), text("x")(tmp_path / "notes.txt")
    view = buttons.open(controls(session), [str(photo(tmp_path / "a.png")), str(notes)])
    assert session.current.shows_opened and str(view.status).endswith("Left out: notes.txt.")
    several = [str(photo(tmp_path / "a.png")), str(project(tmp_path / "b")), str(notes)]
    with pytest.raises(InputError, match="of these 3 files 2 can be opened, a.png and b; open them one at a time"):
        buttons.open(controls(), several)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "'it' is empty"),
        (b"%PDF-1.7", "is a PDF, which the studio does not open; open a photo"),
        (b"<?xml version='1.0'?>\n<svg xmlns='x'/>", "an SVG drawing"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"[InternetShortcut]\r\nURL=http://x", "a link to a page"),
        (b"\0\0\0\x18ftypmp42", "a video"),
        (b"7z\xbc\xaf\x27\x1c", "an archive that is no zip"),
        (b"8BPS\0\1", "a Photoshop file"),
        (b"just text", "is not a picture that can be read"),
        (b'{"classes": [{"id": 0}]}', "is a palette, the classes of a model"),
    ],
)
def test_other_files_are_named(buttons: OpenSave, tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        buttons.open(controls(), [str(text(content)(tmp_path / "it"))])


def test_every_format_that_is_read_is_known_by_its_start(tmp_path: Path) -> None:
    small = Image.new("RGB", (32, 32), "#345678")
    for form in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000"):
        small.save(tmp_path / "it", form)
        assert kind_of((tmp_path / "it").read_bytes()[:512], "it") == PICTURE, form
    assert kind_of(b"\0\0\0\x1cftypheic\0\0\0\0", "IMG_1") == PICTURE
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        assert kind_of(mark + '\r\n {"kind"'.encode(encoding), "it") == PROJECT


def test_what_systems_leave_in_folders_is_litter() -> None:
    assert all(map(is_litter, (".DS_Store", "a/._b.png", "__MACOSX/b.png", "Thumbs.db", "x\\desktop.ini")))
    assert not any(map(is_litter, ("a.png", "images/1.png", "thumbs.png")))
