from __future__ import annotations

import numpy as np
import pytest

from semflow_core.evaluation.bootstrap import bootstrap, bootstrap_mean
from semflow_core.evaluation.frechet import frechet_distance
from semflow_core.evaluation.tables import format_figure


def test_the_interval_of_a_mean_is_the_textbooks() -> None:
    values = np.random.default_rng(2).normal(size=400)
    estimate = bootstrap_mean(values)
    half = 1.96 * values.std() / 20
    assert estimate.value == pytest.approx(values.mean())
    assert (estimate.low, estimate.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)
    assert estimate == bootstrap_mean(values) and estimate != bootstrap_mean(values, seed=1)


def test_the_interval_of_a_biased_figure_holds_the_figure() -> None:
    """Resamples have repeats, which alone makes a Fréchet distance larger."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(30, 50)), rng.normal(size=(30, 50))
    estimate = bootstrap(lambda i: frechet_distance(a[i], b[i]), 30)
    assert estimate.low < estimate.value < estimate.high
    assert bootstrap_mean(np.full(5, 7.0)) == (7, 7, 7)


def test_pictures_without_a_value_are_left_out_of_a_mean() -> None:
    assert bootstrap_mean(np.array([1.0, np.nan, 3.0])).value == 2
    assert np.isnan(bootstrap_mean(np.array([np.nan])).value)


def test_resamples_without_a_value_are_left_out() -> None:
    estimate = bootstrap(lambda i: float("nan") if i[0] == i[1] else 1.0, 2)
    assert estimate == (1, 1, 1)
    assert format_figure(bootstrap(lambda i: float("nan"), 2)) == "-"
