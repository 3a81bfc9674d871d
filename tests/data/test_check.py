"""The check of a folder of pairs, and its command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.cli import main
from semflow_core.data.check import check_folder
from semflow_core.errors import InputError

from .test_pairs import make_pairs


def test_a_whole_folder_is_reported_with_what_was_assumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_pairs(tmp_path, ["a", "b"])
    (tmp_path / "masks" / "b.png").rename(tmp_path / "masks" / "b_mask.png")
    (tmp_path / "images" / "._a.png").write_bytes(b"resource fork")
    assert main(["data", "check", str(tmp_path), "--palette", "celebamask_hq"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}: 2 pairs, masks read as celebamask_hq",
        "1 of them by similar names, such as b.png and b_mask.png",
        "ignored, being no pictures or in folders of their own: images/._a.png",
    ]


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_pairs(tmp_path, list("abcdef"))
    (tmp_path / "masks" / "a.png").unlink()
    (tmp_path / "images" / "b.png").write_bytes((tmp_path / "images" / "b.png").read_bytes()[:50])
    Image.new("L", (20, 20), 25).save(tmp_path / "masks" / "c.png")  # a class of larger label sets, and of none here
    Image.new("L", (20, 21)).save(tmp_path / "masks" / "d.png")
    assert main(["data", "check", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    lines = [line for line in out.splitlines() if " masks: " not in line]  # what was assumed
    assert len(lines) == 5 and lines[0].startswith(f"{tmp_path}: 5 pairs, masks read as celebamask_hq (")
    for line, words in zip(lines[1:], ("a.png has no mask", "pair b ", "pair c ", "pair d ")):
        assert words in line
    assert err.startswith("semflow: error: ") and "4 files or pairs are wrong" in err


def test_what_was_assumed_of_the_masks_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_pairs(tmp_path, ["a", "b"])
    for name in "ab":  # Cityscapes' labelIds: 7 is road, 33 bicycle
        Image.fromarray(np.full((20, 20), 33, np.uint8)).save(tmp_path / "masks" / f"{name}_gtFine_labelIds.png")
        (tmp_path / "masks" / f"{name}.png").unlink()
        (tmp_path / "images" / f"{name}.png").rename(tmp_path / "images" / f"{name}_leftImg8bit.png")
    assert main(["data", "check", str(tmp_path), "--palette", "cityscapes"]) == 0
    assert "2 of 2 masks: Its ids were taken for" in capsys.readouterr().out
    assert main(["data", "check", str(tmp_path), "--palette", "cityscapes", "--ids", "own"]) == 2
    out, _ = capsys.readouterr()
    assert "33" in out and "taken for" not in out


def test_without_a_palette_the_smallest_that_fits_is_meant(tmp_path: Path) -> None:
    make_pairs(tmp_path, ["a"])
    found = check_folder(tmp_path)
    assert found.palette == "celebamask_hq" and "cityscapes" in found.equal
    Image.new("L", (20, 20), 90).save(tmp_path / "masks" / "a.png")
    assert check_folder(tmp_path).palette == "coco_stuff" and not check_folder(tmp_path).wrong


def test_a_folder_without_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no pairs; it needs images/NAME.jpg"):
        check_folder(tmp_path)
    with pytest.raises(InputError, match="there is no folder"):
        check_folder(tmp_path / "gone")


def test_the_folders_own_palette_is_used_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_pairs(tmp_path, ["a", "b"])
    own = {"name": "cats", "classes": [{"id": 0, "name": "ground", "color": "#000000", "group": "g"}]}
    (tmp_path / "palette.json").write_text(json.dumps(own))
    assert main(["data", "check", str(tmp_path)]) == 2  # the mask of b is 1
    out = capsys.readouterr().out
    assert f"{tmp_path}: 2 pairs, masks read as cats, as its own palette.json says\n" in out
    assert "no class of cats: 1" in out
    assert main(["data", "check", str(tmp_path), "--palette", "celebamask_hq"]) == 0


def test_ids_that_are_no_word_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_pairs(tmp_path, list("abc"))
    for words in (["--ids", "bisnet"], ["--ids", "17=wig"], ["--ids", "bisnet", "--palette", "celebamask_hq"]):
        assert main(["data", "check", str(tmp_path), *words]) == 2
        out, err = capsys.readouterr()
        assert not out and err.count(words[1]) == 1 and "celebamask_hq" in err
    assert main(["data", "check", str(tmp_path), "--ids", "label-ids"]) == 0  # a word of one palette only
    assert "read as cityscapes" in capsys.readouterr().out
