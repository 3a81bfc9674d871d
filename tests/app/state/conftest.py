"""A set of three drawn photos, files of such sets, and requests to paint."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.state.label_files import read_files
from app.state.label_set import LabelSet
from app.state.sheet import Sheet
from semflow_core.requests import SynthesisRequest
from tools.drawn import draw, palette


def jpeg(number: int = 1, size: tuple[int, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(draw(number)[0])
    (image.resize(size) if size else image).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    files = []
    for number in (1, 2, 3):
        files.append(tmp_path / f"photo {number}.jpg")
        files[-1].write_bytes(jpeg(number))
    return files


@pytest.fixture
def labelled(photos: list[Path]) -> LabelSet:
    labelled = LabelSet(palette(), own=True)
    labelled.add(read_files(photos, labelled.palette).items)
    labelled.open, labelled.shown = True, 1
    return labelled


def accept(labelled: LabelSet, labels: np.ndarray) -> None:
    labelled.accept(Sheet(labels, labelled.shown))


def blank(value: int = 0) -> np.ndarray:
    return np.full((256, 256), value, np.uint8)


def zipped(file: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file


def request(labels: np.ndarray, seed: int = 0, steps: int = 4) -> SynthesisRequest:
    return SynthesisRequest(steps=steps, seed=seed, layout=labels)
