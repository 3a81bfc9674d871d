from __future__ import annotations

import numpy as np
import pytest

from semflow_core.evaluation.boundary import borders, boundary_counts, boundary_score

from .samples import ABC


def halves(column: int, side: int = 400) -> np.ndarray:
    """a on the left, b from this column on."""
    labels = np.full((side, side), 3, np.uint8)
    labels[:, column:] = 5
    return labels


def score(predicted: np.ndarray, truth: np.ndarray) -> list[float]:
    return boundary_score(boundary_counts(predicted, truth, ABC)).tolist()


def test_borders_lie_between_classes_and_not_beside_void() -> None:
    labels = np.array([[3, 3, 5, 255], [3, 3, 5, 255], [9, 9, 255, 255]], np.uint8)
    assert borders(labels).astype(int).tolist() == [[0, 1, 1, 0], [1, 1, 1, 0], [1, 1, 0, 0]]


def test_a_border_in_its_place_scores_100_and_one_elsewhere_0() -> None:
    truth = halves(200)
    assert score(truth, truth) == [100, 100]
    assert score(halves(201), truth) == [100, 100]  # every pixel has one of the truth beside it
    assert score(halves(204), truth) == [0, 100]  # 4 of 400 pixels; the diagonal's tolerance is 4.24
    assert score(halves(205), truth) == [0, 0]
    assert score(np.full_like(truth, 3), truth) == [0, 0]


def test_precision_and_recall_by_hand() -> None:
    """b's border is right; beside it a square of c stands where the truth has none: a has borders too many."""
    truth, predicted = halves(200), halves(200)
    predicted[100:110, 100:110] = 9
    a_pixels, square = 400, 4 * 10  # the pixels of a around the square
    f_of_a = 2 * (a_pixels / (a_pixels + square)) / (a_pixels / (a_pixels + square) + 1)
    assert score(predicted, truth) == pytest.approx([50 * (f_of_a + 1)] * 2)  # c is no class of the truth


def test_where_the_truth_is_void_nothing_counts() -> None:
    truth, predicted = halves(200), halves(200)
    truth[:, :150], predicted[100:110, 100:110] = 255, 9
    assert score(predicted, truth) == [100, 100]
    assert np.isnan(score(predicted, np.full_like(truth, 255))).all()


def test_counts_of_pictures_add_up() -> None:
    """One picture with its border in place, one without: recall is a half, precision whole."""
    truth = halves(200)
    counts = boundary_counts(truth, truth, ABC) + boundary_counts(np.full_like(truth, 3), truth, ABC)
    assert boundary_score(counts) == pytest.approx([100 * 2 / 3] * 2)
