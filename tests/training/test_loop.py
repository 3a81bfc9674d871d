"""The training loop's schedule, and where a run stands."""

from __future__ import annotations

import json
from pathlib import Path

from semflow_core.training.checkpoints import is_finished, newest_checkpoint
from semflow_core.training.config import OptimConfig
from semflow_core.training.loop import learning_rate


def steps(n: int) -> OptimConfig:
    return OptimConfig(steps=n)


def test_the_learning_rate_warms_up_stays_and_decays_to_zero() -> None:
    config = OptimConfig(steps=100, warmup=10, decay=0.5)
    assert [learning_rate(s, config) for s in (0, 4, 9, 30, 50, 75, 100)] == [0.1, 0.5, 1, 1, 1, 0.5, 0]


def test_with_a_budget_of_minutes_the_rate_falls_towards_whichever_end_comes_first() -> None:
    config = OptimConfig(steps=100, minutes=10, warmup=10, decay=0.5)
    assert [learning_rate(30, config, m) for m in (0, 5, 7.5, 10, 11)] == [1, 1, 0.5, 0, 0]
    assert learning_rate(75, config, 6) == 0.5


def test_a_run_is_finished_when_its_minutes_are_used_up(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "export").mkdir()
    (tmp_path / "checkpoint" / "progress.json").write_text(json.dumps({"step": 5, "seconds": 120.0}))
    (tmp_path / "exported.json").write_text(json.dumps({"step": 5}))
    assert [is_finished(tmp_path, OptimConfig(steps=6, minutes=m)) for m in (0, 1, 2, 3)] == [False, True, True, False]


def test_a_run_is_finished_when_its_steps_are_done_and_exported(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None and not is_finished(tmp_path, steps(1))
    (tmp_path / "checkpoint.old").mkdir()
    (tmp_path / "checkpoint.old" / "progress.json").write_text(json.dumps({"step": 5}))
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint.old" and not is_finished(tmp_path, steps(5))
    (tmp_path / "export").mkdir()
    assert not is_finished(tmp_path, steps(5))  # it may be the export of an earlier step
    (tmp_path / "log.jsonl").write_text('{"step": 5}\n')  # of a run before there was exported.json
    assert is_finished(tmp_path, steps(5)) and not is_finished(tmp_path, steps(6))
