"""`semflow edit`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

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
