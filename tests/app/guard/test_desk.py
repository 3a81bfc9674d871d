"""Turns: who goes first, who gives way, what is solved together, and who stops costing."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from app.guard import desk
from app.guard.desk import Desk
from app.guard.visits import VISIT, Gone, Visit


class Work:
    """Pieces of work of several visitors, each in a thread of its own; `log` is the order of their steps."""

    def __init__(self, turns: Desk) -> None:
        self.desk, self.log, self.errors = turns, [], {}
        self.results: dict[str, Any] = {}
        self.threads: list[threading.Thread] = []

    def hand_in(
        self, name: str, weight: int, steps: int = 1, visit: Visit | None = None, key: Any = None, seconds: float = 0.01
    ) -> None:
        """Work of `steps` steps; it is known to the desk when this returns."""

        def solve(requests: Sequence[str], progress: Callable[[int, int], None]) -> list[str]:
            for step in range(steps):
                self.log.append("+".join(requests))
                time.sleep(seconds)
                progress(step + 1, steps)
            return [f"{r} done" for r in requests]

        def run() -> None:
            VISIT.set(visit or Visit(visitor=name))
            try:
                self.results[name] = self.desk.solve(name, weight, solve, key=key)
            except Exception as error:
                self.errors[name] = error

        before = len(self.log), self.desk.waiting()
        thread = threading.Thread(target=run)
        thread.start()
        self.threads.append(thread)
        until = time.monotonic() + 10
        while (len(self.log), self.desk.waiting()) == before and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.002)

    def finish(self) -> list[str]:
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()
        return self.log


LONG, DRAFT = 1000, 3


def test_a_draft_goes_between_the_steps_of_long_work() -> None:
    work = Work(Desk())
    work.hand_in("path", LONG, steps=20, seconds=0.03)
    work.hand_in("draft", DRAFT)
    log = work.finish()
    assert log.index("draft") < 15 and log.count("path") == 20
    assert work.results == {"path": "path done", "draft": "draft done"}


def test_work_of_one_kind_goes_one_after_the_other() -> None:
    work = Work(Desk())
    for name in ("a", "b", "c"):
        work.hand_in(name, DRAFT, steps=3)
    assert work.finish() == ["a"] * 3 + ["b"] * 3 + ["c"] * 3


def test_who_has_computed_much_waits_for_who_has_not() -> None:
    work = Work(Desk())
    greedy = Visit(visitor="greedy")
    work.hand_in("first", DRAFT, steps=4, visit=greedy, seconds=0.1)
    work.finish()
    work.hand_in("busy", DRAFT, visit=Visit(visitor="another"), seconds=0.2)
    work.hand_in("more", DRAFT, visit=greedy)
    work.hand_in("modest", DRAFT)
    assert work.finish()[4:] == ["busy", "modest", "more"]


def test_long_work_is_not_starved_by_a_stream_of_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "PATIENCE", ((4, 0.0), (math.inf, 0.3)))
    work = Work(Desk())
    work.hand_in("path", LONG, steps=15, seconds=0.03)
    until = time.monotonic() + 10
    for i in range(400):
        if "path" in work.results or time.monotonic() > until:
            break
        while work.desk.waiting() > 2:
            time.sleep(0.005)
        work.hand_in(f"draft {i}", DRAFT, seconds=0.03)
    assert "path" in work.results
    work.finish()


def test_waiting_work_with_one_key_is_one_batch() -> None:
    work = Work(Desk(batches=True))
    work.hand_in("busy", DRAFT, seconds=0.2)
    for name, key in (("a", "4 steps"), ("b", "8 steps"), ("c", "4 steps"), ("d", "4 steps")):
        work.hand_in(name, DRAFT, key=key)
    assert work.finish() == ["busy", "a+c+d", "b"]
    assert work.results == {n: f"{n} done" for n in ("busy", "a", "b", "c", "d")}


def test_work_that_gave_way_is_in_no_other_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "LEAST", 0.0)
    monkeypatch.setattr(desk, "SLICE", 0.0)
    work = Work(Desk(batches=True))
    heavy = Visit(visitor="heavy")
    work.hand_in("before", LONG, steps=10, seconds=0.05, visit=heavy)  # so that "a" gives way to who has computed less
    work.finish()
    work.hand_in("a", LONG, steps=20, seconds=0.02, visit=heavy, key=1)
    work.hand_in("b", LONG, steps=20, seconds=0.02, key=1)
    work.finish()
    assert not work.errors and work.results["a"] == "a done" and work.results["b"] == "b done"
    assert work.log[10:].index("b") < 19, "the first did not give way"
    assert "b+a" not in work.log and work.log.count("a") == work.log.count("b") == 20


def test_one_of_a_batch_leaves_and_the_others_get_theirs() -> None:
    work = Work(Desk(batches=True))
    work.hand_in("busy", DRAFT, seconds=0.2)
    work.hand_in("a", DRAFT, key=1)
    there = [True]
    work.hand_in("b", DRAFT, key=1, visit=Visit(visitor="b", alive=lambda: there[0]))
    there[0] = False
    work.finish()
    assert work.results["a"] == "a done" and isinstance(work.errors["b"], Gone)


def test_without_batches_everything_is_solved_alone() -> None:
    work = Work(Desk(batches=False))
    work.hand_in("busy", DRAFT, seconds=0.2)
    for name in ("a", "b"):
        work.hand_in(name, DRAFT, key=1)
    assert work.finish() == ["busy", "a", "b"]


def test_who_leaves_stops_costing_while_computing_and_while_waiting() -> None:
    work, there = Work(Desk()), [True]
    leaving = Visit(visitor="x", alive=lambda: there[0])
    work.hand_in("runs", LONG, steps=1000, visit=leaving)
    work.hand_in("waits", LONG, steps=1000, visit=leaving)
    there[0] = False
    work.finish()
    assert isinstance(work.errors["runs"], Gone) and isinstance(work.errors["waits"], Gone)
    assert len(work.log) < 500 and work.desk.waiting() == 0 and work.desk.backlog() == 0


def test_an_error_is_the_callers_and_frees_the_turn() -> None:
    one = Desk()

    def fail(requests: Sequence[str], progress: Callable[[int, int], None]) -> list[str]:
        raise ValueError("no such layout")

    with pytest.raises(ValueError, match="no such layout"):
        one.solve("a", DRAFT, fail)
    assert one.solve("b", DRAFT, lambda requests, progress: list(requests)) == "b"


def test_who_waits_is_told_the_place_and_then_that_it_begins() -> None:
    work, said = Work(Desk()), []
    visit = Visit(
        visitor="v",
        place=lambda rank, waiting, seconds: said.append((rank, waiting, seconds)),
        start=lambda: said.append("starts"),
    )
    work.hand_in("busy", DRAFT, seconds=1.3)
    work.hand_in("first", DRAFT)
    work.hand_in("second", DRAFT, visit=visit)
    work.finish()
    assert said[0][:2] == (1, 2) and said[0][2] > 0 and said[-1] == "starts"


def test_two_slots_compute_at_once() -> None:
    work = Work(Desk(slots=2))
    for name in ("a", "b", "c"):
        work.hand_in(name, DRAFT, steps=4, seconds=0.05)
    log = work.finish()
    assert set(log[:4]) == {"a", "b"} and log[-1] == "c"
