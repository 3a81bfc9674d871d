"""The paper's data sets in their authors' layouts: verified, prepared and read again, with faults planted."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semflow_core.cli import data as command
from semflow_core.cli import main
from semflow_core.data import prepare as preparing
from semflow_core.data.official import OFFICIAL, read_celeba
from semflow_core.data.prepare import Preparation, prepare
from semflow_core.data.shards import ShardedPairs, prepared_splits
from semflow_core.data.verify import verify
from semflow_core.errors import InputError

from . import downloads


@pytest.fixture(scope="module")
def celeba(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return downloads.celeba(tmp_path_factory.mktemp("celeba"))


@pytest.fixture(scope="module")
def cityscapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return downloads.cityscapes(tmp_path_factory.mktemp("cityscapes"))


def test_a_part_of_faces_is_counted_by_celebas_splits(celeba: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "celebamask_hq", str(celeba), "--partial"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "CelebAMask-HQ: 3 train, 1 val, 1 test"
    assert out[1] == "train: 3 of 24183 pairs" and "no mask has the classes eye_g, l_eye" in out[4]
    assert main(["data", "check", "celebamask_hq", str(celeba)]) == 2
    assert "a part of CelebAMask-HQ only; --partial" in capsys.readouterr().err
    assert sum(OFFICIAL["celebamask_hq"].counts.values()) == 30000
    assert tuple(command.OFFICIAL) == tuple(OFFICIAL)


def test_parts_are_merged_in_the_authors_order(celeba: Path) -> None:
    items, wrong = OFFICIAL["celebamask_hq"].find(celeba)
    assert not wrong and [i.name for i in items] == ["00000", "00001", "00002", "00003", "02001"]
    labels = read_celeba(items[0])
    assert [int(labels[y, 0]) for y in (50, 120, 220, 260, 320, 460, 500)] == [1, 2, 13, 13, 14, 0, 0]


def test_street_scenes_are_translated_and_prepared(cityscapes: Path, tmp_path: Path) -> None:
    assert verify("cityscapes", cityscapes).wrong == []
    assert main(["data", "prepare", "cityscapes", str(cityscapes), str(tmp_path / "out"), "--size", "64"]) == 0
    assert prepared_splits(tmp_path / "out") == {"train": 2, "val": 1}
    photo, labels = ShardedPairs(tmp_path / "out" / "train").pair(1)
    assert photo.shape == (64, 128, 3) and labels.shape == (64, 128)
    assert [int(labels[y, 5]) for y in (3, 20, 40)] == [10, 255, 0]


def test_coco_has_171_classes_and_keeps_its_shapes(tmp_path: Path) -> None:
    root = downloads.coco(tmp_path / "coco")
    prepare(Preparation("coco_stuff", root, size=64), tmp_path / "out")
    pairs = ShardedPairs(tmp_path / "out" / "train")
    assert pairs.names == ["000000000009", "000000000025", "000000000030"]
    assert [pairs.pair(i)[1].shape for i in range(3)] == [(64, 80), (96, 64), (96, 64)]
    assert sorted(np.unique(pairs.pair(0)[1]).tolist()) == [11, 170, 255]
    assert (ShardedPairs(tmp_path / "out" / "val").pair(0)[0] == 90).all()


def plant(root: Path) -> dict[str, str]:
    """Faults in a download of COCO-Stuff: file -> words of the sentence that must name it."""
    train, masks = root / "train2017", root / "stuffthingmaps_trainval2017" / "train2017"
    names = [f"{i:012d}" for i in range(100, 108)]
    for name in names:
        downloads.save(train / f"{name}.jpg", np.full((64, 64, 3), 90, np.uint8))
        downloads.save(masks / f"{name}.png", np.full((64, 64), 1, np.uint8))
    (masks / f"{names[0]}.png").unlink()
    (train / f"{names[1]}.jpg").unlink()
    for path in (masks / f"{names[2]}.png", train / f"{names[3]}.jpg"):
        path.write_bytes(path.read_bytes()[:60])
    black = np.zeros((64, 64), np.uint8)
    black[:9] = 255
    downloads.save(masks / f"{names[4]}.png", black)
    downloads.save(masks / f"{names[5]}.png", np.full((64, 64, 3), 200, np.uint8))
    downloads.save(masks / f"{names[6]}.png", np.full((64, 64), 11, np.uint8))
    downloads.save(masks / f"{names[7]}.png", np.full((64, 60), 1, np.uint8))
    return {
        f"{names[0]}.jpg": "has no mask",
        f"{names[1]}.png": "has no photo",
        f"{names[2]}.png": "damaged|not a picture",
        f"{names[3]}.jpg": "damaged|not a picture",
        f"{names[4]}.png": "black and white",
        f"{names[5]}.png": "colours",
        f"{names[6]}.png": "values 11, which are none",
        f"{names[7]}.png": "60x64 pixels; .* it must be 64x64",
    }


def test_planted_faults_are_named_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = downloads.coco(tmp_path / "coco")
    faults = plant(root)
    verified = verify("coco_stuff", root)
    assert len(verified.wrong) == len(faults)
    for file, words in faults.items():
        (sentence,) = [s for s in verified.wrong if file in s]
        assert re.search(words, sentence)
    assert verified.counts == {"train": 3, "val": 1}
    words = ["data", "prepare", "coco_stuff", str(root), str(tmp_path / "out"), "--size", "64"]
    assert main(words) == 2 and "000000000100.jpg has no mask" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*words, "--skip"]) == 0 and prepared_splits(tmp_path / "out") == {"train": 3, "val": 1}
    assert len((tmp_path / "out" / "skipped.txt").read_text().splitlines()) == len(faults)


def test_faults_of_faces_and_street_scenes(celeba: Path, cityscapes: Path, tmp_path: Path) -> None:
    items, _ = OFFICIAL["celebamask_hq"].find(celeba)
    for pixels, words in (
        (np.full((512, 512), 1, np.uint8), "values beside 0 and 255"),
        (np.tile(np.array([[[255, 0, 0]]], np.uint8), (512, 512, 1)), "00000_skin.png is a picture of colours"),
    ):
        path = downloads.save(tmp_path / "00000_skin.png", pixels)
        item = type(items[0])("00000", "train", items[0].photo, (path,))
        with pytest.raises(InputError, match=words):
            read_celeba(item)
    with pytest.raises(InputError, match="CelebA-HQ-to-CelebA-mapping.txt"):
        (tmp_path / "CelebA-HQ-img").mkdir()
        (tmp_path / "CelebAMask-HQ-mask-anno").mkdir()
        verify("celebamask_hq", tmp_path)
    with pytest.raises(InputError, match="has no folder leftImg8bit"):
        verify("cityscapes", celeba)
    with pytest.raises(InputError, match="there is no data set 'ade'"):
        verify("ade", celeba)


def plant_in_faces(root: Path) -> dict[str, str]:
    """Faults in a download of CelebAMask-HQ: file -> words of the sentence that must name it."""
    photos, parts = root / "CelebA-HQ-img", root / "CelebAMask-HQ-mask-anno"
    mask = np.full((512, 512), 255, np.uint8)
    (photos / "1.jpg").write_bytes((photos / "1.jpg").read_bytes()[:900])
    skin = parts / "0" / "00002_skin.png"
    skin.write_bytes(skin.read_bytes()[:80])
    downloads.save(parts / "0" / "00003_hat.png", np.tile(np.array([[[255, 0, 0]]], np.uint8), (512, 512, 1)))
    downloads.save(parts / "0" / "00004_skin.png", mask)  # its photo did not come
    downloads.save(photos / "5.jpg", np.zeros((1024, 1024, 3), np.uint8))  # its parts did not come
    downloads.save(parts / "0" / "02001_hair.png", mask)
    downloads.save(photos / "6.jpg", np.zeros((1024, 1024, 3), np.uint8))
    downloads.save(parts / "0" / "00006_skin.png", mask)  # of no split
    downloads.save(parts / "0" / "00000_beard.png", mask)
    return {
        "1.jpg": "damaged|not a picture",
        "00002_skin.png": "damaged|not a picture",
        "00003_hat.png": "picture of colours",
        "00004_*.png": "have no photo 4.jpg",
        "5.jpg": "has no parts 00005_",
        "0/02001_hair.png": "wrong folder",
        "6.jpg": "is not in CelebA-HQ-to-CelebA-mapping.txt",
        "00000_beard.png": "a part of no class",
    }


def plant_in_street_scenes(root: Path) -> dict[str, str]:
    """The same in one of Cityscapes."""
    photos, masks = root / "leftImg8bit" / "train" / "ulm", root / "gtFine" / "train" / "ulm"
    for i in range(7):
        downloads.save(photos / f"ulm_{i}_leftImg8bit.png", np.full((1024, 2048, 3), 9, np.uint8))
        downloads.save(masks / f"ulm_{i}_gtFine_labelIds.png", np.full((1024, 2048), 7, np.uint8))
    (masks / "ulm_0_gtFine_labelIds.png").unlink()
    (photos / "ulm_1_leftImg8bit.png").unlink()
    cut = masks / "ulm_2_gtFine_labelIds.png"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    halves = np.zeros((1024, 2048), np.uint8)
    halves[512:] = 255
    downloads.save(masks / "ulm_3_gtFine_labelIds.png", halves)
    downloads.save(masks / "ulm_4_gtFine_labelIds.png", np.full((1024, 2048, 3), 128, np.uint8))
    downloads.save(masks / "ulm_5_gtFine_labelIds.png", np.full((1024, 2048), 77, np.uint8))
    downloads.save(photos / "ulm_6_leftImg8bit.png", np.full((512, 1024, 3), 9, np.uint8))
    return {
        "ulm_0": "has no mask",
        "ulm_1": "has no photo",
        "ulm_2": "damaged|not a picture",
        "ulm_3": "black and white",
        "ulm_4": "picture of colours",
        "ulm_5": "values 77, which are none",
        "ulm_6": "1024x512 pixels; it must be 2048x1024",
    }


@pytest.mark.parametrize(
    ("name", "make", "plant", "whole"),
    [
        ("celebamask_hq", downloads.celeba, plant_in_faces, {"train": 1, "val": 0, "test": 0}),
        ("cityscapes", downloads.cityscapes, plant_in_street_scenes, {"train": 2, "val": 1}),
    ],
)
def test_faults_in_the_other_two_are_named_file_by_file(
    name: str, make: Any, plant: Any, whole: dict[str, int], tmp_path: Path
) -> None:
    root = make(tmp_path / name)
    faults = plant(root)
    verified = verify(name, root)
    assert len(verified.wrong) == len(faults), verified.wrong
    for file, words in faults.items():
        (sentence,) = [s for s in verified.wrong if re.search(rf"(?<![0-9]){re.escape(file)}", s)]
        assert re.search(words, sentence), sentence
    assert verified.counts == whole
    assert any("no mask has the class" in s for s in verified.missing)
    assert any(re.fullmatch(r"train: \d of \d+ pairs", s) for s in verified.missing)


def test_preparing_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PER_SHARD", 1)
    root, out = downloads.coco(tmp_path / "coco"), tmp_path / "out"
    what = Preparation("coco_stuff", root, size=64)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(what, out, stop)
    with pytest.raises(InputError, match="was not prepared to its end"):
        prepared_splits(out)
    before = {p.name: p.stat().st_mtime_ns for p in (out / "train").iterdir()}
    assert prepare(what, out) == {"train": 3, "val": 1}
    after = {p.name: p.stat().st_mtime_ns for p in (out / "train").iterdir()}
    assert all(after[name] == time for name, time in before.items()) and len(after) == len(before) + 2
    with pytest.raises(InputError, match="holds another preparation"):
        prepare(Preparation("coco_stuff", root, size=32), out)
    (out / "train" / "00001.tar").write_bytes(b"")
    with pytest.raises(InputError, match="00001.tar is cut off"):
        ShardedPairs(out / "train")


def test_shards_are_webdatasets(tmp_path: Path) -> None:
    prepare(Preparation("coco_stuff", downloads.coco(tmp_path / "coco"), size=64), tmp_path / "out")
    with tarfile.open(tmp_path / "out" / "val" / "00000.tar") as tar:
        assert tar.getnames() == ["000000000139.jpg", "000000000139.png"]
        member = tar.extractfile("000000000139.png")
        assert member is not None and Image.open(member).size == (80, 64)
