"""Layouts whose class ids are in an order of another tool or data set: it is recognised, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.errors import InputError
from semflow_core.method.palette import UNLABELLED, Palette, load_palette
from semflow_core.pictures.layouts import (
    example_layouts,
    open_layout,
    read_layout,
    read_mask,
)

from .samples import encoded, foreign, grey, street

FACES, STREETS = load_palette("celebamask_hq"), load_palette("cityscapes")


@pytest.mark.parametrize("key", ["bisenet", "farl"])
def test_another_order_of_a_faces_classes_is_recognised(face_layout: np.ndarray, key: str) -> None:
    drawn = [read_layout(example.file, FACES) for example in example_layouts(FACES)]
    small = np.pad(face_layout, ((60, 0), (0, 90)))  # in a corner of a large picture
    for labels in (face_layout, small, *drawn):
        layout = open_layout(grey(foreign(labels, FACES, key)), FACES)
        assert np.array_equal(layout.labels, labels)
        assert "Its ids were taken for" in layout.translated and "usually does" in layout.translated


@pytest.mark.parametrize(
    "palette, key",
    [(FACES, key) for key in ("lapa", "facesynthetics", "makeup", "scgan", "mediapipe")]
    + [(STREETS, key) for key in ("label-ids", "carla", "carla-0-9-13", "synthia", "camvid")],
)
def test_orders_of_other_data_sets_are_recognised(palette: Palette, key: str) -> None:
    convention = next(c for c in palette.foreign.ids if c.key == key)
    theirs = np.isin(np.arange(256), [c for _, c in convention.classes])
    for example in example_layouts(palette):
        labels = read_layout(example.file, palette)
        labels = np.where(theirs[labels], labels, palette.background)  # what the other has no id for
        layout = open_layout(grey(foreign(labels, palette, key)), palette)
        assert np.array_equal(layout.labels, labels), example.title
        assert convention.name in layout.translated


def test_of_two_orders_of_one_name_the_likelier_is_taken(tmp_path: Path) -> None:
    labels = read_layout(example_layouts(STREETS)[0].file, STREETS)
    for key in ("carla", "carla-0-9-13"):
        (tmp_path / "carla_0001.png").write_bytes(grey(foreign(labels, STREETS, key)))
        layout = open_layout(tmp_path / "carla_0001.png", STREETS)
        known = np.isin(labels, [c for _, c in next(c for c in STREETS.foreign.ids if c.key == key).classes])
        assert np.array_equal(layout.labels[known], labels[known]) and "as its name says" in layout.translated


def test_camvids_colours_are_streets() -> None:
    table = {c: rgb for rgb, c in reversed(STREETS.foreign.colors[0].classes)}  # the first colour of each class
    labels = read_layout(example_layouts(STREETS)[0].file, STREETS)
    labels = np.where(np.isin(labels, list(table)), labels, UNLABELLED)
    colors = np.array([table.get(i, (0, 0, 0)) for i in range(256)], np.uint8)[labels]
    layout = open_layout(encoded(Image.fromarray(colors)), STREETS)
    assert np.array_equal(layout.labels, labels) and "taken for CamVid's" in layout.note


def test_the_name_or_the_caller_says_the_order_too(tmp_path: Path) -> None:
    mask = np.zeros((32, 32), np.uint8)
    mask[8:24] = 17  # hair, or the neck: one class says nothing
    Image.fromarray(mask).save(tmp_path / "bisenet_12.png")
    Image.fromarray(mask).save(tmp_path / "12.png")
    assert (read_layout(tmp_path / "bisenet_12.png", FACES)[8:24] == 13).all()
    unsaid = open_layout(tmp_path / "12.png", FACES)
    assert (unsaid.labels[8:24] == 17).all() and "could also be BiSeNet's face parser's (ids bisenet)" in unsaid.note
    assert (read_layout(tmp_path / "12.png", FACES, ids="bisenet")[8:24] == 13).all()
    assert open_layout(tmp_path / "12.png", FACES, ids="own").note == ""
    assert (
        read_layout(tmp_path / "12.png", FACES, ids="17=hair,0=cloth") == [[18]] * 8 + [[13]] * 16 + [[18]] * 8
    ).all()


@pytest.mark.parametrize(
    "ids, words",
    [
        ("celeba", "the ids 'celeba' are unknown for celebamask_hq; say own, bisenet, farl, lapa, facesynthetics, "),
        ("17=wig", "'17=wig' is no pair of a pixel value and a class of celebamask_hq"),
        ("lapa", "its value 17 is none of LaPa's ids"),
    ],
)
def test_what_the_ids_cannot_be_is_refused(ids: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_layout(grey(np.full((16, 16), 17)), FACES, ids=ids)


def test_our_own_order_is_left_alone(face_layout: np.ndarray) -> None:
    for labels in (face_layout, FACES.flip(face_layout), np.pad(face_layout, 40)):
        layout = open_layout(grey(labels), FACES)
        assert np.array_equal(layout.labels, labels) and layout.note == ""


@pytest.mark.parametrize("key", ["label-ids", "carla"])
def test_a_streets_other_ids_are_recognised_where_all_could_be_ours(key: str) -> None:
    labels = np.where(street() == UNLABELLED, 0, street())
    values = foreign(labels, STREETS, key)
    assert values.max() < 19 or key == "label-ids"
    layout = open_layout(grey(values), STREETS)
    assert np.array_equal(layout.labels, labels) and layout.translated
    assert np.array_equal(read_mask(grey(values), STREETS).labels, labels), "training reads what the studio reads"


def test_instance_ids_are_ids_and_numbers_of_instances(tmp_path: Path) -> None:
    values = foreign(street(), STREETS, "label-ids")
    values[values == 26] = 26013  # the car
    Image.fromarray(values.astype(np.uint16)).save(tmp_path / "a_gtFine_instanceIds.png")
    expected = street()
    layout = open_layout(tmp_path / "a_gtFine_instanceIds.png", STREETS)
    assert np.array_equal(layout.labels, np.where(expected == 255, 255, expected)) and "instance ids" in layout.note


def test_cocos_category_ids_are_recognised_by_what_raw_ids_lack() -> None:
    coco = load_palette("coco_stuff")
    values = np.repeat([[1, 12, 182, 183]], 16, 0).repeat(8, 1)  # person, then no category 12, an upper bound, "other"
    values[values == 12] = 13
    layout = open_layout(grey(values), coco)
    assert layout.labels[0, ::8].tolist() == [0, 11, 170, coco.background] and "COCO's category ids" in layout.note
    either = open_layout(grey(np.repeat([[2, 5, 7]], 16, 0).repeat(8, 1)), coco)
    assert either.labels[0, ::8].tolist() == [2, 5, 7] and "(ids categories)" in either.uncertain
