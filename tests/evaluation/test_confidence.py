from __future__ import annotations

import numpy as np
import pytest

from semflow_core.evaluation.confidence import (
    FINE,
    calibration_error,
    least_sure,
    margin_counts,
    measure_confidence,
    reliability,
)


def counts_of(right: list[float], wrong: list[float]) -> np.ndarray:
    """The counts of pixels with these margins."""
    labels = np.array([[1] * len(right) + [2] * len(wrong)])
    return margin_counts(labels, np.array([right + wrong]), np.ones_like(labels))


def test_pixels_are_counted_by_margin_and_void_is_left_out() -> None:
    labels, truth = np.array([[1, 1, 2, 2]]), np.array([[1, 2, 255, 2]])
    counts = margin_counts(labels, np.array([[0.25, 0.5, 0.75, 1.0]]), truth)
    assert [tuple(x) for x in np.argwhere(counts)] == [(0, FINE // 2), (1, FINE // 4), (1, FINE)]


def test_calibration_error_by_hand() -> None:
    """Bin 0.2: three pixels, two right; bin 0.9: one pixel, right."""
    counts = counts_of(right=[0.22, 0.24, 0.9], wrong=[0.26])
    assert calibration_error(counts) == pytest.approx((3 * abs(2 / 3 - 0.24) + abs(1 - 0.9)) / 4)
    curve = reliability(counts)
    assert curve[2] == pytest.approx((75, 24, 100 * 2 / 3)) and curve[9] == pytest.approx((25, 90, 100))
    assert curve[0] == (0, None, None) and len(curve) == 10


def test_a_margin_that_is_the_share_of_right_pixels_is_calibrated() -> None:
    assert calibration_error(counts_of(right=[0.75] * 3 + [1.0], wrong=[0.75])) == pytest.approx(0)


def test_the_least_sure_pixels_are_found_by_their_margin() -> None:
    counts = counts_of(right=[0.9] * 17 + [0.1], wrong=[0.05, 0.95])
    assert least_sure(counts, 0.1) == pytest.approx((1 / 2, 1 / 2))  # of 20 pixels 0.05 and 0.1
    assert least_sure(counts, 0.05) == pytest.approx((1 / 2, 1))
    assert least_sure(counts, 1) == pytest.approx((1, 2 / 20))


def test_pixels_that_are_equally_sure_are_taken_in_proportion() -> None:
    """A margin that says nothing finds as many wrong pixels as chance does."""
    assert least_sure(counts_of(right=[1.0] * 6, wrong=[1.0] * 4), 0.1) == pytest.approx((0.1, 0.4))


def test_without_wrong_pixels_there_is_nothing_to_find() -> None:
    assert np.isnan(least_sure(counts_of([0.5], []))).all()
    assert np.isnan(calibration_error(counts_of([], [])))


def test_figures_of_a_split_are_of_all_its_pixels() -> None:
    labels, truth = np.zeros((2, 2, 5), np.uint8), np.zeros((2, 2, 5), np.uint8)
    truth[0, 0, 0] = truth[1, 0, 0] = 3
    margins = np.full((2, 2, 5), 0.8)
    margins[0, 0, 0], margins[1, 1, 1] = 0.1, 0.2
    confidence = measure_confidence(labels, margins, truth, seed=0)
    assert confidence.recall.value == pytest.approx(50) and confidence.precision.value == pytest.approx(50)
    assert confidence.curve[8].pixels == pytest.approx(90)
