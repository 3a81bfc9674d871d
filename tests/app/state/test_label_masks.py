"""The masks of a set: which photo each belongs to, and what its pixels mean."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.state.label_files import mask_png, read_files
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from tools.drawn import draw, palette

from .conftest import blank, jpeg, zipped


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
