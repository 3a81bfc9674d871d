"""Layouts that other programs saved again: each is read right, or refused, and what was done is said."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette, load_palette
from semflow_core.pictures.layout import Layout
from semflow_core.pictures.layouts import (
    is_layout,
    open_layout,
    read_layout,
    read_mask,
    write_layout,
)
from semflow_core.pictures.values import color_map

from .samples import encoded, foreign, grey, street

FACES, STREETS = load_palette("celebamask_hq"), load_palette("cityscapes")


def ours(labels: np.ndarray, tmp_path: Path, palette: Palette) -> Image.Image:
    write_layout(tmp_path / "ours.png", labels, palette)
    return Image.open(tmp_path / "ours.png")


def packed(image: Image.Image, order: int) -> bytes:
    """As programs leave it that keep the colours that occur: sorted as they appear, by frequency, or from behind."""
    index, table = np.asarray(image), np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    used, counts = np.unique(index, return_counts=True)
    kept = [used, used[np.argsort(-counts)], used[::-1]][order]
    place = np.zeros(256, np.uint8)
    place[kept] = np.arange(len(kept))
    again = Image.fromarray(place[index])
    again.putpalette(table[kept].tobytes())
    assert np.array_equal(np.asarray(again.convert("RGB")), np.asarray(image.convert("RGB")))
    return encoded(again)


@pytest.mark.parametrize("palette", [FACES, STREETS], ids=lambda p: p.name)
@pytest.mark.parametrize(
    "again",
    [
        lambda image: packed(image, 0),
        lambda image: packed(image, 1),
        lambda image: packed(image, 2),
        lambda image: encoded(image.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE)),
        lambda image: encoded(image.convert("RGB").quantize(32)),
        lambda image: encoded(image.convert("RGB"), "GIF"),
        lambda image: encoded(image, "GIF"),
        lambda image: encoded(image.convert("RGB"), "WEBP", lossless=True),
        lambda image: encoded(image.convert("RGBA"), "TIFF"),
    ],
    ids=["packed", "frequent-first", "reversed", "adaptive", "quantised", "gif-rgb", "gif", "webp", "tiff"],
)
def test_our_layout_saved_again_is_the_same(
    palette: Palette, again: Callable[[Image.Image], bytes], face_layout: np.ndarray, tmp_path: Path
) -> None:
    labels = face_layout if palette is FACES else street()
    layout = open_layout(again(ours(labels, tmp_path, palette)), palette)
    assert np.array_equal(layout.labels, labels)


def test_grey_ids_in_a_packed_table_are_their_grey(face_layout: np.ndarray) -> None:
    used, index = np.unique(face_layout, return_inverse=True)
    image = Image.fromarray(index.reshape(face_layout.shape).astype(np.uint8))
    image.putpalette(np.repeat(used[:, None], 3, 1).tobytes())
    layout = open_layout(encoded(image), FACES)
    assert np.array_equal(layout.labels, face_layout) and "grey values were taken for the ids" in layout.note


def test_a_grey_table_that_only_shows_the_ids_is_left_alone(face_layout: np.ndarray) -> None:
    image = Image.fromarray(face_layout)
    image.putpalette(np.repeat(np.linspace(0, 255, 19).astype(np.uint8)[:, None], 3, 1).tobytes())
    assert np.array_equal(read_layout(encoded(image), FACES), face_layout)


@pytest.mark.parametrize("other", [1, 18])
def test_ids_that_are_shown_black_and_white_are_not_void(other: int) -> None:
    mask = np.zeros((32, 32), np.uint8)
    mask[8:24] = other
    image = Image.fromarray(mask)
    image.putpalette([0, 0, 0] + [255, 255, 255] * 255)
    layout = read_mask(encoded(image), FACES)
    assert np.array_equal(layout.labels, mask) and "indices were taken for the ids" in layout.uncertain


def test_an_unknown_id_that_is_shown_white_is_named(face_layout: np.ndarray) -> None:
    for mask in (np.where(face_layout > 0, 25, 0), np.full((32, 32), 25)):
        image = Image.fromarray(mask.astype(np.uint8))
        image.putpalette([0, 0, 0] + [255, 255, 255] * 255)
        with pytest.raises(InputError, match="no class of celebamask_hq: 25"):
            read_mask(encoded(image), FACES)


def test_an_unknown_table_counts_only_where_it_was_not_packed(face_layout: np.ndarray) -> None:
    colors = np.random.default_rng(1).integers(20, 230, (19, 3), dtype=np.uint8)
    image = Image.fromarray(face_layout)
    image.putpalette(colors.tobytes())
    layout = open_layout(encoded(image), FACES)
    assert np.array_equal(layout.labels, face_layout) and "Its colour table is none that is known" in layout.uncertain
    data = packed(image, 0)
    with pytest.raises(InputError, match=r"has colours that are no class of .* say what its indices are \(ids own"):
        read_layout(data, FACES)
    assert not is_layout(data, FACES), "it may be a photo with few colours"
    assert np.array_equal(
        read_layout(data, FACES, ids="own"), np.unique(face_layout, return_inverse=True)[1].reshape(48, 48)
    )


def test_the_colour_map_of_pascal_voc_says_ids(face_layout: np.ndarray) -> None:
    table = np.zeros((256, 3), np.uint8)
    for i in range(256):  # bit 3k + c of the id is bit 7 - k of channel c
        for k in range(3):
            for c in range(3):
                table[i, c] |= (i >> (3 * k + c) & 1) << (7 - k)
    painted = Image.fromarray(table[face_layout])
    for data in (encoded(painted), encoded(painted.quantize(16))):
        layout = open_layout(data, FACES)
        assert np.array_equal(layout.labels, face_layout) and "PASCAL VOC" in layout.note


def with_alpha(values: np.ndarray, alpha: int) -> Image.Image:
    return Image.fromarray(np.dstack([values] * 3 + [np.full(values.shape, alpha, np.uint8)]))


@pytest.mark.parametrize("palette", [FACES, STREETS], ids=lambda p: p.name)
@pytest.mark.parametrize(
    "save",
    [
        lambda ids: encoded(Image.fromarray(np.dstack([ids] * 3))),
        lambda ids: cv2.imencode(".png", np.dstack([ids] * 3))[1].tobytes(),
        lambda ids: encoded(with_alpha(ids, 255)),
        lambda ids: encoded(with_alpha(ids, 0)),
        lambda ids: encoded(Image.fromarray(ids).convert("LA")),
        lambda ids: encoded(Image.fromarray(ids), "WEBP", lossless=True),
        lambda ids: encoded(Image.fromarray(ids.astype(np.uint16))),
        lambda ids: encoded(Image.fromarray(ids.astype(np.uint16) * 257)),
        lambda ids: encoded(Image.fromarray(ids.astype(np.uint16) * 256), "TIFF"),
        lambda ids: cv2.imencode(".png", np.dstack([ids] * 3).astype(np.uint16))[1].tobytes(),
        lambda ids: encoded(Image.fromarray(ids.astype(np.int32)), "TIFF"),
        lambda ids: encoded(Image.fromarray(ids.astype(np.float32)), "TIFF"),
        lambda ids: encoded(Image.fromarray(ids), "BMP"),
    ],
    ids="rgb opencv rgba transparent la webp 16-bit times-257 times-256 16-bit-rgb int float bmp".split(),
)
def test_ids_are_ids_in_every_pixel_format(
    palette: Palette, save: Callable[[np.ndarray], bytes], face_layout: np.ndarray
) -> None:
    labels = face_layout if palette is FACES else street()
    data = save(labels)
    assert np.array_equal(read_layout(data, palette), labels) and is_layout(data, palette)


def test_what_is_transparent_is_the_background(face_layout: np.ndarray) -> None:
    alpha = np.full(face_layout.shape, 255, np.uint8)
    alpha[:, 40:] = 0
    values = np.where(alpha == 0, 200, face_layout).astype(np.uint8)  # whatever lies under it
    read = read_layout(encoded(Image.fromarray(np.dstack([values] * 3 + [alpha]))), FACES)
    assert np.array_equal(read[:, :40], face_layout[:, :40]) and not read[:, 40:].any()


def test_what_was_transparent_is_said(face_layout: np.ndarray) -> None:
    image = Image.fromarray(face_layout)
    image.putpalette(FACES.color_of_id.tobytes())
    hair = open_layout(encoded(image, transparency=13), FACES)
    assert not (hair.labels == 13).any()
    assert hair.translated == "23 % of it is transparent, and was taken for the background."
    assert open_layout(encoded(image, transparency=0), FACES).note == "", "the background is what it is"
    alpha = Image.fromarray(
        np.dstack([FACES.colorize(face_layout), np.where(face_layout == 1, 0, 255).astype(np.uint8)])
    )
    assert "18 % of it is transparent" in open_layout(encoded(alpha), FACES).note


@pytest.mark.parametrize("form", ["TIFF", "GIF", "PNG", "WEBP"])
def test_of_several_pages_the_first_is_read_and_it_is_said(form: str, face_layout: np.ndarray) -> None:
    pages = [Image.fromarray(FACES.colorize(labels)) for labels in (face_layout, np.rot90(face_layout))]
    options = {"lossless": True} if form == "WEBP" else {}
    layout = open_layout(encoded(pages[0], form, save_all=True, append_images=pages[1:], **options), FACES)
    assert np.array_equal(layout.labels, face_layout)
    assert "Only the first of its 2 pages was read." in layout.translated


@pytest.mark.parametrize("mode, form", [("L", "JPEG"), ("RGB", "JPEG"), ("RGB", "WEBP")])
def test_grey_ids_in_a_lossy_file_are_refused_as_such(mode: str, form: str, face_layout: np.ndarray) -> None:
    data = encoded(Image.fromarray(face_layout).convert(mode), form, quality=90)
    with pytest.raises(InputError, match=f"no class of .*; the values of a grey {form} are near the ids"):
        read_layout(data, FACES)


def test_a_grey_photo_in_three_channels_is_no_layout(photo: np.ndarray) -> None:
    shades = np.dstack([photo[..., 1]] * 3)
    assert not is_layout(encoded(Image.fromarray(shades)), FACES)
    with pytest.raises(InputError, match="ids that are no class of celebamask_hq: 24, 30, .*; its ids are 0-18"):
        read_layout(encoded(Image.fromarray(shades)), FACES)


def test_ids_in_one_channel_alone_are_ids(face_layout: np.ndarray) -> None:
    for palette, labels in ((FACES, face_layout), (STREETS, street())):
        for channel in range(3):
            pixels = np.zeros((*labels.shape, 3), np.uint8)
            pixels[..., channel] = labels
            layout = open_layout(encoded(Image.fromarray(pixels)), palette)
            assert np.array_equal(layout.labels, labels) and "channel was taken for the ids" in layout.note
    tags = np.zeros((*street().shape, 3), np.uint8)
    tags[..., 0] = foreign(street(), STREETS, "carla")  # as CARLA writes them
    expected = street()
    assert np.array_equal(read_layout(encoded(Image.fromarray(tags)), STREETS), expected)


def test_a_dark_picture_is_no_street_of_nothing() -> None:
    dark = np.random.default_rng(0).integers(0, 8, (48, 48, 3), dtype=np.uint8)
    for data in (encoded(Image.fromarray(dark)), encoded(Image.fromarray(street() % 255), "JPEG", quality=95)):
        assert not is_layout(data, STREETS)
        with pytest.raises(InputError, match="colours that are no class of cityscapes"):
            read_layout(data, STREETS)


def test_ids_that_were_resized_with_interpolation_are_said_to_be(face_layout: np.ndarray) -> None:
    small = Image.fromarray(face_layout)
    for smooth in (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS):
        larger = small.resize((96, 96), smooth)
        if np.asarray(larger).max() < 19:
            assert "resized with interpolation" in open_layout(encoded(larger), FACES).uncertain
    for exact in (
        small,
        small.resize((96, 96), Image.Resampling.NEAREST),
        small.resize((31, 31), Image.Resampling.NEAREST),
    ):
        assert "interpolation" not in open_layout(encoded(exact), FACES).note


def test_red_and_blue_may_be_exchanged(face_layout: np.ndarray) -> None:
    for colors in (FACES.colors, np.array([c for c, _ in FACES.foreign.colors[0].classes], np.uint8)):
        layout = open_layout(encoded(Image.fromarray(colors[face_layout][..., ::-1].copy())), FACES)
        assert np.array_equal(layout.labels, face_layout) and "Red and blue of its colours are exchanged" in layout.note


def test_a_layout_is_turned_as_its_exif_says(face_layout: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    layout = open_layout(encoded(Image.fromarray(np.rot90(face_layout).copy()), exif=exif), FACES)
    assert np.array_equal(layout.labels, face_layout) and layout.translated == "It was turned as its EXIF says."


def test_every_reading_has_its_line(face_layout: np.ndarray) -> None:
    line = open_layout(grey(face_layout), FACES).line(FACES)
    assert line.startswith("Read 8-bit grey PNG, 48x48, 7 classes: background 56 %, hair 23 %, skin 18 %, nose 1 %,")
    assert line.endswith("l_eye below 1 % and 1 more.")
    line = open_layout(grey(foreign(face_layout, FACES, "bisenet")), FACES).line(FACES)
    assert line.endswith(
        "Its ids were taken for BiSeNet's face parser's, for id 17 lies where hair usually does, not neck."
    )
    coloured = io.BytesIO()
    Image.fromarray(FACES.colorize(face_layout)).save(coloured, "GIF")
    assert open_layout(coloured.getvalue(), FACES).line(FACES).startswith("Read indexed GIF, 48x48, 7 classes")
    assert Layout(np.full((16, 16), 255, np.uint8), "x").line(FACES) == "Read x, 16x16, 1 class: unlabelled 100 %."


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_ids_in_the_opacity_of_one_colour(mode: str, face_layout: np.ndarray) -> None:
    below = [np.full_like(face_layout, 40)] * (len(mode) - 1)
    layout = open_layout(encoded(Image.fromarray(np.dstack([*below, face_layout]), mode)), FACES)
    assert np.array_equal(layout.labels, face_layout) and "Its opacity was taken for the ids" in layout.note
    cut = np.where(face_layout > 0, 255, 0).astype(np.uint8)  # a shape that was cut out holds no ids
    with pytest.raises(InputError, match="no class of celebamask_hq: 40"):
        open_layout(encoded(Image.fromarray(np.dstack([*below, cut]), mode)), FACES)


def test_equal_channels_of_16_bits_that_were_stretched(face_layout: np.ndarray) -> None:
    channels = np.dstack([face_layout.astype(np.uint16) * 257] * 3)
    layout = open_layout(cv2.imencode(".png", channels)[1].tobytes(), FACES)
    assert np.array_equal(layout.labels, face_layout) and "ids times 257" in layout.note


def test_pascal_vocs_white_borders_are_its_id_255() -> None:
    labels = street()
    labels[:, 50] = 255
    picture = Image.fromarray(labels)
    table = np.zeros((256, 3), np.uint8)
    table[:255], table[255] = color_map().colors[:255], (224, 224, 192)
    picture.putpalette(table.tobytes())
    for image in (picture, picture.convert("RGB")):
        layout = open_layout(encoded(image), STREETS)
        assert np.array_equal(layout.labels, labels) and layout.uncertain == ""


def test_black_and_white_says_what_was_taken_for_white(face_layout: np.ndarray) -> None:
    mask = encoded(Image.fromarray(face_layout == 13))
    layout = open_layout(mask, STREETS)
    assert "black was taken for id 0 (road), white for id 1 (sidewalk); ids 1=CLASS says" in layout.uncertain
    named = open_layout(mask, FACES, ids="1=hair")
    assert np.array_equal(named.labels == 13, face_layout == 13) and named.uncertain == ""
