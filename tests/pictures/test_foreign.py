"""Pixel values of other tools: which class each becomes, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from semflow_core.errors import InputError
from semflow_core.method.palette import UNLABELLED, load_palette, parse_palette
from semflow_core.pictures.layouts import is_layout, open_layout, read_layout

from .samples import rows, save, street

STREETS, COCO = load_palette("cityscapes"), load_palette("coco_stuff")


@pytest.mark.parametrize("name", ["a_gtFine_labelIds.png", "a.png"])
def test_label_ids_become_train_ids(name: str, tmp_path: Path) -> None:
    labels = rows(list(range(34)))
    layout = open_layout(save(tmp_path / name, labels), STREETS)
    assert layout.labels[26, 0] == 13 and layout.labels[33, 0] == 18  # car, bicycle
    assert layout.labels[29, 0] == layout.labels[0, 0] == UNLABELLED  # caravan, unlabelled
    assert {int(i) for i in np.unique(layout.labels)} == set(range(19)) | {UNLABELLED}
    assert "label or instance ids" in layout.note and layout.note.endswith(".")
    assert is_layout(tmp_path / name, STREETS)


def test_the_name_decides_where_the_ids_could_be_either(tmp_path: Path) -> None:
    either = rows([7, 8, 11])
    assert np.array_equal(read_layout(save(tmp_path / "a.png", either), STREETS), either)
    assert np.array_equal(read_layout(save(tmp_path / "a_gtFine_labelTrainIds.png", either), STREETS), either)
    assert read_layout(save(tmp_path / "a_gtFine_labelIds.png", either), STREETS)[:3, 0].tolist() == [0, 1, 2]


def test_train_ids_are_left_alone_and_nothing_is_said(tmp_path: Path) -> None:
    labels = street()
    layout = open_layout(save(tmp_path / "a.png", labels), STREETS)
    assert np.array_equal(layout.labels, labels) and layout.note == ""


def test_ids_of_no_convention_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no class of cityscapes: 34, 200"):
        read_layout(save(tmp_path / "a.png", rows([7, 34, 200])), STREETS)


def test_raw_ids_become_ours_in_order(tmp_path: Path) -> None:
    gaps = (11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90)
    raw = [i for i in range(182) if i not in gaps]
    layout = open_layout(save(tmp_path / "a.png", rows([*raw, 255])), COCO)
    assert layout.labels[:171, 0].tolist() == list(range(171))
    assert layout.labels[171, 0] == COCO.background, "pixels without a class"
    assert "id 171 is no class of coco_stuff" in layout.note


def test_cocos_file_names_are_raw_ids_too_unless_they_say_otherwise(tmp_path: Path) -> None:
    assert read_layout(save(tmp_path / "000000000139.png", rows([0, 12])), COCO)[:2, 0].tolist() == [0, 11]
    assert read_layout(save(tmp_path / "000000000139_labelTrainIds.png", rows([0, 12])), COCO)[1, 0] == 12
    assert read_layout(save(tmp_path / "mine.png", rows([0, 12])), COCO)[1, 0] == 12
    assert read_layout(save(tmp_path / "000000000140.png", rows([0, 11])), COCO)[1, 0] == 11, "raw ids have no 11"


# ---- a palette of one's own --------------------------------------------------------------------------------

OWN = parse_palette(
    {
        "name": "own",
        "classes": [
            {"id": 3, "name": "sky", "color": "#0000ff", "group": "g"},
            {"id": 5, "name": "land", "color": "#00ff00", "group": "g"},
        ],
        "background": 5,
        "foreign": {
            "ids": [
                {
                    "name": "the surveyor's codes",
                    "files": "^survey_",
                    "classes": {"40": 3, "5": 3, "3": 5},
                    "void": [41],
                },
                {"name": "the pilot's codes", "classes": {"90": 5}},
            ]
        },
    },
    "own.json",
)


def test_a_palette_of_ones_own_declares_foreign_ids(tmp_path: Path) -> None:
    layout = open_layout(save(tmp_path / "a.png", rows([40, 3, 41, 255])), OWN)
    assert layout.labels[:4, 0].tolist() == [3, 5, 5, 5]  # void is painted as the background
    assert layout.note == "Its ids were taken for the surveyor's codes, for id 40 is no class of own."
    assert open_layout(save(tmp_path / "b.png", rows([90])), OWN).note.startswith("Its ids were taken for the pilot's")


def test_its_file_names_decide_where_the_ids_could_be_either(tmp_path: Path) -> None:
    either = rows([5, 3])
    layout = open_layout(save(tmp_path / "survey_1.png", either), OWN)
    assert layout.labels[:2, 0].tolist() == [3, 5] and layout.note.endswith("codes, as its name says.")
    doubt = open_layout(save(tmp_path / "1.png", either), OWN)
    assert np.array_equal(doubt.labels, either) and doubt.translated == ""
    assert doubt.uncertain == "Its ids could also be the surveyor's codes (ids the-surveyor-s-codes)."
    with pytest.raises(InputError, match="no class of own: 40, 90"):  # ids of two conventions are of none
        read_layout(save(tmp_path / "c.png", rows([40, 90])), OWN)
