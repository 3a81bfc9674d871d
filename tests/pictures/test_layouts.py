from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.errors import InputError
from semflow_core.method.palette import UNLABELLED, load_palette, palette_names
from semflow_core.pictures.layouts import (
    LAYOUT_DIR,
    example_layouts,
    is_layout,
    open_layout,
    read_layout,
    read_mask,
    write_layout,
)

from .samples import encoded

FACES = load_palette("celebamask_hq")


@pytest.mark.parametrize("name", palette_names())
def test_a_layout_survives_writing_and_reading(name: str, tmp_path: Path) -> None:
    palette = load_palette(name)
    labels = palette.ids[np.arange(18 * 20) % len(palette.ids)].reshape(18, 20)
    write_layout(tmp_path / "a.png", labels, palette)
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), labels), "pixel values are ids"
        assert np.array_equal(np.asarray(image.convert("RGB")), palette.colorize(labels))
    assert np.array_equal(read_layout(tmp_path / "a.png", palette), labels)


def test_our_own_exports_come_back_without_a_word(face_layout: np.ndarray, tmp_path: Path) -> None:
    write_layout(tmp_path / "layout.png", face_layout, FACES)
    layout = open_layout(tmp_path / "layout.png", FACES)
    assert np.array_equal(layout.labels, face_layout) and layout.note == ""


def test_grey_values_are_ids(face_layout: np.ndarray) -> None:
    for layout in (face_layout, face_layout.astype(np.uint16)):
        assert np.array_equal(read_layout(encoded(Image.fromarray(layout)), FACES), face_layout)


def test_transparent_pixels_are_the_background(face_layout: np.ndarray) -> None:
    alpha = np.full(face_layout.shape, 255, np.uint8)
    alpha[:, :24] = 0
    read = read_layout(encoded(Image.fromarray(np.dstack([FACES.colorize(face_layout), alpha]))), FACES)
    assert (read[:, :24] == FACES.background).all()
    assert np.array_equal(read[:, 24:], face_layout[:, 24:])


def test_wrong_layouts_are_refused(photo: np.ndarray, face_layout: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"no class of celebamask_hq: 19, 200; its ids are 0-18"):
        read_layout(encoded(Image.fromarray(np.array([[19, 200]] * 16).repeat(8, 1).astype(np.uint8))), FACES)
    with pytest.raises(InputError, match="16-bit ids up to 300"):
        read_layout(encoded(Image.fromarray(np.full((16, 16), 300, np.uint16))), FACES)
    with pytest.raises(InputError, match="colours that are no class of celebamask_hq"):
        read_layout(encoded(Image.fromarray(photo)), FACES)
    with pytest.raises(InputError, match="colours that are no class"):
        read_layout(encoded(Image.fromarray(face_layout), "JPEG"), FACES)  # grey, but not exact
    with pytest.raises(InputError, match="the layout file is 1x1 pixels"):
        read_layout(encoded(Image.new("L", (1, 1))), FACES)


def test_layouts_and_photos_are_told_apart(face_layout: np.ndarray, photo: np.ndarray) -> None:
    wrong_ids = np.full((16, 16), 99, np.uint8)  # is complained about as a layout, not animated as a photo
    for layout in (
        Image.fromarray(face_layout),
        Image.fromarray(FACES.colorize(face_layout)),
        Image.fromarray(wrong_ids),
    ):
        assert is_layout(encoded(layout), FACES)
    for picture in (
        Image.fromarray(photo),
        Image.fromarray(photo[..., 1]).convert("L"),
        Image.fromarray(photo).quantize(64),
    ):
        assert not is_layout(encoded(picture), FACES)


# ---- annotations -------------------------------------------------------------------------------------------


def test_a_masks_void_stays_where_a_layout_with_it_is_refused() -> None:
    labels = np.repeat([[0, 13, UNLABELLED]], 16, axis=0).repeat(8, axis=1).astype(np.uint8)
    assert np.array_equal(read_mask(encoded(Image.fromarray(labels)), FACES).labels, labels)
    with pytest.raises(InputError, match="no class of celebamask_hq: 255"):
        read_layout(encoded(Image.fromarray(labels)), FACES)
    with pytest.raises(InputError, match="no class of celebamask_hq: 19"):
        read_mask(encoded(Image.fromarray(np.full((16, 16), 19, np.uint8))), FACES)


def test_a_mask_may_hold_the_raw_ids_of_its_data_set(tmp_path: Path) -> None:
    raw = np.repeat([[0, 12, 181, 255]], 16, axis=0).repeat(8, axis=1).astype(np.uint8)
    Image.fromarray(raw).save(tmp_path / "000000000139.png")
    coco = load_palette("coco_stuff")
    assert read_mask(tmp_path / "000000000139.png", coco).labels[0, ::8].tolist() == [0, 11, 170, UNLABELLED]
    assert read_layout(tmp_path / "000000000139.png", coco)[0, ::8].tolist() == [0, 11, 170, coco.background]


# ---- what ships --------------------------------------------------------------------------------------------


def test_every_shipped_layout_is_in_the_index_and_readable() -> None:
    examples = {name: example_layouts(load_palette(name)) for name in palette_names()}
    assert [e.title for e in examples["celebamask_hq"]] == ["Long hair", "Glasses", "Hat"]
    assert sorted(e.file.name for list_ in examples.values() for e in list_) == sorted(
        p.name for p in LAYOUT_DIR.glob("*.png")
    )
    for name, of_palette in examples.items():
        for example in of_palette:
            assert open_layout(example.file, load_palette(name)).note == ""


@pytest.mark.parametrize("name", ["celebamask_hq", "cityscapes"])
def test_void_in_an_indexed_mask_may_have_any_colour(name: str, tmp_path: Path) -> None:
    palette = load_palette(name)
    labels = np.zeros((64, 64), np.uint8)
    labels[16:48, 16:48], labels[50:], labels[:4] = 1, 5, 255
    image, table = Image.fromarray(labels, "P"), np.full((256, 3), 77, np.uint8)
    for c in palette.classes:
        table[c.id] = c.color
    table[255] = 200, 10, 220  # between the colours of two classes
    image.putpalette(table.tobytes())
    image.save(tmp_path / "mask.png")
    read = read_mask(tmp_path / "mask.png", palette)
    assert np.array_equal(read.labels, labels) and not read.note


def test_values_below_zero_are_no_ids() -> None:
    """As 32 bits hold them: taken as bytes, -238 would be 18."""
    for values in ([-1, 0], [-238, 1], [-10_000_000, 300]):
        data = encoded(Image.fromarray(np.repeat([values], 32, 0).repeat(16, 1).astype(np.int32)), "TIFF")
        with pytest.raises(InputError, match=f"has values below 0, such as {values[0]}; ids are whole numbers"):
            read_layout(data, FACES)
