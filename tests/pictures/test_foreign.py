"""Pixel values of other tools: which class each becomes, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from semflow_core.errors import InputError
from semflow_core.method.palette import UNLABELLED, Palette, load_palette, parse_palette
from semflow_core.pictures.layouts import example_layouts, is_layout, open_layout, read_layout, read_mask

from .samples import rows, save, street

STREETS, COCO, FACES = (load_palette(name) for name in ("cityscapes", "coco_stuff", "celebamask_hq"))


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


# ---- damage is no sign of another convention ---------------------------------------------------------------


@pytest.mark.parametrize("value, pixels", [(25, 1), (33, 4), (20, 8)])
def test_a_few_damaged_pixels_do_not_change_the_reading(value: int, pixels: int, tmp_path: Path) -> None:
    labels = street()
    labels[30, 40 : 40 + pixels] = value
    with pytest.raises(InputError, match=f"a.png has ids that are no class of cityscapes: {value}; its ids are 0-18"):
        open_layout(save(tmp_path / "a.png", labels), STREETS)
    with pytest.raises(InputError, match=f"no class of cityscapes: {value}; its ids are 0-18, 255$"):
        read_mask(tmp_path / "a.png", STREETS)


def test_a_class_that_somebody_added_does_not_change_the_others(tmp_path: Path) -> None:
    labels = street()
    labels[34:40, 40:60] = 25
    with pytest.raises(InputError, match="no class of cityscapes: 25"):
        open_layout(save(tmp_path / "a.png", labels), STREETS)


def test_a_far_bicycle_is_no_damage_where_all_else_says_so(tmp_path: Path) -> None:
    values = np.zeros_like(street())
    for value, class_id in next(c for c in STREETS.foreign.ids if c.key == "label-ids").classes:
        values[street() == class_id] = value
    few = np.where(values > 18, 11, values)  # all but one of its ids are train ids, too
    few[30, 40:43] = 33
    layout = open_layout(save(tmp_path / "a.png", few), STREETS)
    assert layout.labels[30, 41] == 18 and (layout.labels[40] == 0).all()
    assert "Its ids were taken for Cityscapes' label or instance ids" in layout.note


def test_damage_of_another_convention_is_named_too(tmp_path: Path) -> None:
    values = np.full((48, 96), 26)
    values[:20], values[40:] = 23, 7
    values[0, 0] = 99
    words = (
        r"no class of cityscapes: 23, 26, 99; .*; all but 1 of its pixels could be Cityscapes' label or instance ids"
    )
    with pytest.raises(InputError, match=words):
        open_layout(save(tmp_path / "a.png", values), STREETS)


def test_damage_is_named_where_no_places_are_known(tmp_path: Path) -> None:
    labels = np.repeat(np.arange(4, dtype=np.uint8)[None] + 20, 40, 0).repeat(10, 1)
    labels[0, 0] = 175
    with pytest.raises(
        InputError, match=r"no class of coco_stuff: 175; .* they could also be COCO-Stuff's raw ids \(ids raw"
    ):
        open_layout(save(tmp_path / "a.png", labels), COCO)
    assert open_layout(tmp_path / "a.png", COCO, ids="raw").labels[0, 0] == 164


def test_ids_that_fit_but_lie_nowhere_usual_are_said_to(tmp_path: Path) -> None:
    layout = open_layout(save(tmp_path / "a.png", rows(list(range(34)))[::-1]), STREETS)
    assert "Its classes lie where they seldom do." in layout.uncertain


# ---- what a name says --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["no_makeup_01", "farley_02", "lapalma_3", "bisenette"])
def test_a_word_within_a_name_says_nothing(name: str, tmp_path: Path) -> None:
    labels = rows([0, 1, 13])
    layout = open_layout(save(tmp_path / f"{name}.png", labels), FACES)
    assert np.array_equal(layout.labels, labels) and not layout.translated


@pytest.mark.parametrize("name", ["scgan_01", "01-bisenet", "x_farl"])
def test_a_name_gives_way_to_what_is_clearly_likelier(name: str, face_layout: np.ndarray, tmp_path: Path) -> None:
    layout = open_layout(save(tmp_path / f"{name}.png", face_layout), FACES)
    assert np.array_equal(layout.labels, face_layout)
    assert layout.uncertain.endswith("whose classes lie where they usually do, though its name says otherwise.")


def test_the_makeup_sets_two_numberings(tmp_path: Path) -> None:
    """As SCGAN's scripts/handle_parsing.py turns the one into the other."""
    turned = {1: 4, 2: 7, 3: 2, 4: 6, 5: 1, 6: 8, 7: 9, 8: 11, 9: 13, 10: 12, 11: 3, 12: 5, 13: 10}
    table = {c.key: dict(c.classes) for c in FACES.foreign.ids}
    assert all(table["makeup"][mt] == table["scgan"][scgan] for mt, scgan in turned.items())
    assert table["scgan"][3] == 8 and table["scgan"][5] == 9, "left and right ear"


def test_carlas_lane_markings_are_road(tmp_path: Path) -> None:
    values = np.where(street() == UNLABELLED, 1, street() + 1)
    values[36:40, 45:50] = 24
    layout = open_layout(save(tmp_path / "carla_1.png", values), STREETS)
    assert (layout.labels[36:40, 40:55] == 0).all()


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


@pytest.mark.parametrize("palette", [FACES, STREETS], ids=["faces", "streets"])
def test_the_examples_as_grey_ids_leave_no_doubt(palette: Palette, tmp_path: Path) -> None:
    examples = example_layouts(palette)
    for example in examples:  # a hat is rare, and large: that alone makes no other order likely
        labels = read_layout(example.file, palette)
        layout = open_layout(save(tmp_path / "a.png", labels), palette)
        assert np.array_equal(layout.labels, labels) and layout.note == "", example.title
    assert examples
