"""A set of photos that is labelled: where it stands, what it keeps, and the folder that it becomes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.state import label_set
from app.state.label_files import LONGEST, mask_png, read_files, set_name, write_set
from app.state.label_item import Item, Proposal, pack
from app.state.label_set import LabelSet
from app.state.own_palette import parse_rows, rows_of
from app.state.sheet import Sheet
from semflow_core.data.pairs import find_pairs, read_pair
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.training.stages import read_plan
from tools.drawn import draw, palette, write


def jpeg(number: int = 1, size: tuple[int, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(draw(number)[0])
    (image.resize(size) if size else image).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    files = []
    for number in (1, 2, 3):
        files.append(tmp_path / f"photo {number}.jpg")
        files[-1].write_bytes(jpeg(number))
    return files


@pytest.fixture
def labelled(photos: list[Path]) -> LabelSet:
    labelled = LabelSet(palette(), own=True)
    labelled.add(read_files(photos, labelled.palette).items)
    labelled.open, labelled.shown = True, 1
    return labelled


def accept(labelled: LabelSet, labels: np.ndarray) -> None:
    labelled.accept(Sheet(labels, labelled.shown))


def blank(value: int = 0) -> np.ndarray:
    return np.full((256, 256), value, np.uint8)


def unpacked(labelled: LabelSet, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(write_set(labelled))) as archive:
        archive.extractall(folder)
    return folder / labelled.name


def test_accepting_goes_on_to_what_is_not_accepted(labelled: LabelSet) -> None:
    labelled.go(1)
    accept(labelled, blank(1))
    assert labelled.at == 2 and labelled.progress() == "1 of 3 accepted. Photo 3: photo_3"
    accept(labelled, blank(2))
    assert labelled.at == 0  # the one that was left out
    accept(labelled, blank())
    assert len(labelled.accepted) == 3
    labelled.go(-9)
    assert labelled.at == 0 and labelled.item.mask(labelled.palette).max() == 0


def test_a_canvas_of_another_picture_or_classes_is_not_taken(labelled: LabelSet) -> None:
    with pytest.raises(InputError, match="not on the canvas yet"):
        accept(labelled, np.zeros((8, 8), np.uint8))
    with pytest.raises(InputError, match="no class"):
        accept(labelled, blank(99))
    assert not labelled.accepted and labelled.item.labels is None


def test_changes_are_kept_and_proposals_stay_proposals(labelled: LabelSet) -> None:
    labelled.item.proposal = Proposal(pack(blank(4)), pack(blank(255)))
    labelled.keep_changes(Sheet(blank(4), labelled.shown))
    assert labelled.item.labels is None
    labelled.keep_changes(Sheet(blank(5), labelled.shown))
    assert labelled.item.mask(labelled.palette).min() == 5 and not labelled.item.accepted


def test_a_proposal_that_was_seen_may_be_erased_whole(labelled: LabelSet) -> None:
    labelled.item.proposal, empty = Proposal(pack(blank(4)), pack(blank(255))), Sheet(blank(), labelled.shown)
    labelled.keep_changes(empty)  # the proposal is not on the page yet
    assert labelled.item.mask(labelled.palette).min() == 4
    labelled.see(Sheet(blank(4), labelled.shown - 1))  # of the photo before
    labelled.keep_changes(empty)
    assert labelled.item.labels is None
    labelled.see(Sheet(blank(4), labelled.shown))
    labelled.keep_changes(empty)
    assert labelled.item.mask(labelled.palette).max() == 0


def test_a_canvas_that_came_late_is_kept_nowhere(labelled: LabelSet) -> None:
    labelled.keep(blank(3))
    labelled.shown += 1
    labelled.keep_changes(Sheet(blank(5), labelled.shown - 1))
    with pytest.raises(InputError, match="once its photo is there"):
        labelled.accept(Sheet(blank(5), labelled.shown - 1))
    assert labelled.at == 0 and labelled.item.mask(palette()).min() == 3 and not labelled.item.accepted


def test_one_photo_is_proposed_ahead(labelled: LabelSet) -> None:
    first = labelled.items[0]
    assert labelled.waiting() is first
    first.proposal = Proposal(b"", b"")
    assert labelled.waiting() is labelled.items[1]
    labelled.items[1].accepted = True
    assert labelled.waiting() is labelled.items[2]
    labelled.items[2].labels = pack(blank())
    assert labelled.waiting() is None


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


def test_names_that_are_there_get_a_number(labelled: LabelSet, photos: list[Path]) -> None:
    labelled.add(read_files(photos[:1], labelled.palette).items)
    assert labelled.items[-1].name == "photo_1_2"


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


def zipped(file: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file


def png(value: int) -> bytes:
    return mask_png(blank(value), palette())


@pytest.mark.parametrize(
    ("entries", "masks", "unmatched"),
    [
        ({"train/images/a.jpg": 0, "val/images/a.jpg": 0, "val/masks/a.png": 2, "train/masks/a.png": 1}, "1 2", ""),
        ({"images/x/a.jpg": 0, "images/y/a.jpg": 0, "masks/y/a.png": 2}, "- 2", ""),
        ({"pictures/a.jpg": 0, "masks/a.png": 3}, "3", ""),  # by name alone
        ({"labels/images/a.jpg": 0, "labels/masks/a.png": 3}, "3", ""),  # a set of this name
        ({"images/a.jpg": 0, "masks/a.png": 3, "to_do/a.draft.png": 4}, "3", ""),  # the mask outranks the draft
        ({"images/a.jpg": 0, "masks/b.png": 3}, "-", "b.png"),
        ({"x/images/a.jpg": 0, "y/images/a.jpg": 0, "masks/a.png": 3}, "- -", "a.png"),  # it may be either's
    ],
)
def test_masks_find_their_photos_by_folder_and_name(
    tmp_path: Path, entries: dict[str, int], masks: str, unmatched: str
) -> None:
    files = {name: png(value) if value else jpeg() for name, value in entries.items()}
    found = read_files([zipped(tmp_path / "s.zip", files)], palette())
    read = ["-" if item.labels is None else str(item.mask(palette()).max()) for item in found.items]
    assert " ".join(read) == masks and " ".join(found.unmatched) == unmatched
    assert all(item.accepted == (item.labels is not None) for item in found.items)


@pytest.mark.parametrize(
    ("entries", "masks"),
    [
        ({"a_leftImg8bit.jpg": 0, "a_gtFine_labelIds.png": 3}, "3"),
        (
            {
                "leftImg8bit/x/a_leftImg8bit.jpg": 0,
                "gtFine/x/a_gtFine_color.png": 4,
                "gtFine/x/a_gtFine_labelIds.png": 3,
            },
            "3",
        ),
        ({"cat.jpg": 0, "cat_mask.png": 5}, "5"),
        ({"images/a.jpg": 0, "images/a_mask.jpg": 0, "masks/a_mask.png": 5}, "- 5"),  # its own name first
        ({"images/1.jpg": 0, "images/01.jpg": 0, "masks/001_mask.png": 5}, "- -"),  # it may be either's
    ],
)
def test_names_of_other_tools_find_their_photos(tmp_path: Path, entries: dict[str, int], masks: str) -> None:
    files = {name: png(value) if value else jpeg() for name, value in entries.items()}
    found = read_files([zipped(tmp_path / "s.zip", files)], palette())
    read = ["-" if item.labels is None else str(item.mask(palette()).max()) for item in found.items]
    assert " ".join(read) == masks


def rgb_png(labels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(load_palette("cityscapes").colorize(labels)).save(buffer, "PNG")
    return buffer.getvalue()


def test_ids_and_colours_of_other_programs_are_translated_and_said(tmp_path: Path) -> None:
    streets, raw = load_palette("cityscapes"), np.full((256, 256), 7, np.uint8)
    raw[:90], raw[90:120] = 23, 26  # Cityscapes' own ids of road, sky and car
    named = {c.name: c.id for c in streets.classes}
    expected = np.full((256, 256), named["road"], np.uint8)
    expected[:90], expected[90:120] = named["sky"], named["car"]
    buffer = io.BytesIO()
    Image.fromarray(raw).save(buffer, "PNG")
    files = {"images/a.jpg": jpeg(), "masks/a_gtFine_labelIds.png": buffer.getvalue()}
    found = read_files([zipped(tmp_path / "s.zip", files)], streets)
    assert np.array_equal(found.items[0].mask(streets), expected) and found.items[0].accepted
    assert len(found.notes) == 1 and found.notes[0].startswith("1 of 1 masks: Its ids were taken for Cityscapes")
    for path in ("b.jpg", "b_color.png"):
        (tmp_path / path).write_bytes(jpeg() if path == "b.jpg" else rgb_png(expected))
    found = read_files([tmp_path / "b.jpg", tmp_path / "b_color.png"], streets)  # a browser drops the folders
    assert [np.array_equal(item.mask(streets), expected) for item in found.items] == [True]


def test_a_mask_in_a_zip_may_have_a_name_that_no_disk_takes(tmp_path: Path) -> None:
    name, mask = 300 * "\N{GRINNING FACE}", mask_png(blank(1), palette())
    files = {f"images/{name}.jpg": jpeg(), f"masks/{name}.png": mask}
    found = read_files([zipped(tmp_path / "s.zip", files)], palette())
    assert found.items[0].accepted and found.items[0].mask(palette()).min() == 1


def test_pixels_of_no_class_are_not_accepted_unseen(tmp_path: Path) -> None:
    labels = blank(3)
    labels[:10] = 255
    buffer = io.BytesIO()
    Image.fromarray(labels).save(buffer, "PNG")  # grey, as most tools write ids
    files = {"images/a.jpg": jpeg(1), "masks/a.png": buffer.getvalue()}
    files |= {"images/b.jpg": jpeg(2), "masks/b.png": png(4)}
    found = read_files([zipped(tmp_path / "s.zip", files)], palette())
    assert [item.accepted for item in found.items] == [False, True]
    shown = found.items[0].mask(palette())
    assert (shown[:10] == palette().background).all() and (shown[10:] == 3).all()
    assert found.notes == ["1 of 2 masks has pixels of no class, shown as sky: it waits to be accepted."]


def test_a_mask_of_a_turned_photo_is_turned_as_it_is(tmp_path: Path) -> None:
    exif, stored = Image.Exif(), io.BytesIO()
    exif[274] = 6  # a quarter turn
    Image.new("RGB", (64, 32), (9, 8, 7)).save(stored, "JPEG", exif=exif)
    labels = np.zeros((32, 64), np.uint8)
    labels[:, :16] = 2
    files = {"images/a.jpg": stored.getvalue(), "masks/a.png": mask_png(labels, palette())}
    found = read_files([zipped(tmp_path / "s.zip", files)], palette())
    assert np.array_equal(found.items[0].mask(palette()), np.rot90(labels, -1))
    assert found.notes == ["1 of 1 masks: It was turned as its photo's EXIF says."]


@pytest.mark.parametrize("more", ["masks/a.gif", "images/a.jpeg"])
def test_two_files_of_one_name_are_refused(tmp_path: Path, more: str) -> None:
    file = zipped(tmp_path / "s.zip", {"images/a.jpg": jpeg(), "masks/a.png": png(1), more: jpeg()})
    with pytest.raises(InputError, match=f"there are two {'masks' if 'masks' in more else 'photos'} for one name"):
        read_files([file], palette())


def test_masks_of_another_shape_or_class_are_refused_by_name(tmp_path: Path) -> None:
    other = io.BytesIO()
    Image.fromarray(draw(1)[1] + np.uint8(100)).save(other, "PNG")
    for mask in (mask_png(np.zeros((20, 60), np.uint8), palette()), other.getvalue()):
        entries = {"s/images/x.jpg": jpeg(), "s/masks/x.png": mask}
        with pytest.raises(InputError, match="the mask of x"):
            read_files([zipped(tmp_path / "s.zip", entries)], palette())


def test_sets_are_bounded(labelled: LabelSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(tmp_path / "bomb.zip", {"images/a.jpg": bytes(label_set.MAX_SET * 6)})
    with pytest.raises(InputError, match="hold too much together, 192 MB unpacked"):
        read_files([bomb], palette())
    item = Item("one", b"x" * 100, ".jpg", (1, 1))
    for name, value in (("MAX_LABELLED", 3), ("MAX_SET", labelled.size + 99), ("MAX_SETS", labelled.size + 99)):
        with monkeypatch.context() as patch:
            patch.setattr(label_set, name, value)
            with pytest.raises(InputError):
                labelled.add([item])
    assert len(labelled.items) == 3
    labelled.add([item])


def test_classes_that_are_in_masks_stay(labelled: LabelSet) -> None:
    accept(labelled, draw(1)[1])
    rows = rows_of(palette())
    with pytest.raises(InputError, match="'grass' is in 1 picture; repaint"):
        labelled.change_palette(parse_rows([row for row in rows if row["name"] != "grass"]), edited=True)
    other = [{"id": None, "name": "bird", "color": "#010203"} if row["name"] == "grass" else row for row in rows]
    with pytest.raises(InputError, match="'grass' is in 1 picture; repaint"):  # the new class gets another id
        labelled.change_palette(parse_rows(other, palette(), labelled.used()), edited=True)
    assert labelled.palette == palette()
    labelled.items[1].proposal = Proposal(b"", b"")
    more = parse_rows([*rows, {"id": None, "name": "bird", "color": "#010203"}])
    labelled.change_palette(more, edited=True)
    assert labelled.palette.classes[-1].id == 13 and labelled.items[1].proposal is None


def test_other_classes_take_masks_by_name(labelled: LabelSet) -> None:
    faces = labelled.palette = load_palette("celebamask_hq")
    hair, skin = (next(c.id for c in faces.classes if c.name == name) for name in ("hair", "skin"))
    mask = blank(faces.background)
    mask[:9], mask[9:19] = hair, skin
    accept(labelled, mask)
    with pytest.raises(
        InputError, match=r"'(hair|skin)' is in 1 picture, and “Streets \(Cityscapes\)” has no such class"
    ):
        labelled.change_palette(load_palette("cityscapes"))
    assert labelled.palette is faces and np.array_equal(labelled.items[0].mask(faces), mask)
    names = ("ground", "Hair", "dog", "skin")
    own = parse_rows([{"id": i, "name": name, "color": f"#00000{i}"} for i, name in enumerate(names)])
    labelled.change_palette(own)
    again = labelled.items[0].mask(own)
    assert (again[:9] == 1).all() and (again[9:19] == 3).all() and (again[19:] == 0).all()


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
