from __future__ import annotations

import numpy as np
import pytest

from semflow_core.method.palette import load_palette
from semflow_core.training.anchors import neighbour_weights, order_cost, search


def test_the_search_for_an_order_beats_the_papers() -> None:
    """Four classes that all touch: on the line of Eq. 7's first four anchors, ghosts are certain."""
    weights = np.ones((4, 4)) - np.eye(4)
    weights /= np.triu(weights).sum()
    found = search(weights, k=3, iterations=300, restarts=1)
    assert len(set(found)) == 4
    assert order_cost(np.array(found), weights, 3) < 0.5 * order_cost(np.arange(4), weights, 3)


def test_neighbour_weights_count_borders() -> None:
    labels = np.array([[[0, 0, 1], [0, 0, 1], [2, 2, 2]]], np.uint8)
    weights = neighbour_weights(labels, load_palette("celebamask_hq"))
    # borders: 0|1 twice, 0|2 twice, 1|2 once
    assert weights[0, 1] == weights[0, 2] == pytest.approx(np.sqrt(2) / (2 * np.sqrt(2) + 1))
    assert weights[2, 1] == pytest.approx(1 / (2 * np.sqrt(2) + 1))
