"""`semflow evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import refused, run


def test_evaluate(
    tiny_model: Path,
    tmp_path: Path,
    photo: np.ndarray,
    face_layout: np.ndarray,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for i in range(3):
        Image.fromarray(np.roll(photo[:40, :40], i, axis=1)).save(tmp_path / "images" / f"{i}.jpg")
        Image.fromarray(np.roll(face_layout[:40, :40], i, axis=1)).save(tmp_path / "masks" / f"{i}.png")
    target = tmp_path / "figures" / "f.json"
    words = ["evaluate", "--model", tiny_model, "--images", tmp_path / "images", "--masks", tmp_path / "masks"]
    assert run(*words, "--last", 2, "--steps", "1,3", "--diverse", 1, "--json", target) == 0
    figures = json.loads(target.read_text())
    assert figures["model"] == "tiny" and figures["seed"] == 0
    assert [(r["steps"], r["n"], r["resolution"]) for r in figures["rows"]] == [(1, 2, 32), (3, 2, 32)]
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("Layouts: the last 2 of 3 pairs in sorted order, n = 2, 32x32")
    assert [line.split()[1] for line in printed[2:6:2]] == ["steps", "1"] and printed[5].split()[1] == "3"
    assert "Segmentation at the photos' own size, 40x40:" in printed
    # it is no other model than itself
    assert run(*words, "--last", 2, "--steps", "2", "--diverse", 0, "--reader", tiny_model, "--json", target) == 0
    row = json.loads(target.read_text())["rows"][0]
    assert row["read_by_other"] == row["cycle"]
    assert f"cycle mIoU, read by {tiny_model}" in capsys.readouterr().out
    miou = figures["rows"][0]["segmentation"]["miou"]
    assert miou["low"] <= miou["value"] <= miou["high"] < 10 and f"{miou['value']:.2f} [" in printed[4]


def test_a_reader_must_know_the_same_classes(
    tiny_model: Path, tiny_streets: Path, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "--model", tiny_model, "--images", inputs, "--masks", inputs, "--reader", tiny_streets]
    assert "has the classes of cityscapes at 32 pixels; it must be celebamask_hq at 32" in refused(capsys, *words)


def test_a_mask_without_a_photo_is_named(
    tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "lonely.png").write_bytes((inputs / "face.png").read_bytes())
    target = tmp_path / "f.json"
    words = ["evaluate", "--model", tiny_model, "--images", inputs, "--masks", tmp_path / "masks", "--json", target]
    assert "masks/lonely.png has no photo" in refused(capsys, *words)
    assert not target.exists()
