"""`semflow synthesize`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.pictures.photos import read_photo
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests.requests import SynthesisRequest

from .conftest import refused, run


def test_synthesize(tiny_model: Path, inputs: Path, tmp_path: Path, face_layout: np.ndarray) -> None:
    files = (inputs / "face.png", inputs / "coloured.png")
    assert run("synthesize", "--model", tiny_model, "--steps", 2, "--seed", 3, *files, "--out", tmp_path / "out") == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["coloured.png", "face.png"]
    request = SynthesisRequest(steps=2, seed=3, layout=face_layout)
    expected = load_pipeline(str(tiny_model)).synthesize(request).photo
    made = read_photo(tmp_path / "out" / "face.png")
    assert made.shape == (32, 32, 3)
    assert np.abs(made.astype(int) - expected).max() <= 1, "a batch of two may round differently from one"


def test_the_same_command_gives_the_same_bytes_and_options_matter(
    tiny_model: Path, inputs: Path, tmp_path: Path
) -> None:
    def made(*options: object) -> bytes:
        assert run("synthesize", "--model", tiny_model, inputs / "face.png", "--out", tmp_path / "out", *options) == 0
        return (tmp_path / "out" / "face.png").read_bytes()

    plain = made()
    assert made("--steps", 8, "--seed", 0, "--solver", "euler", "--grid", "quadratic", "--beta", 40) == plain
    others = [
        made("--steps", 7),
        made("--seed", 1),
        made("--solver", "heun"),
        made("--grid", "uniform"),
        made("--beta", 5),
        made("--class-seed", "13=7"),
        made("--class-seed", "13=7", "--class-seed", "1=7"),
    ]
    assert len({plain, *others}) == 8


def test_colours_matter_where_a_model_takes_them(
    tiny_model: Path, tiny_appearance: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    made = set()
    for options in ((), ("--color", "hair=#ff8000"), ("--color", "hair=#ff8000", "--color", "skin=#ffffff")):
        assert run("synthesize", "--model", tiny_appearance, inputs / "face.png", "--out", out, *options) == 0
        made.add((out / "face.png").read_bytes())
    assert len(made) == 3
    assert "skin is never #ffffff in the training data; it gets #" in capsys.readouterr().err
    for model, color, words in (
        (tiny_model, "hair=#ff8000", "takes no colours"),
        (tiny_appearance, "wig=#ff8000", "no class 'wig'"),
        (tiny_appearance, "hair=orange", "'orange' is no colour"),
        (tiny_appearance, "hair", "must be written CLASS=#RRGGBB"),
    ):
        command = ("synthesize", "--model", model, inputs / "face.png", "--out", out, "--color", color)
        assert words in refused(capsys, *command)


def test_a_folder_of_parts_is_one_layout(
    tiny_model: Path, face_layout: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "00012"
    folder.mkdir()
    for name, class_id in (("hair", 13), ("skin", 1)):
        Image.fromarray((face_layout == class_id).astype(np.uint8) * 255).save(folder / f"00012_{name}.png")
    assert run("synthesize", "--model", tiny_model, "--steps", 1, folder, "--out", tmp_path / "out") == 0
    assert os.listdir(tmp_path / "out") == ["00012.png"]
    assert capsys.readouterr().err == (
        "semflow: 00012: Read black and white parts, 48x48, 3 classes: background 59 %, hair 23 %, skin 18 %. "
        "Put together from 2 parts.\n"
    )


@pytest.mark.parametrize(
    "file, words",
    [
        ("foreign.png", "no class of celebamask_hq: 19"),
        ("wide.png", "colours that are no class of celebamask_hq"),
    ],
)
def test_layouts_of_another_palette_are_refused(
    tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, words: str
) -> None:
    out = tmp_path / "out"
    options = ["--model", tiny_model, "--out", out, "--batch", 1]
    message = refused(capsys, "synthesize", inputs / "face.png", inputs / file, *options)
    assert file in message and words in message
    assert not out.exists()
