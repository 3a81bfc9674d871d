"""The training loop's schedule, and where a run stands."""

from __future__ import annotations

import json
from pathlib import Path

from semflow_core.training.config import OptimConfig
from semflow_core.training.loop import is_finished, learning_rate, newest_checkpoint


def test_the_learning_rate_warms_up_stays_and_decays_to_zero() -> None:
    config = OptimConfig(steps=100, warmup=10, decay=0.5)
    assert [learning_rate(s, config) for s in (0, 4, 9, 30, 50, 75, 100)] == [0.1, 0.5, 1, 1, 1, 0.5, 0]


def test_a_run_is_finished_when_its_steps_are_done_and_exported(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None and not is_finished(tmp_path, 1)
    (tmp_path / "checkpoint.old").mkdir()
    (tmp_path / "checkpoint.old" / "progress.json").write_text(json.dumps({"step": 5}))
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint.old" and not is_finished(tmp_path, 5)
    (tmp_path / "export").mkdir()
    assert is_finished(tmp_path, 5) and not is_finished(tmp_path, 6)
