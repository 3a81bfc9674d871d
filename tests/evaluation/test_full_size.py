from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from semflow_core.data.pairs import Pair, read_pair
from semflow_core.evaluation.full_size import ReadPair, measure_full_size
from semflow_core.evaluation.harness import Harness
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import SegmentationRequest

from .samples import ABC


class Copyist:
    """A pipeline that finds a photo's layout in its red channel, at the photo's own size."""

    palette, size, name, learned = ABC, 16, "copyist", False

    def segment_many(self, requests: list[SegmentationRequest]) -> list[Any]:
        return [SimpleNamespace(labels=r.photo[..., 0], margin=np.ones(r.photo.shape[:2])) for r in requests]


def write_pair(folder: Path, name: str, mask: np.ndarray) -> ReadPair:
    """What reads a pair whose photo carries its layout in the red channel."""
    pair = Pair(name, folder / f"{name}_photo.png", folder / f"{name}.png")
    Image.fromarray(np.dstack([mask] * 3)).save(pair.photo)
    Image.fromarray(mask).save(pair.mask)
    return partial(read_pair, pair, ABC)


def test_the_photos_own_size_is_segmented_and_the_square_enlarged(tmp_path: Path) -> None:
    mask = np.full((64, 64), 3, np.uint8)
    mask[:, 30:] = 5  # no multiple of the four pixels that one of the square stands for
    square = mask[::4, ::4].copy()
    square[:, 7] = 5
    pairs = [write_pair(tmp_path, "one", mask)]
    harness = Harness(cast(SemFlowPipeline, Copyist()), [np.dstack([square] * 3)], square[None])
    own, enlarged = measure_full_size(harness, pairs, square[None], steps=1)
    assert enlarged is not None and own.size == enlarged.size == "64x64"
    assert own.miou.value == 100 and {f.value for f in own.boundary.values()} == {100}
    assert enlarged.miou.value == pytest.approx(50 * (28 / 30 + 34 / 36)) and own.foreground is None
    assert enlarged.boundary["1 pixel"].value == 0


def test_photos_of_the_squares_size_are_not_segmented_again(tmp_path: Path) -> None:
    mask = np.full((16, 16), 3, np.uint8)
    mask[:, 8:] = 5
    pairs = [write_pair(tmp_path, "one", mask)]
    no_network = SimpleNamespace(palette=ABC, name="", size=16)
    harness = Harness(cast(SemFlowPipeline, no_network), [np.dstack([mask] * 3)], mask[None])
    own, enlarged = measure_full_size(harness, pairs, mask[None], steps=1)
    assert enlarged is None and own.size == "16x16" and own.miou.value == 100


def test_sizes_that_differ_are_told(tmp_path: Path) -> None:
    masks = [np.kron(np.array([[3, 5], [5, 3]], np.uint8), np.ones((n, n), np.uint8)) for n in (8, 16)]
    pairs = [write_pair(tmp_path, str(i), m) for i, m in enumerate(masks)]
    squares = np.stack([masks[0]] * 2)
    harness = Harness(cast(SemFlowPipeline, Copyist()), [np.dstack([masks[0]] * 3)] * 2, squares)
    own, enlarged = measure_full_size(harness, pairs, squares, steps=1)
    assert enlarged is not None and own.size == "several sizes" and own.miou.value == enlarged.miou.value == 100
