"""A layout opened for the wrong label set: its colours say whose it is, or where its classes lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.method.palette import Palette, load_palette
from semflow_core.pictures.layouts import read_layout, write_layout
from semflow_core.pictures.whose import whose_layout

PALETTES = {"faces": load_palette("celebamask_hq"), "streets": load_palette("cityscapes")}
LAYOUTS = {"long_hair": "faces", "glasses": "faces", "hat": "faces", "street": "streets"}


def written(form: str, labels: np.ndarray, palette: Palette, folder: Path) -> Path:
    path = folder / ("mask.jpg" if form == "jpeg" else "mask.png")
    if form == "indexed":
        write_layout(path, labels, palette)
    else:
        Image.fromarray(labels if form == "ids" else palette.colorize(labels)).save(path, quality=90)
    return path


@pytest.mark.parametrize("form", ["indexed", "ids", "colours", "jpeg"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_another_models_layout_is_known_and_the_own_is_not_doubted(name: str, form: str, tmp_path: Path) -> None:
    owner = LAYOUTS[name]
    palette = PALETTES[owner]
    path = written(form, read_layout(f"assets/layouts/{name}.png", palette), palette, tmp_path)
    for model, own in PALETTES.items():
        assert whose_layout(path, own, PALETTES) == ("" if model == owner else owner)


def test_ids_that_are_no_class_here_but_another_tools_there(tmp_path: Path) -> None:
    labels = read_layout("assets/layouts/street.png", PALETTES["streets"])
    convention = next(c for c in PALETTES["streets"].foreign.ids if c.key == "label-ids")
    values = np.zeros_like(labels)
    for value, class_id in convention.classes:
        values[labels == class_id] = value
    assert values.max() > 18  # no class of faces
    Image.fromarray(values).save(tmp_path / "gtFine.png")
    assert whose_layout(tmp_path / "gtFine.png", PALETTES["faces"], PALETTES) == "streets"


@pytest.mark.parametrize("ids", [[0], [13], [0, 1], [1, 13]])
def test_what_says_little_is_the_models_own(ids: list[int], tmp_path: Path) -> None:
    labels = np.zeros((64, 64), np.uint8)
    labels[:] = ids[0]
    labels[20:40, 20:40] = ids[-1]
    Image.fromarray(labels).save(tmp_path / "few.png")
    assert whose_layout(tmp_path / "few.png", PALETTES["faces"], PALETTES) == ""


def test_a_photo_is_nobodys_layout() -> None:
    for own in PALETTES.values():
        assert whose_layout("assets/photos/collins.jpg", own, PALETTES) == ""
