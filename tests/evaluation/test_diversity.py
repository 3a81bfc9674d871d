from __future__ import annotations

import numpy as np
import pytest

from semflow_core.evaluation.diversity import distances, pixel_std, region_spreads
from semflow_core.evaluation.frechet import off_diagonal


def test_pairwise_distance_of_a_triangle() -> None:
    d = distances(np.array([[0.0, 0], [3, 0], [0, 4]]))
    assert off_diagonal(d) == pytest.approx((3 + 4 + 5) / 3)
    assert off_diagonal(d, np.array([0, 0, 1])) == pytest.approx(3)  # a picture is no pair with itself
    assert np.isnan(off_diagonal(d, np.array([2, 2])))


def test_pixel_std_by_hand() -> None:
    """0 and 10 deviate by sqrt 50 with n - 1; where only half of the picture differs, by half of that."""
    black, gray = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 10, np.uint8)
    half = black.copy()
    half[0] = 10
    assert pixel_std([black, gray]) == pytest.approx(50**0.5)
    assert pixel_std([black, half]) == pytest.approx(50**0.5 / 2)
    assert pixel_std([gray, gray]) == 0


def test_regions_spread_by_their_own_colours() -> None:
    """The left half is black or white (Lab 0 and 100), the right half gray in all; void and crumbs are left out."""
    photos = [np.full((20, 20, 3), 128, np.uint8) for _ in range(2)]
    photos[0][:, :10], photos[1][:, :10] = 0, 255
    layout = np.full((20, 20), 3, np.uint8)
    layout[:, 10:], layout[:4, 10:], layout[4:6, 10:] = 5, 255, 9
    spreads = region_spreads(photos, np.stack([layout] * 2))
    assert spreads == pytest.approx({3: 50, 5: 0}, abs=0.1)
