from __future__ import annotations

from math import isnan

import pytest

from semflow_core.evaluation.proportion import wilson


def test_wilsons_interval_is_the_textbooks() -> None:
    """Newcombe 1998, Table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for hits, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(hits, n) == pytest.approx((100 * hits / n, 100 * low, 100 * high), abs=0.01)


def test_all_and_none_are_mirror_images_and_nothing_has_no_share() -> None:
    assert wilson(7, 7).low == pytest.approx(100 - wilson(0, 7).high) and wilson(7, 7).high == 100
    assert isnan(wilson(0, 0).value)
