"""How many threads compute: as many as there are processors that no other process keeps busy, judged while running.

A second thread on a processor that is busy makes both wait for it. Counts are powers of two, at which a request gives
the same bytes whatever the count (`order`). A number that the user has chosen is left alone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import torch

PERIOD = 0.2  # seconds between two judgements: processor time is counted in hundredths of a second
STALE = 2.0  # seconds after which what was measured says little of now
CHOSEN = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # variables with which users choose themselves
CGROUPS = Path("/sys/fs/cgroup")


def use_threads(count: int) -> None:
    """Compute with so many threads from now on, whatever else runs."""
    load.fixed = True
    torch.set_num_threads(count)


def fit_threads() -> None:
    """Let the calling thread compute with as many threads as there are free processors. Cheap: call it often."""
    load.fit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on the calling thread alone."""
    count = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(count)


class Load:
    """What other processes leave of this machine.

    Attributes:
        fixed: whether the user has chosen the number of threads.
        most: PyTorch's own choice, never exceeded.
        count: how many threads compute.
    """

    def __init__(self) -> None:
        self.fixed = any(name in os.environ for name in CHOSEN)
        self.most = self.count = torch.get_num_threads()
        self.process = psutil.Process()
        self.processors = usable_processors(self.process)
        self.set_here: set[int] = {self.most}  # every count that is ours; another one is the user's
        self.callers: dict[int, float] = {}  # when each thread called last
        self.lock = threading.Lock()
        self.last = (0.0, 0.0)  # when it was measured, and the others' processor time until then

    def fit(self) -> None:
        """`fit_threads`."""
        if self.fixed or torch.get_num_threads() not in self.set_here:
            return
        now = time.monotonic()
        with self.lock:
            self.callers[threading.get_ident()] = now
            if now - self.last[0] >= PERIOD:
                self.callers = {ident: t for ident, t in self.callers.items() if now - t < PERIOD}
                self.count = self.judge(now)
                self.set_here.add(self.count)
        if torch.get_num_threads() != self.count:
            torch.set_num_threads(self.count)

    def judge(self, now: float) -> int:
        """How many threads each of the callers should have."""
        before, used = self.last
        elapsed, self.last = now - before, (now, others_time(self.process, self.processors))
        busy = (self.last[1] - used) / elapsed if before else 0.0
        waiting = waiting_processes() if elapsed > STALE else None
        if waiting is not None:
            busy = waiting * len(self.processors) / (os.cpu_count() or 1)
        free = min(len(self.processors) - busy, quota())
        return threads_for(free / len(self.callers), self.most)


def threads_for(free: float, most: int) -> int:
    """The largest power of two that is not above `free` processors, rounded, nor above `most`; at least 1."""
    count = min(int(free + 0.5), most)
    return 1 << (count.bit_length() - 1) if count > 1 else 1


def usable_processors(process: psutil.Process) -> list[int]:
    """The processors that a process may run on."""
    try:
        return process.cpu_affinity() or list(range(os.cpu_count() or 1))
    except (AttributeError, psutil.Error):  # macOS has none
        return list(range(os.cpu_count() or 1))


def available_processors() -> int:
    """How many processors' time this process may use: its affinity and the quota of its control groups; at least 1."""
    return max(1, int(min(len(usable_processors(psutil.Process())), quota())))


def others_time(process: psutil.Process, processors: list[int]) -> float:
    """Seconds that other processes have used the processors; those that run at low priority (nice) give way."""
    every = psutil.cpu_times(percpu=True)
    own = process.cpu_times()
    return sum(every[i].user + every[i].system for i in processors if i < len(every)) - own.user - own.system


def waiting_processes() -> int | None:
    """How many other processes want a processor and go on wanting it, for 2 ms; None where the system does not say."""
    counts = []
    try:
        for _ in range(4):
            counts.append(int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0]) - 1)
            time.sleep(0.0005)
    except (OSError, ValueError, IndexError):
        return None
    return max(0, min(counts))


def quota(root: Path = CGROUPS, groups: Path = Path("/proc/self/cgroup")) -> float:
    """How many processors' time the control groups of this process allow, infinity where they set no limit."""
    try:
        lines = [line.split(":", 2) for line in groups.read_text().splitlines()]
    except OSError:
        return float("inf")
    limits = [float("inf")]
    for _, controllers, path in (line for line in lines if len(line) == 3):
        if controllers and "cpu" not in controllers.split(","):
            continue
        group = Path(path.strip("/"))
        for folder in [group, *group.parents]:  # inside a container the path may be the host's: the root counts too
            limits.append(_limit(root / folder) if not controllers else _limit_v1(root / "cpu" / folder))
    return min(limits)


def _limit(folder: Path) -> float:
    """`cpu.max` of a control group: "max 100000" or "150000 100000", microseconds per period."""
    try:
        most, period = (folder / "cpu.max").read_text().split()
        return float("inf") if most == "max" else int(most) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return float("inf")


def _limit_v1(folder: Path) -> float:
    """The same of the older control groups: -1 is no limit."""
    try:
        most, period = (int((folder / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
        return most / period if most > 0 else float("inf")
    except (OSError, ValueError, ZeroDivisionError):
        return float("inf")


load = Load()
