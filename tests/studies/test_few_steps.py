from __future__ import annotations

import json
from pathlib import Path

import pytest

from semflow_core.studies import few_steps

from .conftest import MakeSettings


@pytest.mark.slow
def test_every_method_of_few_steps_starts_from_one_base(
    study_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(few_steps, "STEPS", (1, 2))
    monkeypatch.setattr(few_steps, "SHEET_STEPS", (1, 2))
    methods = few_steps.methods
    without_network = methods(Path("base"))[:-1]  # the last one needs a package
    monkeypatch.setattr(few_steps, "methods", lambda base: methods(base)[:-1])
    outcome = few_steps.run_few_steps(study_settings("optim.steps=2", "optim.batch=4", out=tmp_path))
    rows = outcome.tables[0].rows
    names = ["base", *(m.name for m in without_network)]
    assert [(r["method"], r["steps"]) for r in rows] == [(name, k) for name in names for k in (1, 2)]
    assert all(set(r) == set(rows[0]) for r in rows)  # the shortcut's figures are the same ones
    assert outcome.sheet is not None and outcome.sheet.shape == (3 * 64, (1 + 2 * len(names)) * 64, 3)
    lengths = [json.loads(f.read_text().splitlines()[-1])["step"] for f in sorted(tmp_path.rglob("log.jsonl"))]
    assert sorted(lengths) == [2] * len(without_network) + [5]
