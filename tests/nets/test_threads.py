"""How many threads compute: as many as are free, and as many as the user says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from semflow_core.nets import threads
from semflow_core.nets.threads import Load, one_thread, quota, threads_for


@pytest.fixture(autouse=True)
def same_threads_afterwards() -> Iterator[None]:
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Eight processors on which others use `busy` processors' time, at `now`."""
    state = {"now": 100.0, "busy": 0.0, "used": 0.0, "waiting": 0.0, "quota": float("inf")}

    def others_time(*_: object) -> float:
        return state["used"]

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "others_time", others_time)
    monkeypatch.setattr(threads, "usable_processors", lambda _: list(range(8)))
    monkeypatch.setattr(threads, "waiting_processes", lambda: state["waiting"])
    monkeypatch.setattr(threads, "quota", lambda: state["quota"])
    monkeypatch.setattr(threads.time, "monotonic", lambda: state["now"])
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 8)
    torch.set_num_threads(8)
    return state


def pass_time(machine: dict[str, float], seconds: float) -> None:
    machine["now"] += seconds
    machine["used"] += seconds * machine["busy"]


def test_threads_follow_what_others_use_while_running(machine: dict[str, float]) -> None:
    load = Load()
    load.fit()
    assert torch.get_num_threads() == 8
    for busy, count in ((1.0, 4), (4.4, 4), (5.0, 2), (8.0, 1), (0.2, 8)):
        machine["busy"] = busy
        pass_time(machine, 0.3)
        load.fit()
        assert torch.get_num_threads() == count, busy


def test_a_judgement_is_kept_for_a_moment(machine: dict[str, float]) -> None:
    load = Load()
    load.fit()
    machine["busy"] = 8
    pass_time(machine, 0.1)
    load.fit()
    assert torch.get_num_threads() == 8


def test_after_a_rest_what_counts_is_who_wants_a_processor_now(machine: dict[str, float]) -> None:
    load = Load()
    load.fit()
    machine["waiting"] = 6
    pass_time(machine, 60)
    load.fit()
    assert torch.get_num_threads() == 2


def test_two_callers_share_the_processors(machine: dict[str, float]) -> None:
    load, counts = Load(), []

    def call() -> None:
        load.fit()
        counts.append(torch.get_num_threads())

    call()
    machine["now"] += 0.19
    other = threading.Thread(target=call)
    other.start()
    other.join()
    machine["now"] += 0.1
    call()
    assert counts == [8, 8, 4]


def test_a_quota_is_a_limit(machine: dict[str, float]) -> None:
    machine["quota"] = 2.0
    Load().fit()
    assert torch.get_num_threads() == 2


def test_a_number_that_the_user_has_chosen_stays(machine: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
    load = Load()
    machine["busy"] = 8
    torch.set_num_threads(3)
    load.fit()
    assert torch.get_num_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    torch.set_num_threads(5)
    Load().fit()
    assert torch.get_num_threads() == 5


def test_use_threads_ends_the_judging(machine: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "load", Load())
    machine["waiting"] = 8
    threads.use_threads(2)
    threads.fit_threads()
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("free, most, count", [(-1, 8, 1), (0.4, 8, 1), (1.6, 8, 2), (3.4, 8, 2), (9, 8, 8), (9, 6, 4)])
def test_counts_are_powers_of_two(free: float, most: int, count: int) -> None:
    assert threads_for(free, most) == count


def test_quotas_of_both_kinds_of_control_groups(tmp_path: Path) -> None:
    groups, root = tmp_path / "groups", tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    groups.write_text("0::/a/b\n")
    assert quota(root, groups) == float("inf")
    (root / "a" / "b" / "cpu.max").write_text("max 100000\n")
    (root / "a" / "cpu.max").write_text("150000 100000\n")
    assert quota(root, groups) == 1.5
    (root / "cpu" / "c").mkdir(parents=True)
    (root / "cpu" / "c" / "cpu.cfs_quota_us").write_text("-1\n")
    (root / "cpu" / "c" / "cpu.cfs_period_us").write_text("100000\n")
    groups.write_text("3:cpu,cpuacct:/c\n2:memory:/a\n")
    assert quota(root, groups) == float("inf")
    (root / "cpu" / "c" / "cpu.cfs_quota_us").write_text("50000\n")
    assert quota(root, groups) == 0.5
    assert quota(root, tmp_path / "none") == float("inf")


def test_one_thread_gives_the_others_back() -> None:
    torch.set_num_threads(3)
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
