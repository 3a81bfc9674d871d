"""Folders as Macs, Windows and label tools leave them: which files are pictures, which belong together."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from semflow_core.cli.work import expand
from semflow_core.data.check import check_folder
from semflow_core.data.names import match, pictures_in
from semflow_core.data.pairs import find_pairs
from semflow_core.errors import InputError
from semflow_core.evaluation.inputs import match_folders


def make(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    "photo, mask",
    [
        ("cat.jpg", "cat.png"),
        ("cat.JPG", "cat.PNG"),
        ("cat.jpg", "cat.gif"),
        ("cat.jpg", "Cat.png"),
        ("cat.jpg", "cat_mask.png"),
        ("cat.png", "cat_segmentation.png"),
        ("cat.jpg", "cat.jpg.png"),  # Supervisely
        ("cat_jpg.rf.0a1b.jpg", "cat_jpg.rf.0a1b_mask.png"),  # Roboflow
        ("aachen_000000_000019_leftImg8bit.png", "aachen_000000_000019_gtFine_labelIds.png"),
        ("aachen_000000_000019_leftImg8bit.png", "aachen_000000_000019_gtCoarse_labelTrainIds.png"),
        ("0001TP_006690.png", "0001TP_006690_L.png"),  # CamVid
        ("7d06fefd.jpg", "7d06fefd_train_id.png"),  # BDD100K
        ("0.jpg", "00000.png"),
        ("000000000139.jpg", "000000000139_labelTrainIds.png"),
        (unicodedata.normalize("NFC", "Zoë.jpg"), unicodedata.normalize("NFD", "Zoë.png")),
    ],
)
def test_names_that_belong_together(tmp_path: Path, photo: str, mask: str) -> None:
    found = match(make(tmp_path / "images", photo, "other.jpg"), make(tmp_path / "masks", mask, "other.png"))
    assert [(p.photo.name, p.mask.name) for p in found.pairs if p.name != "other"] == [(photo, mask)]
    assert not found.unlabelled and not found.wrong


def test_of_cityscapes_files_the_ids_are_the_mask(tmp_path: Path) -> None:
    names = ("color.png", "instanceIds.png", "labelIds.png", "polygons.json")
    masks = make(tmp_path / "masks", *(f"ulm_0_1_gtFine_{name}" for name in names))
    found = match(make(tmp_path / "images", "ulm_0_1_leftImg8bit.png"), masks)
    assert [p.mask.name for p in found.pairs] == ["ulm_0_1_gtFine_labelIds.png"] and not found.wrong


def test_what_systems_leave_in_folders_is_no_picture(tmp_path: Path) -> None:
    left = ("._cat.jpg", ".DS_Store", "Thumbs.db", "desktop.ini", ".cat.jpg", ".hidden.png", "notes.txt")
    make(tmp_path / "images", "cat.jpg", *left)
    make(tmp_path / "masks", "cat.png", "._cat.png", ".DS_Store", "Thumbs.db")
    (tmp_path / "images" / "thumbs.jpg").mkdir()
    assert [p.name for p in pictures_in(tmp_path / "images")] == ["cat.jpg"]
    assert [(p.photo.name, p.mask.name) for p in find_pairs(tmp_path)] == [("cat.jpg", "cat.png")]


def test_equal_names_win_over_similar_ones_and_nothing_is_guessed(tmp_path: Path) -> None:
    images = make(tmp_path / "images", "a.jpg", "b.jpg", "c.jpg", "c.png", "d.jpg", "D.jpg", "e.jpg")
    masks = make(tmp_path / "masks", "a.png", "a_mask.png", "b_mask.png", "b_seg.png", "c.png", "d_mask.png", "e.jpeg")
    found = match(images, masks)
    assert [(p.photo.name, p.mask.name) for p in found.pairs] == [("a.jpg", "a.png"), ("c.jpg", "c.png")]
    assert found.wrong == [
        f"{images} has both c.jpg and c.png; names must differ",
        "b.jpg has two masks, masks/b_mask.png and masks/b_seg.png; one must be left",
        "masks/a_mask.png has no photo",
        "masks/d_mask.png has no photo",  # of d.jpg or of D.jpg
    ]
    assert found.unlabelled == [
        "images/D.jpg has no mask",
        "images/d.jpg has no mask",
        "images/e.jpg has no mask, for masks/e.jpeg cannot hold class ids exactly; write it as PNG",
    ]


@pytest.mark.parametrize("images, masks", [("Images", "MASKS"), ("JPEGImages", "SegmentationClass"), ("img", "labels")])
def test_folders_of_other_tools(tmp_path: Path, images: str, masks: str) -> None:
    for folder, name in ((images, "a.jpg"), (masks, "a.png")):
        (tmp_path / folder).mkdir()
        Image.new("L", (16, 16)).save(tmp_path / folder / name)
    assert [p.mask.parent.name for p in find_pairs(tmp_path)] == [masks]


def nested(folder: Path, *parts: str) -> None:
    """A photo or mask in each of these places of a folder."""
    for part in parts:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16)).save(folder / part)


@pytest.mark.parametrize("place", ["{kind}/{split}/{split}.png", "{split}/{kind}/{split}.png", "{kind}/{split}/a.png"])
def test_a_split_of_a_data_set_is_named_and_read(tmp_path: Path, place: str) -> None:
    nested(tmp_path, *(place.format(kind=k, split=s) for k in ("images", "masks") for s in ("train", "val")))
    with pytest.raises(InputError, match=f"no pairs; there are pairs in {tmp_path}/train and {tmp_path}/val: name one"):
        find_pairs(tmp_path)
    for split in ("train", "val"):
        (pair,) = find_pairs(tmp_path / split)
        assert split in str(pair.photo.relative_to(tmp_path)) and split in str(pair.mask.relative_to(tmp_path))
        assert len(check_folder(tmp_path / split, "celebamask_hq").pairs) == 1
        (tmp_path / split).mkdir(exist_ok=True)  # training may keep something there
        assert find_pairs(tmp_path / split) == [pair]


def test_pictures_one_level_down_are_named(tmp_path: Path) -> None:
    nested(tmp_path, "images/train/a.png", "masks/a.png")
    with pytest.raises(InputError, match=f"looked for in .*there are some in {tmp_path}/images/train: name it"):
        match_folders(tmp_path / "images", tmp_path / "masks")
    assert "images/train/" in check_folder(tmp_path, "celebamask_hq").ignored
    with pytest.raises(InputError, match=f"has no pictures; there are some in {tmp_path}/images/train: name it"):
        expand([tmp_path / "images"])
