from __future__ import annotations

import numpy as np

from semflow_core.data.pairs import PairArrays
from semflow_core.method.palette import load_palette
from semflow_core.training.report import count_held_out, segmentation


def test_a_split_is_segmented_in_chunks_and_in_order() -> None:
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 2, (7, 16, 16)).astype(np.uint8)
    photos = np.repeat(masks[..., None] * 100, 3, axis=3)
    pairs, sizes = PairArrays(tuple("abcdefg"), photos, masks), []

    def right(part: list[np.ndarray]) -> np.ndarray:
        sizes.append(len(part))
        return np.stack([p[..., 0] // 100 for p in part])

    palette = load_palette("celebamask_hq")
    assert segmentation(right, pairs, palette, size=3) == "segmentation 100.0 mIoU (7 held-out pairs)"
    assert count_held_out(1) == "1 held-out pair" and count_held_out(2) == "2 held-out pairs"
    assert sizes == [3, 3, 1]
    assert segmentation(lambda part: 1 - right(part), pairs, palette).startswith("segmentation 0.0 mIoU")
