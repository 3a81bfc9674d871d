from __future__ import annotations

import numpy as np

from semflow_core.training.crops import crop_around_a_class, pairs_by_class


def test_crops_are_around_a_class_that_is_drawn_before_its_map() -> None:
    masks = np.random.default_rng(0).integers(0, 3, (5, 64, 64)).astype(np.uint8)
    masks[4, 3, 60] = 9  # one pixel of one map
    by_class = pairs_by_class(masks)
    assert {i: list(maps) for i, maps in by_class.items()} == {i: [0, 1, 2, 3, 4] for i in range(3)} | {9: [4]}
    crops = [crop_around_a_class(masks, by_class, 32, np.random.default_rng(i)) for i in range(400)]
    assert {c.shape for c in crops} == {(32, 32)}
    assert np.mean([(c == 9).any() for c in crops]) > 0.25  # a class in four, where a map in five would have it
