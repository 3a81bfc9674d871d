"""Coloured layouts, exact and noisy: which class each pixel becomes, and what is said about it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import UNLABELLED, load_palette, palette_names, parse_palette
from semflow_core.pictures.layouts import is_layout, open_layout, read_layout, read_mask

from .samples import encoded, rows

FACES, STREETS = load_palette("celebamask_hq"), load_palette("cityscapes")
CELEBAMASK_COLORS = np.array([color for color, _ in FACES.foreign.colors[0].classes], np.uint8)


@pytest.mark.parametrize("name", palette_names())
def test_every_display_colour_and_anchor_is_its_class(name: str) -> None:
    palette = load_palette(name)
    book = Codebook(palette, 6, 50)
    labels = np.repeat(palette.ids[:, None], 16, axis=1)  # (n, 16): one row per class
    anchors = book.encode(labels[None])[0].permute(1, 2, 0).numpy().astype(np.uint8)
    assert np.array_equal(read_layout(encoded(Image.fromarray(palette.colorize(labels))), palette, book), labels)
    assert np.array_equal(read_layout(encoded(Image.fromarray(anchors)), palette, book), labels)


@pytest.mark.parametrize("quality, subsampling", [(95, 0), (90, 2), (75, 2)])
def test_a_jpegs_noise_is_forgiven(face_layout: np.ndarray, quality: int, subsampling: int) -> None:
    large = np.kron(face_layout, np.ones((8, 8), np.uint8))
    jpeg = encoded(Image.fromarray(FACES.colorize(large)), "JPEG", quality=quality, subsampling=subsampling)
    assert (read_layout(jpeg, FACES) == large).mean() > 0.97


def test_uncertain_pixels_are_counted(face_layout: np.ndarray) -> None:
    large = np.kron(face_layout, np.ones((8, 8), np.uint8))
    exact, noisy = io.BytesIO(), io.BytesIO()
    image = Image.fromarray(FACES.colorize(large))
    image.save(exact, "PNG")
    image.save(noisy, "JPEG", quality=75)
    assert open_layout(exact.getvalue(), FACES).note == ""
    layout = open_layout(noisy.getvalue(), FACES)
    assert "lie between two colours" in layout.note
    counted = int(layout.note.split(" ")[0].replace(",", ""))
    wrong = int((layout.labels != large).sum())
    assert wrong / 2 < counted < large.size / 20, f"{counted} counted, {wrong} wrong"


def test_a_jpegs_borders_take_the_classes_beside_them(face_layout: np.ndarray) -> None:
    """Between two colours a third's may lie: a border gives no specks of classes that are not there."""
    large, noisy = np.kron(face_layout, np.ones((8, 8), np.uint8)), io.BytesIO()
    Image.fromarray(FACES.colorize(large)).save(noisy, "JPEG", quality=75)
    assert set(np.unique(read_layout(noisy.getvalue(), FACES))) == set(np.unique(large))


@pytest.mark.parametrize("name", palette_names())
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_photo_is_no_layout_of_any_palette(photo: np.ndarray, name: str, format: str) -> None:
    """171 colours leave no colour far away; what gives a photo away is that it has no flat areas."""
    noisy = photo // 2 + np.random.default_rng(0).integers(0, 128, photo.shape, dtype=np.uint8)
    for picture in (photo, noisy):
        data = encoded(Image.fromarray(picture), format)
        assert not is_layout(data, load_palette(name))
        with pytest.raises(InputError, match=f"colours that are no class of {name}"):
            read_layout(data, load_palette(name))


def test_a_layout_of_two_percent_foreign_colours_is_refused(face_layout: np.ndarray) -> None:
    painted = FACES.colorize(face_layout)
    painted[:1] = (0, 255, 255)  # one row of 48
    with pytest.raises(InputError, match="on 2 % of its pixels far from any"):
        read_layout(encoded(Image.fromarray(painted)), FACES)


# ---- colours of other tools


def test_the_voids_colours_are_unlabelled(tmp_path: Path) -> None:
    labels = rows([0, 10, 13])
    painted = STREETS.colorize(labels)
    painted[:4] = (150, 100, 100)  # bridge
    Image.fromarray(painted).save(tmp_path / "a_gtFine_color.png")
    read = read_layout(tmp_path / "a_gtFine_color.png", STREETS)
    assert (read[:4] == UNLABELLED).all() and np.array_equal(read[4:], labels[4:])


def test_the_data_sets_colours_are_its_classes(tmp_path: Path) -> None:
    labels = rows(list(range(19)))
    Image.fromarray(CELEBAMASK_COLORS[labels]).save(tmp_path / "a.png")
    layout = open_layout(tmp_path / "a.png", FACES, Codebook(FACES, 3, 125))
    assert np.array_equal(layout.labels, labels)
    assert layout.note == "Its colours were taken for CelebAMask-HQ's own." and is_layout(tmp_path / "a.png", FACES)


def test_they_may_be_noisy(face_layout: np.ndarray, tmp_path: Path) -> None:
    large = np.kron(face_layout, np.ones((8, 8), np.uint8))
    Image.fromarray(CELEBAMASK_COLORS[large]).save(tmp_path / "a.jpg", quality=75)
    layout = open_layout(tmp_path / "a.jpg", FACES)
    assert (layout.labels == large).mean() > 0.99 and is_layout(tmp_path / "a.jpg", FACES)
    assert layout.note.startswith("Its colours were taken for") and "lie between two colours" in layout.note


def test_a_dark_photo_is_none_in_their_black(photo: np.ndarray, tmp_path: Path) -> None:
    night = np.zeros((256, 256, 3), np.uint8)
    night[100:140, 100:156] = photo // 4
    for name in ("a.png", "a.jpg"):
        Image.fromarray(night).save(tmp_path / name)
        assert not is_layout(tmp_path / name, FACES)
    Image.fromarray(0 * night).save(tmp_path / "black.png")
    assert not is_layout(tmp_path / "black.png", FACES)


def test_a_palette_of_ones_own_declares_foreign_colours(tmp_path: Path) -> None:
    own = parse_palette(
        {
            "name": "own",
            "classes": [
                {"id": 3, "name": "sky", "color": "#0000ff", "group": "g"},
                {"id": 5, "name": "land", "color": "#00ff00", "group": "g"},
            ],
            "background": 5,
            "foreign": {
                "colors": [{"name": "the atlas's", "classes": {"#102030": 3, "#405060": 5, "#807060": 5}}],
                "void_colors": ["#ffffff"],
            },
        },
        "own.json",
    )
    atlas = np.array([[16, 32, 48], [64, 80, 96], [128, 112, 96]], np.uint8)[rows([0, 1, 2])]
    Image.fromarray(atlas).save(tmp_path / "a.png")
    layout = open_layout(tmp_path / "a.png", own)
    assert layout.labels[:3, 0].tolist() == [3, 5, 5] and layout.note == "Its colours were taken for the atlas's."
    void = np.array([[0, 0, 255], [255, 255, 255]], np.uint8)[rows([0, 1])]
    Image.fromarray(void).save(tmp_path / "b.png")
    assert read_layout(tmp_path / "b.png", own)[:2, 0].tolist() == [3, 5]  # void is painted as the background
    assert read_mask(tmp_path / "b.png", own).labels[:2, 0].tolist() == [3, UNLABELLED]
