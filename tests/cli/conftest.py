"""Inputs for the commands, and how a test calls them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.cli import main
from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import write_layout

from ..pictures.samples import png_header

REPOSITORY = Path(__file__).parents[2]
FACES = load_palette("celebamask_hq")


@pytest.fixture
def inputs(tmp_path: Path, face_layout: np.ndarray, photo: np.ndarray) -> Path:
    """A folder with two layouts, two photos and everything that can be wrong with a file."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    write_layout(folder / "face.png", face_layout, FACES)
    Image.fromarray(FACES.colorize(FACES.flip(face_layout))).save(folder / "coloured.png")
    Image.fromarray(photo).save(folder / "wide.png")
    Image.fromarray(photo[:, :40].repeat(2, axis=0)).save(folder / "high.jpg")
    (folder / "text.png").write_text("not an image")
    whole = (folder / "wide.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    Image.new("L", (1, 1)).save(folder / "small.png")
    (folder / "huge.png").write_bytes(png_header(10_000, 10_000))
    Image.new("L", (32, 32), 19).save(folder / "foreign.png")
    (folder / "twin").mkdir()
    (folder / "twin" / "face.png").write_bytes((folder / "face.png").read_bytes())
    (folder / "twin" / "wide.png").write_bytes((folder / "wide.png").read_bytes())
    return folder


def run(*words: object) -> int:
    return main([str(w) for w in words])


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The message of a command that must end in status 2 and one line on stderr."""
    capsys.readouterr()
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("semflow: error: ") and err.count("\n") == 1 and err.endswith("\n")
    return err
