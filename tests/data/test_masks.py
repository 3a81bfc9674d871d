"""What the masks of a folder have in common: whose ids they are, whatever one of them holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.data.check import check_folder
from semflow_core.data.masks import usual_ids
from semflow_core.data.pairs import find_pairs, load_split
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette, parse_palette

from ..pictures.samples import street

STREETS, COCO = load_palette("cityscapes"), load_palette("coco_stuff")


def write_masks(folder: Path, masks: list[np.ndarray]) -> None:
    for sub in ("images", "masks"):
        (folder / sub).mkdir()
    for i, mask in enumerate(masks):
        Image.fromarray(mask.astype(np.uint8)).save(folder / "masks" / f"{i:02}.png")
        Image.new("RGB", mask.shape[::-1]).save(folder / "images" / f"{i:02}.png")


@pytest.mark.parametrize("pixels", [1, 2000])
def test_a_damaged_mask_is_named_and_the_others_still_say_whose_ids_they_are(pixels: int, tmp_path: Path) -> None:
    bad = street()
    bad.ravel()[-pixels:] = 25
    write_masks(tmp_path, [bad, *[street()] * 3])
    assert usual_ids(find_pairs(tmp_path), STREETS) == "own"
    found = check_folder(tmp_path, "cityscapes")
    assert len(found.wrong) == 1 and "00.png has ids that are no class of cityscapes: 25" in found.wrong[0]
    with pytest.raises(InputError, match="the pair 00 cannot be read: .* no class of cityscapes: 25"):
        load_split(tmp_path, STREETS, 1, "train", 16)


def test_a_mask_that_is_cut_off_does_not_end_the_vote(tmp_path: Path) -> None:
    raw = np.arange(160, 182, dtype=np.uint8).repeat(20).reshape(22, 20)  # COCO's raw ids beyond ours
    either = np.full((22, 20), 30, np.uint8)
    write_masks(tmp_path, [either, raw, either, raw])
    whole = (tmp_path / "masks" / "01.png").read_bytes()
    assert usual_ids(find_pairs(tmp_path), COCO) == "raw"
    (tmp_path / "masks" / "01.png").write_bytes(whole[: len(whole) // 2])
    assert usual_ids(find_pairs(tmp_path), COCO) == "raw"
    found = check_folder(tmp_path, "coco_stuff")
    assert len(found.wrong) == 1 and "pair 01" in found.wrong[0]
    assert found.notes == ("3 of 4 masks: Its ids were taken for COCO-Stuff's raw ids, as most of its folder are.",)


def test_masks_that_could_be_read_in_two_ways_say_nothing(tmp_path: Path) -> None:
    write_masks(tmp_path, [np.full((20, 20), 30, np.uint8)] * 3)
    assert usual_ids(find_pairs(tmp_path), COCO) == ""
    assert "could also be" in check_folder(tmp_path, "coco_stuff").notes[0]


# ---- black and white -----------------------------------------------------------------------------------------------

CATS = parse_palette(
    {
        "name": "cats",
        "classes": [
            {"id": 0, "name": "ground", "color": "#000000", "group": "g"},
            {"id": 1, "name": "cat", "color": "#ff0000", "group": "g"},
        ],
    },
    "cats.json",
)


def test_masks_of_black_and_white_are_not_trained_on_as_all_background(tmp_path: Path) -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[5:15] = 255
    write_masks(tmp_path, [mask] * 3)
    words = r"of each mask: it holds nothing but ground \(0\) and 255, which stands for no class; ids 255=CLASS says"
    with pytest.raises(InputError, match=words):
        load_split(tmp_path, CATS, 1, "train", 16)
    assert (load_split(tmp_path, CATS, 1, "train", 16, ids="255=cat").masks[:, 4:12] == 1).all()
    (tmp_path / "palette.json").write_text(CATS.to_json())
    assert len(check_folder(tmp_path, str(tmp_path / "palette.json")).wrong) == 1
    assert not check_folder(tmp_path, str(tmp_path / "palette.json"), "255=cat").wrong
    Image.fromarray(mask // 255).save(tmp_path / "masks" / "01.png")  # the others may be void but for the background
    found = check_folder(tmp_path, str(tmp_path / "palette.json"))
    assert not found.wrong and found.notes[0].startswith("2 of 3 masks: It holds nothing but ground (0) and 255")
