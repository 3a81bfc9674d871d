"""Distances between sets of photos, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.image.fid import _compute_fid

from semflow_core.errors import InputError
from semflow_core.evaluation.frechet import frechet_distance, kernel_distance, subset


def test_frechet_of_two_gaussians_on_a_line() -> None:
    """Means 0 and 3, variances 2 and 8: 9 + (sqrt 8 - sqrt 2)^2 = 11."""
    assert frechet_distance(np.array([[-1.0], [1]]), np.array([[1.0], [5]])) == pytest.approx(11)


def test_frechet_of_two_gaussians_in_the_plane() -> None:
    """Covariances diag(2/3, 8/3) and diag(6, 2/3), means (0, 0) and (1, 2): 5 + 8/3 + 2/3."""
    a = np.array([[1.0, 0], [-1, 0], [0, 2], [0, -2]])
    b = np.array([[3.0, 0], [-3, 0], [0, 1], [0, -1]]) + [1, 2]
    assert frechet_distance(a, b) == pytest.approx(25 / 3)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])  # is the same for sets that are turned together
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(25 / 3)


@pytest.mark.parametrize(("n", "d"), [(40, 5), (6, 20)])
def test_frechet_agrees_with_torchmetrics(n: int, d: int) -> None:
    """More pictures than features and the reverse, with covariances that do not commute."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(n, d)), rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 1
    moments = [torch.from_numpy(x) for s in (a, b) for x in (s.mean(0), np.cov(s, rowvar=False))]
    assert frechet_distance(a, b) == pytest.approx(float(_compute_fid(*moments)), rel=1e-4)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


# ---- kernel distance ---------------------------------------------------------------------------------------


def test_kernel_distance_on_a_line() -> None:
    """k = (xy + 1)^3: k(0,1) = 1, k(2,3) = 343, k(0,3) = 1, k(1,2) = 27: 1 + 343 - 1 - 27."""
    assert kernel_distance(np.array([[0.0], [1]]), np.array([[2.0], [3]])) == pytest.approx(316)


def test_kernel_distance_divides_by_the_number_of_features() -> None:
    """k = (x.y / 2 + 1)^3: 1 within a, 27 within b; 27 and 1 across i != j, and 1 and 8 when a is turned round."""
    a, b = np.array([[1.0, 1], [0, 0]]), np.array([[1.0, 1], [4, 0]])
    assert kernel_distance(a, b) == pytest.approx(1 + 27 - 27 - 1)
    assert kernel_distance(a[::-1], b) == pytest.approx(1 + 27 - 1 - 8)


def test_kernel_distance_has_no_bias_and_frechet_has() -> None:
    """Sets from one distribution: on average 0, however few they are; the Fréchet distance is far from 0."""
    rng = np.random.default_rng(1)
    sets = [(rng.normal(size=(6, 3)), rng.normal(size=(6, 3))) for _ in range(400)]
    values = np.array([kernel_distance(a, b) for a, b in sets])
    assert abs(values.mean()) < 3 * values.std() / 20
    assert np.mean([frechet_distance(a, b) for a, b in sets]) > 0.5


def test_sets_must_be_comparable() -> None:
    with pytest.raises(InputError, match="at least 2 in each, here is 1"):
        frechet_distance(np.zeros((1, 2)), np.zeros((2, 2)))
    with pytest.raises(InputError, match="equal size; here are 2 and 3"):
        kernel_distance(np.zeros((2, 2)), np.zeros((3, 2)))


def test_a_subset_is_of_different_indices_and_repeatable() -> None:
    index = subset(100, 40, seed=3)
    assert len(set(index.tolist())) == 40 and index.max() < 100
    assert np.array_equal(index, subset(100, 40, seed=3)) and not np.array_equal(index, subset(100, 40, seed=4))
