"""Cropping and scaling to the canvas."""

from __future__ import annotations

import numpy as np
import pytest

from app.state.photos import centre_crop, fit_layout, fit_photo


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [
        ((300, 400), 1, (300, 300)),
        ((400, 300), 1, (300, 300)),
        ((300, 300), 1, (300, 300)),
        ((300, 400), 2, (200, 400)),
        ((100, 400), 2, (100, 200)),
    ],
)
def test_the_crop_is_the_largest_of_its_shape(size: tuple[int, int], aspect: float, expected: tuple[int, int]) -> None:
    assert centre_crop(np.zeros(size), aspect).shape == expected


def test_the_crop_is_centred() -> None:
    row = np.tile(np.arange(9), (3, 1))
    assert centre_crop(row, 1).tolist() == [[3, 4, 5]] * 3


@pytest.mark.parametrize("size", [(1000, 1000), (40, 40)])
def test_a_flat_photo_stays_flat_at_any_size(size: tuple[int, int]) -> None:
    fitted, cropped = fit_photo(np.full((*size, 3), 77, np.uint8), 256, 256)
    assert fitted.shape == (256, 256, 3) and (fitted == 77).all() and not cropped


def test_layouts_never_get_new_ids() -> None:
    labels = np.random.default_rng(0).choice(np.array([0, 7, 18], np.uint8), (100, 150))
    fitted, cropped = fit_layout(labels, 256, 256)
    assert cropped and set(np.unique(fitted)) == {0, 7, 18}
    same, cropped = fit_layout(labels, 150, 100)
    assert not cropped and np.array_equal(same, labels)
