from __future__ import annotations

import numpy as np
import pytest

from semflow_core.evaluation.photos import PhotoMetrics

from .samples import COLOR, mean_color


def flat(*values: int) -> list[np.ndarray]:
    return [np.full((4, 4, 3), v, np.uint8) for v in values]


def test_photos_against_themselves_and_against_brighter_ones() -> None:
    real = flat(10, 20, 40, 80, 120)
    metrics = PhotoMetrics(real, [COLOR], lambda a, b: np.abs(mean_color(a) - mean_color(b)).mean(1))
    same = metrics.against(real, paired=True)
    assert [f.value for f in same.values()] == pytest.approx([0] * 4, abs=1e-6)
    brighter = metrics.against(flat(13, 23, 43, 83, 123), paired=True)
    assert brighter["Fréchet distance (color)"].value == pytest.approx(27)  # three channels, the covariance as it was
    assert brighter["feature distance (color) to the photo"].value == pytest.approx(27**0.5)
    assert brighter["LPIPS to the photo"].value == pytest.approx(3)
    assert set(metrics.against(real, paired=False)) == {COLOR.frechet, COLOR.kernel}


def test_diversity_is_a_mean_over_layouts() -> None:
    metrics = PhotoMetrics(flat(0, 30, 60), [COLOR], None)
    figures = metrics.between([flat(*range(8)), flat(*[50] * 8)])
    one = 3**0.5 * np.mean([abs(i - j) for i in range(8) for j in range(8) if i != j])
    assert figures["feature distance (color) between 8 seeds"].value == pytest.approx(one / 2)
    assert figures["pixel std of 5 seeds"].value == pytest.approx(np.std(range(5), ddof=1) / 2)
    assert metrics.between_real()["feature distance (color) between 8 seeds"].value == pytest.approx(3**0.5 * 40)


def test_the_colours_of_regions_are_compared_where_layouts_are_known() -> None:
    """Gray in [0, 255] is Lab [0, 100], not evenly; black and white alternate, so a region spreads by 50."""
    real = [np.full((10, 10, 3), v, np.uint8) for v in (0, 255)]
    metrics = PhotoMetrics(real, [COLOR], layouts=np.full((2, 10, 10), 3, np.uint8))
    name = "colour spread of regions over 8 seeds"
    assert metrics.between_real()[name].value == pytest.approx(50, abs=0.1)
    assert metrics.between([[*real] * 4, [real[0]] * 8])[name].value == pytest.approx(25, abs=0.1)
    assert name not in PhotoMetrics(real, [COLOR]).between([real])
