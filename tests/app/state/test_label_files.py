"""The files of a set: what is saved can be trained on and opened again; what cannot be opened is said."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.state.label_files import LONGEST, read_files, set_name, write_set
from app.state.label_set import LabelSet
from semflow_core.data.pairs import find_pairs, read_pair
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.training.stages import read_plan
from tools.drawn import draw, palette, write

from .conftest import accept, blank, jpeg


def unpacked(labelled: LabelSet, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(write_set(labelled))) as archive:
        archive.extractall(folder)
    return folder / labelled.name


def test_the_saved_set_is_a_folder_to_train_on(labelled: LabelSet, tmp_path: Path) -> None:
    labelled.name = set_name("My  gärden/../set")
    assert labelled.name == "My_gärden_.._set"
    masks = [draw(1)[1], draw(2)[1]]
    for mask in masks:
        accept(labelled, mask)
    labelled.keep(blank(3))
    folder = unpacked(labelled, tmp_path / "out")
    pairs = find_pairs(folder)
    assert [pair.name for pair in pairs] == ["photo_1", "photo_2"]
    own = load_palette(folder / "palette.json")
    for pair, mask in zip(pairs, masks):
        assert np.array_equal(read_pair(pair, own)[1], mask)
        with Image.open(pair.mask) as image:  # ids as pixel values, shown in the classes' colours
            assert image.mode == "P" and (image.getpalette() or [])[:6] == list(bytes.fromhex("8ec5e8eef2f5"))
    assert pairs[0].photo.read_bytes() == jpeg(1)  # the file itself
    assert sorted(p.name for p in (folder / "to_do").iterdir()) == ["photo_3.draft.png", "photo_3.jpg"]
    plan = read_plan(folder / "train.yaml", [])
    assert plan.latents is not None and plan.latents.domain.held_out == 1


def test_a_saved_set_goes_on_where_it_stopped(labelled: LabelSet, tmp_path: Path) -> None:
    accept(labelled, blank(1))
    accept(labelled, blank(2))
    labelled.keep(blank(3))
    file = tmp_path / "set.zip"
    file.write_bytes(write_set(labelled))
    files = [p for p in unpacked(labelled, tmp_path / "out").rglob("*") if p.is_file()]  # a browser drops the folders
    for source in ([file], files):
        found = read_files(source, load_palette("celebamask_hq"))
        again = LabelSet(palette(), own=True)
        again.add(found.items)
        again.start_at_rest()
        assert found.palette == palette() and again.at == 2
        assert [item.accepted for item in again.items] == [True, True, False]
        assert [int(item.mask(palette()).max()) for item in again.items] == [1, 2, 3]
        if source == [file]:
            assert write_set(again) == write_set(labelled)


def test_the_drawn_folder_opens_as_accepted(tmp_path: Path) -> None:
    write(tmp_path, 2)
    found = read_files([p for p in tmp_path.rglob("*") if p.is_file()], load_palette("cityscapes"))
    assert [item.accepted for item in found.items] == [True, True] and found.palette == palette()


def test_large_turned_and_foreign_photos_become_jpegs_of_what_they_show(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # a quarter turn
    Image.new("RGB", (1600, 800), (9, 8, 7)).save(tmp_path / "a.jpg", exif=exif)
    Image.new("L", (40, 30), 77).save(tmp_path / "b.webp")
    Image.new("RGB", (40, 30)).save(tmp_path / "c.png")
    found = read_files(sorted(tmp_path.iterdir()), palette())
    shapes = {item.name: (item.suffix, item.shape) for item in found.items}
    assert shapes == {"a": (".jpg", (LONGEST, LONGEST // 2)), "b": (".jpg", (30, 40)), "c": (".png", (30, 40))}
    for item in found.items:
        assert item.pixels().shape == (*item.shape, 3)


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("a.zip", b"PK no zip", "damaged or encrypted"),
        ("a.jpg", b"no photo", "a.jpg"),
        ("a.txt", b"text", "no photo among"),
        ("palette.json", b"{}", "not valid"),
    ],
)
def test_what_cannot_be_opened_is_said(tmp_path: Path, name: str, data: bytes, part: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=part):
        read_files([tmp_path / name], palette())


def test_only_a_palette_is_taken_for_one(tmp_path: Path, photos: list[Path]) -> None:
    notes = {
        "annotations.json": b'{"images": [], "categories": [{"id": 1, "name": "dog"}]}',
        "meta.json": b'{"classes": [{"title": "dog", "color": "#010203"}]}',
        "list.json": b"[" * 100_000,
    }
    for name, data in {**notes, "._photo 1.jpg": b"litter", "Thumbs.db": b"litter"}.items():
        (tmp_path / name).write_bytes(data)
    folder = [p for p in tmp_path.iterdir() if p.is_file()]
    found = read_files(folder, palette())
    assert len(found.items) == 3 and found.palette is None and sorted(found.ignored) == sorted(notes)
    (tmp_path / "classes of mine.json").write_text(palette().to_json())
    (tmp_path / "palette.json").write_text(palette().to_json())
    folder += [tmp_path / "classes of mine.json", tmp_path / "palette.json"]
    assert read_files(folder, palette()).palette == palette()  # twice the same
    (tmp_path / "palette.json").write_text(load_palette("cityscapes").to_json())
    with pytest.raises(InputError, match="palette.json has other classes than another"):
        read_files(folder, palette())


@pytest.mark.parametrize(("accepted", "minutes"), [(0, 60.0), (1, 60.0), (2, 0.0)])
def test_a_set_that_cannot_be_trained_on_is_saved(
    labelled: LabelSet, tmp_path: Path, accepted: int, minutes: float
) -> None:
    for number in range(accepted):
        accept(labelled, blank(number + 1))
    labelled.keep(blank(5))
    labelled.minutes = minutes
    folder = unpacked(labelled, tmp_path / "out")
    assert not (folder / "train.yaml").exists() and len(list((folder / "to_do").glob("*.jpg"))) == 3 - accepted
    found = read_files([p for p in folder.rglob("*") if p.is_file()], load_palette("cityscapes"))
    assert sum(item.accepted for item in found.items) == accepted and len(found.items) == 3
    masks = [int(item.mask(palette()).max()) for item in found.items if item.labels is not None]
    assert masks == [*range(1, accepted + 1), 5]
