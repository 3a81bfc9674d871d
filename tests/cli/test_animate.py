"""`semflow animate`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from .conftest import refused, run


@pytest.mark.parametrize("start", ["face.png", "coloured.png", "wide.png"])
def test_animate(tiny_model: Path, inputs: Path, tmp_path: Path, start: str) -> None:
    options = ("--model", tiny_model, "--steps", 2, "--frames", 5)
    assert run("animate", *options, inputs / start, "--out", tmp_path / "a.webp") == 0
    with Image.open(tmp_path / "a.webp") as image:
        assert len(list(ImageSequence.Iterator(image))) == 5 and image.size == (32, 32)


def test_animate_into_a_folder(tiny_model: Path, inputs: Path, tmp_path: Path) -> None:
    assert run("animate", "--model", tiny_model, "--frames", 3, inputs / "face.png", "--out", tmp_path / "frames") == 0
    assert sorted(os.listdir(tmp_path / "frames")) == ["000.png", "001.png", "002.png"]


def test_the_path_of_a_photo_takes_no_colours(
    tiny_appearance: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("animate", "--model", tiny_appearance, inputs / "wide.png", "--out", tmp_path / "path.gif")
    assert "--color is for layouts" in refused(capsys, *command, "--color", "hair=#ff8000")


@pytest.mark.parametrize(
    "options, words",
    [
        (["--frames", "1"], "number of frames is 1"),
        (["--frames", "241"], "number of frames is 241"),
        (["--fps", "0"], "from 0.1 to 100"),
        (["--fps", "nan"], "from 0.1 to 100"),
        (["--out", "a.avi"], "not as .avi"),
    ],
)
def test_bad_animations_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    out = ["--out", tmp_path / "a.gif"]
    assert words in refused(capsys, "animate", "--model", tiny_model, inputs / "face.png", *out, *options)
    assert not (tmp_path / "a.gif").exists()


def test_a_layout_with_foreign_ids_is_not_animated_as_a_photo(
    tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, "animate", "--model", tiny_model, inputs / "foreign.png", "--out", tmp_path / "a.gif")
    assert "no class of celebamask_hq: 19" in message
