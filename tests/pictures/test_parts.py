from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import is_layout, open_layout, read_layout

from .samples import rows, save

FACES = load_palette("celebamask_hq")


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A folder with hair under an eye, as the data set has them: skin is whole, the eye lies on it."""
    folder = tmp_path / "00012"
    folder.mkdir()
    for name, top, bottom in (("hair", 0, 20), ("skin", 10, 40), ("l_eye", 20, 24)):
        mask = np.zeros((48, 48, 3), np.uint8)
        mask[top:bottom] = 255
        Image.fromarray(mask).save(folder / f"00012_{name}.png")
    return folder


def test_parts_lie_on_each_other_in_the_data_sets_order(parts: Path) -> None:
    layout = open_layout(parts, FACES)
    by_row = [FACES.classes[i].name for i in layout.labels[:, 0]]
    assert by_row == ["hair"] * 20 + ["l_eye"] * 4 + ["skin"] * 16 + ["background"] * 8
    assert layout.note == "Put together from 3 parts."
    assert np.array_equal(open_layout(sorted(parts.iterdir()), FACES).labels, layout.labels)
    assert is_layout(parts, FACES) and is_layout(parts / "00012_hair.png", FACES)


def test_one_part_alone_is_a_layout(parts: Path) -> None:
    assert np.unique(read_layout(parts / "00012_hair.png", FACES)).tolist() == [0, 13]


def test_what_is_no_part_is_named(parts: Path) -> None:
    (parts / "notes.txt").write_text("no picture")
    assert open_layout(parts, FACES).note.endswith("Left out, being no part: notes.txt.")


def test_parts_that_do_not_belong_together_are_refused(parts: Path) -> None:
    (parts / "00012_nose.png").write_bytes((parts / "00012_hair.png").read_bytes()[:60])
    with pytest.raises(InputError, match=r"the part 00012_nose.png is damaged or cut off"):
        read_layout(parts, FACES)
    Image.new("L", (32, 32)).save(parts / "00012_nose.png")
    with pytest.raises(InputError, match="different sizes .*32x32 and 48x48"):
        read_layout(parts, FACES)
    (parts / "00012_nose.png").rename(parts / "00013_nose.png")
    with pytest.raises(InputError, match=r"parts of 2 pictures \(00012, 00013\)"):
        read_layout(parts, FACES)


def test_several_files_that_are_no_parts_are_refused(tmp_path: Path) -> None:
    files = [save(tmp_path / f"{i}.png", rows([0])) for i in range(2)]
    with pytest.raises(InputError, match="none of these files is a part .* one at a time"):
        open_layout(files, FACES)
