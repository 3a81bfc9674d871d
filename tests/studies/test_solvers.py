from __future__ import annotations

import pytest

from semflow_core.studies import solvers
from semflow_core.studies.bench import Bench


def test_solvers_get_the_same_number_of_calls(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "CALLS", (4,))
    for table in solvers.run(bench).tables:
        assert [r["network calls"] for r in table.rows[:-1]] == [4] * 5  # what the network itself counted
        assert [(r["solver"], r["steps"]) for r in table.rows[:5]] == [
            ("euler", 4),
            ("ab2", 4),
            ("midpoint", 2),
            ("heun", 2),
            ("rk4", 1),
        ]
        assert table.rows[-1]["solver"] == "rk45" and table.rows[-1]["network calls"] >= 7


def test_calls_per_step_are_those_of_the_textbook() -> None:
    assert {name: solvers.calls_per_step(name) for name in solvers.COMPARED} == {
        "euler": 1,
        "ab2": 1,
        "midpoint": 2,
        "heun": 2,
        "rk4": 4,
    }
