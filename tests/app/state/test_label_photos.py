"""Photos of a set: of any shape, depth and colour space, as the canvas can show them; or a sentence why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.actions.labelling import read, show
from app.state.label_files import LONGEST, mask_png, read_files
from app.state.label_set import LabelSet
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from tools.drawn import palette

from ..conftest import FakePipeline

FACES = load_palette("celebamask_hq")


def ramp(width: int, height: int) -> Image.Image:
    """Grey from the left, dark, to the right, bright."""
    row = np.linspace(0, 255, width).astype(np.uint8)
    return Image.fromarray(np.broadcast_to(row[None, :, None], (height, width, 3)).copy())


def deep() -> Image.Image:
    return Image.fromarray((np.asarray(ramp(60, 40))[..., 0].astype(np.uint16)) * 257)


def faint() -> Image.Image:
    image = ramp(60, 40).convert("RGBA")
    image.putalpha(0)
    return image


@pytest.mark.parametrize(
    ("name", "image", "shape", "right"),
    [
        ("panorama.jpg", ramp(2000, 500), (LONGEST // 4, LONGEST), 255),
        ("tower.png", ramp(500, 2000), (LONGEST, LONGEST // 4), 255),
        ("deep.png", deep(), (40, 60), 255),
        ("print.jpg", ramp(60, 40).convert("CMYK"), (40, 60), 255),
        ("clear.png", faint(), (40, 60), 255),  # on white
        ("half.webp", ramp(60, 40).convert("RGBA"), (40, 60), 255),
        ("grey.png", ramp(60, 40).convert("L"), (40, 60), 255),
        ("few.gif", ramp(60, 40).convert("P"), (40, 60), 255),
    ],
)
def test_any_photo_is_shown_as_it_looks(
    tmp_path: Path, pipeline: FakePipeline, name: str, image: Image.Image, shape: tuple[int, int], right: int
) -> None:
    options: dict[str, Any] = {"lossless": True} if name.endswith(".webp") else {}
    image.save(tmp_path / name, **options)
    (item,) = read_files([tmp_path / name], FACES).items
    pixels = item.pixels()
    assert item.shape == shape == pixels.shape[:2] and item.suffix in (".jpg", ".png")
    assert abs(int(pixels[shape[0] // 2, -1].mean()) - right) < 12
    assert int(pixels[shape[0] // 2, 0].mean()) < 20 or name == "clear.png"
    labelled = LabelSet(FACES, own=False)
    labelled.add([item])
    item.proposal = read(pipeline, labelled, item, lambda done, total: None)
    assert show(labelled, doubt=True).painter["value"].labels.shape == shape


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_turned_photo_stands_upright_with_its_mask(tmp_path: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[274] = turn
    ramp(60, 40).save(tmp_path / "a.jpg", exif=exif)
    (item,) = read_files([tmp_path / "a.jpg"], palette()).items
    assert item.shape == ((40, 60) if turn < 5 else (60, 40))
    bright = {1: (20, -1), 2: (20, 0), 3: (20, 0), 4: (20, -1), 5: (-1, 20), 6: (-1, 20), 7: (0, 20), 8: (0, 20)}[turn]
    assert item.pixels()[bright].mean() > 240
    (tmp_path / "a.png").write_bytes(mask_png(np.full(item.shape, 3, np.uint8), palette()))
    files = [tmp_path / "a.jpg", tmp_path / "a.png"]
    if 2 <= turn <= 4:  # a mask of the same shape may lie either way
        with pytest.raises(InputError, match="the mask of a: .* nothing says which way the mask lies"):
            read_files(files, palette())
    else:
        assert read_files(files, palette()).items[0].mask(palette()).min() == 3


WRONG = {
    "dot.png": (ramp(1, 1), "dot.png: the photo file is 1x1 pixels; both sides must be at least 16"),
    "line.jpg": (
        ramp(2000, 100),
        "line.jpg: the photo is 2000x100 pixels, and one side may be at most 4 times the other",
    ),
    "tower.jpg": (ramp(100, 2000), "tower.jpg: the photo is 100x2000 pixels, and one side may be at most 4 times"),
    "real.tif": (Image.new("F", (40, 40)), "real.tif: the photo file has floating-point pixels"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_photo_that_cannot_be_labelled_is_left_out_with_its_reason(tmp_path: Path, name: str) -> None:
    image, reason = WRONG[name]
    image.save(tmp_path / name)
    with pytest.raises(InputError, match=reason):
        read_files([tmp_path / name], palette())
    ramp(40, 40).save(tmp_path / "good.png")
    mask = tmp_path / "good_mask.png"
    mask.write_bytes(mask_png(np.full((40, 40), 2, np.uint8), palette()))
    found = read_files([tmp_path / name, tmp_path / "good.png", mask], palette())
    assert [item.name for item in found.items] == ["good"] and found.items[0].mask(palette()).min() == 2
    assert len(found.notes) == 1 and found.notes[0].startswith(f"Left out: {reason}")


def test_of_many_photos_that_are_left_out_three_are_explained(tmp_path: Path) -> None:
    for i in range(9):
        (tmp_path / f"{i}.jpg").write_bytes(b"no photo")
    ramp(40, 40).save(tmp_path / "good.png")
    found = read_files(sorted(tmp_path.iterdir()), palette())
    assert found.notes[0].count(".jpg: ") == 3 and found.notes[0].endswith("; 6 more photos.")
