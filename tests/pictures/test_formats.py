"""Other people's label maps: which class each pixel becomes, and what is said about it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import UNLABELLED, load_palette
from semflow_core.pictures.foreign import CELEBAMASK_COLORS, CITYSCAPES, COCO_GAPS
from semflow_core.pictures.layouts import is_layout, open_layout, read_layout, write_layout

FACES, STREETS, COCO = (load_palette(name) for name in ("celebamask_hq", "cityscapes", "coco_stuff"))


def save(path: Path, labels: np.ndarray) -> Path:
    Image.fromarray(labels.astype(np.uint8)).save(path)
    return path


def rows(ids: list[int]) -> np.ndarray:
    """A label map with one row an id, at least 16 rows."""
    return np.repeat(np.resize(ids, max(16, len(ids)))[:, None], 20, axis=1).astype(np.uint8)


# ---- Cityscapes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a_gtFine_labelIds.png", "a.png"])
def test_label_ids_become_train_ids(name: str, tmp_path: Path) -> None:
    labels = rows(list(range(34)))
    layout = open_layout(save(tmp_path / name, labels), STREETS)
    assert layout.labels[26, 0] == 13 and layout.labels[33, 0] == 18  # car, bicycle
    assert layout.labels[29, 0] == layout.labels[0, 0] == UNLABELLED  # caravan, unlabelled
    assert {int(i) for i in np.unique(layout.labels)} == set(CITYSCAPES.values()) | {UNLABELLED}
    assert "label ids" in layout.note and layout.note.endswith(".")
    assert is_layout(tmp_path / name, STREETS)


def test_the_name_decides_where_the_ids_could_be_either(tmp_path: Path) -> None:
    either = rows([7, 8, 11])
    assert np.array_equal(read_layout(save(tmp_path / "a.png", either), STREETS), either)
    assert np.array_equal(read_layout(save(tmp_path / "a_gtFine_labelTrainIds.png", either), STREETS), either)
    assert read_layout(save(tmp_path / "a_gtFine_labelIds.png", either), STREETS)[:3, 0].tolist() == [0, 1, 2]


def test_train_ids_are_left_alone_and_nothing_is_said(tmp_path: Path) -> None:
    labels = rows([*range(19), 255])
    layout = open_layout(save(tmp_path / "a.png", labels), STREETS)
    assert np.array_equal(layout.labels, labels) and layout.note == ""


def test_the_voids_colours_are_unlabelled(tmp_path: Path) -> None:
    labels = rows([0, 10, 13])
    painted = STREETS.colorize(labels)
    painted[:4] = (150, 100, 100)  # bridge
    Image.fromarray(painted).save(tmp_path / "a_gtFine_color.png")
    read = read_layout(tmp_path / "a_gtFine_color.png", STREETS)
    assert (read[:4] == UNLABELLED).all() and np.array_equal(read[4:], labels[4:])


def test_ids_of_no_convention_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no class of cityscapes: 34, 200"):
        read_layout(save(tmp_path / "a.png", rows([7, 34, 200])), STREETS)


# ---- COCO-Stuff --------------------------------------------------------------------------------------------


def test_raw_ids_become_ours_in_order(tmp_path: Path) -> None:
    raw = [i for i in range(182) if i not in COCO_GAPS]
    layout = open_layout(save(tmp_path / "a.png", rows([*raw, 255])), COCO)
    assert layout.labels[:171, 0].tolist() == list(range(171))
    assert layout.labels[171, 0] == COCO.background, "pixels without a class"
    assert "id 171 is beyond ours" in layout.note


def test_cocos_file_names_are_raw_ids_too_unless_they_say_otherwise(tmp_path: Path) -> None:
    assert read_layout(save(tmp_path / "000000000139.png", rows([0, 12])), COCO)[:2, 0].tolist() == [0, 11]
    assert read_layout(save(tmp_path / "000000000139_labelTrainIds.png", rows([0, 12])), COCO)[1, 0] == 12
    assert read_layout(save(tmp_path / "mine.png", rows([0, 12])), COCO)[1, 0] == 12
    assert read_layout(save(tmp_path / "000000000140.png", rows([0, 11])), COCO)[1, 0] == 11, "raw ids have no 11"


# ---- CelebAMask parts --------------------------------------------------------------------------------------


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A folder with hair under an eye, as the data set has them: skin is whole, the eye lies on it."""
    folder = tmp_path / "00012"
    folder.mkdir()
    for name, top, bottom in (("hair", 0, 20), ("skin", 10, 40), ("l_eye", 20, 24)):
        mask = np.zeros((48, 48, 3), np.uint8)
        mask[top:bottom] = 255
        Image.fromarray(mask).save(folder / f"00012_{name}.png")
    return folder


def test_parts_lie_on_each_other_in_the_data_sets_order(parts: Path) -> None:
    layout = open_layout(parts, FACES)
    by_row = [FACES.classes[i].name for i in layout.labels[:, 0]]
    assert by_row == ["hair"] * 20 + ["l_eye"] * 4 + ["skin"] * 16 + ["background"] * 8
    assert layout.note == "Put together from 3 parts."
    assert np.array_equal(open_layout(sorted(parts.iterdir()), FACES).labels, layout.labels)
    assert is_layout(parts, FACES) and is_layout(parts / "00012_hair.png", FACES)


def test_one_part_alone_is_a_layout(parts: Path) -> None:
    assert np.unique(read_layout(parts / "00012_hair.png", FACES)).tolist() == [0, 13]


def test_what_is_no_part_is_named(parts: Path) -> None:
    (parts / "notes.txt").write_text("no picture")
    assert open_layout(parts, FACES).note.endswith("Left out, being no part: notes.txt.")


def test_parts_that_do_not_belong_together_are_refused(parts: Path) -> None:
    (parts / "00012_nose.png").write_bytes((parts / "00012_hair.png").read_bytes()[:60])
    with pytest.raises(InputError, match=r"the part 00012_nose.png is damaged or cut off"):
        read_layout(parts, FACES)
    Image.new("L", (32, 32)).save(parts / "00012_nose.png")
    with pytest.raises(InputError, match="different sizes .*32x32 and 48x48"):
        read_layout(parts, FACES)
    (parts / "00012_nose.png").rename(parts / "00013_nose.png")
    with pytest.raises(InputError, match=r"parts of 2 pictures \(00012, 00013\)"):
        read_layout(parts, FACES)


def test_several_files_that_are_no_parts_are_refused(tmp_path: Path) -> None:
    files = [save(tmp_path / f"{i}.png", rows([0])) for i in range(2)]
    with pytest.raises(InputError, match="none of these files is a part .* one at a time"):
        open_layout(files, FACES)


# ---- noisy colours -----------------------------------------------------------------------------------------


def test_uncertain_pixels_are_counted(face_layout: np.ndarray) -> None:
    large = np.kron(face_layout, np.ones((8, 8), np.uint8))
    exact, noisy = io.BytesIO(), io.BytesIO()
    image = Image.fromarray(FACES.colorize(large))
    image.save(exact, "PNG")
    image.save(noisy, "JPEG", quality=75)
    assert open_layout(exact.getvalue(), FACES).note == ""
    layout = open_layout(noisy.getvalue(), FACES)
    assert "lie between two colours" in layout.note
    counted = int(layout.note.split(" ")[0].replace(",", ""))
    wrong = int((layout.labels != large).sum())
    assert wrong / 2 < counted < large.size / 20, f"{counted} counted, {wrong} wrong"


def test_our_own_exports_come_back_without_a_word(face_layout: np.ndarray, tmp_path: Path) -> None:
    write_layout(tmp_path / "layout.png", face_layout, FACES)
    layout = open_layout(tmp_path / "layout.png", FACES)
    assert np.array_equal(layout.labels, face_layout) and layout.note == ""


def test_a_jpegs_borders_take_the_classes_beside_them(face_layout: np.ndarray) -> None:
    """Between two colours a third's may lie: a border gives no specks of classes that are not there."""
    large, noisy = np.kron(face_layout, np.ones((8, 8), np.uint8)), io.BytesIO()
    Image.fromarray(FACES.colorize(large)).save(noisy, "JPEG", quality=75)
    assert set(np.unique(read_layout(noisy.getvalue(), FACES))) == set(np.unique(large))


# ---- CelebAMask-HQ's own colours ---------------------------------------------------------------------------


def test_the_data_sets_colours_are_its_classes(tmp_path: Path) -> None:
    labels = rows(list(range(19)))
    Image.fromarray(np.array(CELEBAMASK_COLORS, np.uint8)[labels]).save(tmp_path / "a.png")
    layout = open_layout(tmp_path / "a.png", FACES, Codebook(FACES, 3, 125))
    assert np.array_equal(layout.labels, labels)
    assert layout.note == "Its colours were taken for CelebAMask-HQ's own." and is_layout(tmp_path / "a.png", FACES)


def test_they_may_be_noisy(face_layout: np.ndarray, tmp_path: Path) -> None:
    large = np.kron(face_layout, np.ones((8, 8), np.uint8))
    Image.fromarray(np.array(CELEBAMASK_COLORS, np.uint8)[large]).save(tmp_path / "a.jpg", quality=75)
    layout = open_layout(tmp_path / "a.jpg", FACES)
    assert (layout.labels == large).mean() > 0.99 and is_layout(tmp_path / "a.jpg", FACES)
    assert layout.note.startswith("Its colours were taken for") and "lie between two colours" in layout.note


def test_a_dark_photo_is_none_in_their_black(photo: np.ndarray, tmp_path: Path) -> None:
    night = np.zeros((256, 256, 3), np.uint8)
    night[100:140, 100:156] = photo // 4
    for name in ("a.png", "a.jpg"):
        Image.fromarray(night).save(tmp_path / name)
        assert not is_layout(tmp_path / name, FACES)
    Image.fromarray(0 * night).save(tmp_path / "black.png")
    assert not is_layout(tmp_path / "black.png", FACES)
