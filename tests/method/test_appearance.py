"""Offsets that say colours: closed forms, and what is drawn looks like what was fitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semflow_core.errors import InputError
from semflow_core.method.appearance import LEAST_PIXELS, Appearance, Rgb, directions, fit_appearance, region_colors
from semflow_core.method.codebook import Codebook
from semflow_core.method.colors import read_color
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import SPECTRA, Draw, Perturbation, drawn_offset, perturb

FACES = load_palette("celebamask_hq")
N = len(FACES.classes)
SKIN, HAIR, NECK, LEFT_EYE, RIGHT_EYE = 1, 13, 17, 4, 5


def photos_colors(n: int = 2000) -> np.ndarray:
    """Region colours of n photos: all independent, but a neck is a little darker than its face. (n, 19, 3)"""
    rng = np.random.default_rng(0)
    light = rng.normal(0, 30, (n, N, 1)) * np.array([1.0, 0.9, 0.8])
    colors = 120 + light + rng.normal(0, 5, (n, N, 3))
    colors[:, NECK] = colors[:, SKIN] - 10
    return colors


@pytest.fixture(scope="module")
def appearance() -> Appearance:
    return fit_appearance(photos_colors())


def test_a_regions_colour_is_its_mean_and_a_mirror_pair_is_one_region() -> None:
    labels = np.zeros((16, 16), np.uint8)
    labels[:4], labels[4:8, :4], labels[8:12, :8], labels[15, :3] = SKIN, LEFT_EYE, RIGHT_EYE, HAIR
    photo = np.zeros((16, 16, 3), np.uint8)
    photo[:2], photo[2:4] = (100, 0, 50), (200, 0, 60)
    photo[4:8, :4], photo[8:12, :8] = (30, 60, 90), (60, 60, 0)
    found = region_colors(photo, labels, FACES)
    assert found[SKIN].tolist() == [150, 0, 55]
    assert found[LEFT_EYE].tolist() == found[RIGHT_EYE].tolist() == [50, 60, 30]  # 16 pixels of one, 32 of the other
    assert LEAST_PIXELS > 3 and np.isnan(found[HAIR]).all() and np.isnan(found[18]).all()


@given(st.tuples(*[st.floats(-0.98, 0.98)] * 3), st.sampled_from([SKIN, HAIR]))
def test_offset_and_colour_are_each_others_inverse(offset: tuple[float, float, float], index: int) -> None:
    appearance = fit_appearance(photos_colors(50))
    color = appearance.color_of(index, offset)
    if all(0 < c < 255 for c in color):
        assert appearance.offset_of(index, color) == pytest.approx(offset, abs=1e-6)


def test_the_mean_colour_is_no_offset_and_lighter_is_more(appearance: Appearance) -> None:
    mean = appearance.color_of(SKIN, (0.0, 0.0, 0.0))
    assert mean == pytest.approx((120, 120, 120), abs=3)
    assert appearance.offset_of(SKIN, Rgb(160, 156, 152))[0] > 0.7  # a deviation and a third
    assert all(abs(o) <= 1 for o in appearance.offset_of(SKIN, Rgb(0, 255, 0)))


def test_directions_are_those_of_the_covariance_light_first() -> None:
    covariance = np.array([[900.0, 0, 0], [0, 400.0, 0], [0, 0, 100.0]])
    axes = directions(covariance)
    np.testing.assert_allclose(axes @ axes.T, covariance + np.eye(3), atol=1e-9)
    assert axes[:, 0].tolist() == pytest.approx([901**0.5, 0, 0]) and axes[2, 2] < 0  # less blue is warmer


def test_photos_offsets_are_uniform_and_so_are_those_that_are_drawn(appearance: Appearance) -> None:
    given_, drawn = (
        appearance.offsets(torch.from_numpy(photos_colors())),
        torch.stack([appearance.draw(torch.Generator().manual_seed(i)) for i in range(2000)]),
    )
    for offsets in (given_, drawn):
        for index in (SKIN, HAIR):
            assert offsets[:, index].std(0).tolist() == pytest.approx([3**-0.5] * 3, abs=0.03)
            assert offsets[:, index].mean(0).tolist() == pytest.approx([0] * 3, abs=0.05)
    together = np.corrcoef(drawn[:, SKIN, 0], drawn[:, NECK, 0])[0, 1]
    apart = np.corrcoef(drawn[:, SKIN, 0], drawn[:, HAIR, 0])[0, 1]
    assert together > 0.95 and abs(apart) < 0.1


def test_what_a_photo_does_not_show_says_nothing_and_what_few_show_is_not_fitted() -> None:
    colors = photos_colors(40)
    colors[5:, HAIR] = np.nan
    appearance = fit_appearance(colors)
    assert appearance.means[HAIR].tolist() == [127.5] * 3
    assert bool(torch.isnan(appearance.offsets(torch.from_numpy(colors))[10, HAIR]).all())
    assert bool(torch.isfinite(appearance.joint).all())


def test_few_photos_are_not_believed_to_correlate() -> None:
    rng = np.random.default_rng(0)
    colors = rng.normal(128, 30, (10, 2, 3))
    found = fit_appearance(colors).joint
    cross = (found @ found.T)[:3, 3:].abs()
    z = [np.linalg.solve(directions(np.cov(colors[:, i].T)), (colors[:, i] - colors[:, i].mean(0)).T) for i in (0, 1)]
    raw = np.abs(z[0] @ z[1].T) / 10
    assert cross.max() < 0.5 * raw.max()


@pytest.mark.parametrize("text", ["blue", "#12345", "#12345g", "rgb(1.2.3, 1, 1)", "rgb(., 1, 1)", "rgb(1, 2, 256)"])
def test_what_is_no_colour_is_said(text: str) -> None:
    with pytest.raises(InputError, match="must be written #rrggbb"):
        read_color(text)


def test_colours_are_read_as_pickers_write_them() -> None:
    assert read_color("#FF8000") == (255, 128, 0)
    assert read_color("rgba(255, 128.5, 0, 1)") == read_color("rgb(255,128.5,0)") == (255, 128.5, 0)


def test_one_region_drawn_anew_leaves_the_others_the_same_bits(appearance: Appearance, face_layout: np.ndarray) -> None:
    book, spec = Codebook(FACES, 3, 125), Perturbation(40.0, "regional")
    first = perturb(book, face_layout, spec, Draw(7), appearance=appearance)
    again = perturb(book, face_layout, spec, Draw(7, {HAIR: 8}), appearance=appearance)
    hair = torch.from_numpy(face_layout == HAIR)
    assert torch.equal(first[..., ~hair], again[..., ~hair]) and not torch.equal(first[..., hair], again[..., hair])
    assert (first - book.encode(face_layout[None])).abs().max() < book.max_beta
    constant = torch.tensor(drawn_offset(FACES, 7, SKIN, appearance)) * 40 * SPECTRA["regional"].region
    skin = (first - book.encode(face_layout[None]))[0][:, torch.from_numpy(face_layout == SKIN)].mean(1)
    assert torch.allclose(skin, constant, atol=1)
    assert drawn_offset(FACES, 7, LEFT_EYE, appearance) == drawn_offset(FACES, 7, RIGHT_EYE, appearance)
    assert drawn_offset(FACES, 7, SKIN, appearance) != drawn_offset(FACES, 7, SKIN)


def test_looks_are_saved_and_a_file_of_another_label_set_is_refused(appearance: Appearance, tmp_path: Path) -> None:
    appearance.save(tmp_path / "appearance.safetensors")
    again = Appearance.load(tmp_path / "appearance.safetensors", N)
    assert torch.equal(again.joint, appearance.joint) and torch.equal(again.axes, appearance.axes)
    with pytest.raises(InputError, match="20 classes"):
        Appearance.load(tmp_path / "appearance.safetensors", 20)
    (tmp_path / "text").write_text("no")
    with pytest.raises(InputError, match="cannot be read"):
        Appearance.load(tmp_path / "text", N)
