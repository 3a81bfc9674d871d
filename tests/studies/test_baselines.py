from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from semflow_core.studies import baselines
from semflow_core.studies.bench import Bench
from semflow_core.studies.run import run_study

from .conftest import MakeSettings


def test_the_papers_comparison(study_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "FLOW_STEPS", (1, 2))
    monkeypatch.setattr(baselines, "DSM_STEPS", (2,))
    outcome = run_study("baselines", study_settings("optim.steps=1"))
    rows = [(r["method"], r["sampler"], r["steps"]) for r in outcome.tables[0].rows]
    assert rows == [
        ("SemFlow", "euler", 1),
        ("SemFlow", "euler", 2),
        ("DSM", "ddim", 2),
        ("DSM", "ddpm", 2),
        ("discriminative U-Net", "-", 1),
    ]
    assert (tmp_path / "out" / "baselines.md").read_text().count("\n|") >= 7


def test_a_change_with_the_seed_is_the_largest_one(bench: Bench) -> None:
    known = {p.tobytes(): m for p, m in zip(bench.harness.photos, bench.harness.masks)}

    def right(photos: list[np.ndarray]) -> np.ndarray:
        return np.stack([known[p.tobytes()] for p in photos])

    def wrong(photos: list[np.ndarray]) -> np.ndarray:
        return 1 - np.minimum(right(photos), 1)

    figures = baselines.measure(bench, [right, right, wrong])
    assert figures["segmentation mIoU"].value == 100
    assert figures["change with the seed"] > 50
    assert baselines.measure(bench, [right])["change with the seed"] == 0
