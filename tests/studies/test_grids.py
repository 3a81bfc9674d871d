from __future__ import annotations

import pytest

from semflow_core.studies import grids
from semflow_core.studies.bench import Bench


def test_grids_are_compared_at_every_number_of_steps(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "STEPS", (1, 2))
    outcome = grids.run(bench)
    rows = outcome.tables[0].rows
    assert [(r["steps"], r["grid"]) for r in rows] == [(1, "any"), *((2, g) for g in ("uniform", "quadratic", "cubic"))]
    assert rows[2]["cycle mIoU"] == bench.segmentation(bench.harness.synthesize(steps=2, grid="quadratic"), steps=2)
    assert {"Fréchet distance (color)", "pixel std of 5 seeds"} <= set(rows[0])
    assert outcome.sheet is not None and outcome.sheet.shape == (3 * 32, 7 * 32, 3)  # layout, and 3 grids twice
