"""Scores are enlarged a strip at a time where a photo is large: the same layout, in bounded memory."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from semflow_core.pictures import strips
from semflow_core.pipeline import reading


@pytest.mark.parametrize("height, width", [(301, 203), (64, 90), (40, 700)])
def test_strips_of_a_large_photo_meet(monkeypatch: pytest.MonkeyPatch, height: int, width: int) -> None:
    rng = np.random.default_rng(0)
    engine = cast(
        Any, SimpleNamespace(palette=SimpleNamespace(ids=np.array([3, 7, 9])), codebook=SimpleNamespace(s=50.0))
    )
    distances = torch.from_numpy(rng.random((3, 20, 31), np.float32) * 100)
    chances = rng.random((3, 10, 15), np.float32)
    labels, margin = reading.labels_at(engine, distances, height, width)
    sure = margin.copy()
    reading.fill_chances(engine, chances, labels, sure)

    monkeypatch.setattr(strips, "LARGE", 0)
    monkeypatch.setattr(strips, "ROWS", 16)
    in_strips, strip_margin = reading.labels_at(engine, distances, height, width)
    assert (in_strips != labels).mean() < 1e-3 and np.abs(strip_margin - margin).max() < 1e-4
    strip_sure = strip_margin.copy()
    reading.fill_chances(engine, chances, labels, strip_sure)
    assert np.abs(strip_sure - sure).max() < 1e-5
