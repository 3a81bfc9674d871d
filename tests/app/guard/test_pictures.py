"""Pictures that several visits see at once are files that nobody reads half of."""

from __future__ import annotations

import os
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio import processing_utils
from PIL import Image

from app.guard import pictures
from app.guard.pictures import save_picture, write_whole
from semflow_core.errors import WriteError
from semflow_core.pictures.files import write_atomically


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing_utils, "save_pil_to_cache", processing_utils.save_pil_to_cache)
    write_whole()


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


def test_a_file_that_is_there_is_not_written_again(
    noise: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Path(save_picture(Image.fromarray(noise), str(tmp_path), format="png"))
    os.utime(first, (0, 0))
    monkeypatch.setattr(os, "replace", None)
    assert save_picture(Image.fromarray(noise), str(tmp_path), format="png") == str(first)
    assert np.array_equal(np.asarray(Image.open(first)), noise)
    assert first.stat().st_mtime > 0  # it counts as new when old files are deleted


def test_a_file_appears_as_a_whole_and_a_damaged_one_is_replaced(
    noise: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    appeared = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (appeared.append(Path(a).stat().st_size), replace(a, b)))
    path = Path(save_picture(Image.fromarray(noise), str(tmp_path)))
    size = path.stat().st_size
    path.write_bytes(b"cut")
    save_picture(Image.fromarray(noise), str(tmp_path))
    assert appeared == [size, size] == [path.stat().st_size] * 2
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_write_that_fails_leaves_nothing(noise: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(WriteError, match="No space"):
        save_picture(Image.fromarray(noise), str(tmp_path))
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_components_save_theirs_so(noise: np.ndarray, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written: list[Path] = []
    monkeypatch.setattr(
        pictures, "write_atomically", lambda path, write: (written.append(path), write_atomically(path, write))
    )
    photo, strip = gr.Image(format="png"), gr.Gallery(format="png")
    photo.GRADIO_CACHE = strip.GRADIO_CACHE = str(tmp_path)
    assert photo.postprocess(noise) is not None and strip.postprocess([(noise, "a")]) is not None
    assert processing_utils.save_img_array_to_cache(noise, str(tmp_path))
    assert [path.suffix for path in written] == [".png", ".webp"]  # the strip's is the photo's
    assert sorted(written) == sorted(p for p in tmp_path.resolve().rglob("*") if p.is_file())
