"""`semflow edit`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.pictures.layouts import write_layout
from semflow_core.pictures.photos import read_photo
from semflow_core.pipeline.registry import load_pipeline

from .conftest import FACES, refused, run


def test_edit(tiny_model: Path, inputs: Path, tmp_path: Path, photo: np.ndarray, face_layout: np.ndarray) -> None:
    out = tmp_path / "out"
    write_layout(inputs / "after.png", np.where(face_layout == 4, 3, face_layout).astype(np.uint8), FACES)
    words = ("edit", "--model", tiny_model, inputs / "wide.png", "--layout", inputs / "after.png")
    assert run(*words, "--before", inputs / "face.png", "--steps", 2, "--out", out) == 0
    edited = read_photo(out / "wide.png")
    assert edited.shape == photo.shape
    changed = (edited != photo).any(-1)
    assert changed.any() and not changed.all()
    assert run(*words[:-1], inputs / "text.png", "--out", tmp_path / "never") == 2
    assert not (tmp_path / "never").exists() or not os.listdir(tmp_path / "never")


def test_an_edit_may_be_a_colour_alone(
    tiny_appearance: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], photo: np.ndarray
) -> None:
    command = ("edit", "--model", tiny_appearance, inputs / "wide.png", "--out", tmp_path / "out")
    colors = [w for c in load_pipeline(str(tiny_appearance)).palette.classes for w in ("--color", f"{c.name}=#ff8000")]
    assert run(*command, *colors) == 0  # whatever a model of random weights sees in it
    made = read_photo(tmp_path / "out" / "wide.png")
    assert made.shape == photo.shape and not np.array_equal(made, photo)
    assert "nothing is to change" in refused(capsys, *command)


def test_an_edit_stays_in_the_part_that_was_cut_out_and_in_the_files_own_space(
    tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], photo: np.ndarray
) -> None:
    """No face is found in the picture, so that the part is its centre: 40 of 56 columns."""
    before = np.zeros(photo.shape[:2], np.uint8)
    after = before.copy()
    after[10:30, 12:44] = 13
    for name, labels in (("before", before), ("after", after)):
        write_layout(inputs / f"{name}.png", labels, FACES)
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    Image.fromarray(photo).save(inputs / "taken.png", exif=exif, dpi=(240, 240))
    words = ("edit", "--model", tiny_model, inputs / "taken.png", "--before", inputs / "before.png", "--steps", 2)
    assert run(*words, "--layout", inputs / "after.png", "--out", tmp_path) == 0
    err = capsys.readouterr().err
    assert "taken.png: No face was found, so the centre of the photo was taken." in err
    assert "after.png: Read indexed PNG, 56x40, 2 classes: background 71 %, hair 29 %." in err
    with Image.open(tmp_path / "taken.png") as image:
        assert image.getexif()[0x010F] == "a camera" and round(image.info["dpi"][0]) == 240
    changed = (read_photo(tmp_path / "taken.png") != photo).any(-1)
    assert changed[:, 8:48].any() and not changed[:, :8].any() and not changed[:, 48:].any()
    assert run(*words, "--layout", inputs / "after.png", "--out", tmp_path / "whole", "--no-align") == 0
    assert "No face" not in capsys.readouterr().err


def test_a_layout_across_the_photo_is_refused(
    tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], photo: np.ndarray
) -> None:
    write_layout(inputs / "across.png", np.zeros(photo.shape[1::-1], np.uint8), FACES)
    words = ("edit", "--model", tiny_model, inputs / "wide.png", "--layout", inputs / "across.png", "--out", tmp_path)
    assert "across.png is 40x56 pixels and its photo 56x40" in refused(capsys, *words)


def test_a_files_name_is_written_as_it_is(
    tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (inputs / "my  face.png").write_text("no picture")
    words = ("edit", "--model", tiny_model, inputs / "my  face.png", "--layout", inputs / "face.png", "--out", tmp_path)
    assert "the photo my  face.png is not a picture" in refused(capsys, *words)
