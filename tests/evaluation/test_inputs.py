from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.data.pairs import Pair
from semflow_core.errors import InputError
from semflow_core.evaluation.inputs import load_others, match_folders
from semflow_core.method.palette import load_palette


def test_other_photos_are_as_many_and_none_of_the_split(tmp_path: Path) -> None:
    for i in range(5):
        Image.new("RGB", (20, 20), (40 * i, 0, 0)).save(tmp_path / f"{i}.png")
    split = [Pair(str(i), tmp_path / f"{i}.png", tmp_path / "no.png") for i in (1, 3)]
    found = load_others(tmp_path, split, 16, seed=0)
    assert len(found) == 2 and all(p.shape == (16, 16, 3) and p[0, 0, 0] in (0, 80, 160) for p in found)
    with pytest.raises(InputError, match="has 2 photos beside the split's own.*needs 3"):
        load_others(tmp_path, [*split, Pair("0", tmp_path / "0.png", tmp_path / "no.png")], 16, seed=0)


def test_folders_are_matched_by_name(tmp_path: Path) -> None:
    images, masks = tmp_path / "a", tmp_path / "b"
    images.mkdir()
    masks.mkdir()
    for name in ("2.jpg", "10.png", "spare.webp"):
        Image.new("RGB", (16, 16)).save(images / name)
    for name in ("2.png", "10.png"):
        Image.new("L", (16, 16)).save(masks / name)
    assert [(p.name, p.photo.name, p.mask.name) for p in match_folders(images, masks)] == [
        ("10", "10.png", "10.png"),
        ("2", "2.jpg", "2.png"),
    ]


def test_the_development_split_has_no_foreign_ids(training_data: Path) -> None:
    """The data this project's figures are reported on is what its palette says it is."""
    pairs = match_folders(training_data / "faces" / "images", training_data / "faces" / "masks")[-50:]
    palette = load_palette("celebamask_hq")
    for pair in pairs:
        with Image.open(pair.mask) as image:
            palette.index(np.asarray(image))


def test_masks_that_cannot_hold_ids_are_named(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        Image.new("L", (16, 16)).save(tmp_path / folder / "a.jpg")
    with pytest.raises(InputError, match="has a.jpg, and such masks cannot hold class ids exactly; write them as PNG"):
        match_folders(tmp_path / "images", tmp_path / "masks")
