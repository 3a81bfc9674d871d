"""The desk: whose turn it is to compute. Everything that solves takes a turn, and gives it up between steps.

A turn goes to the earliest deadline. A deadline is set when the work is handed in: now, and more for what takes long or
for a visitor who has computed much in the last seconds. So a draft goes before a refinement, and a short edit before a
path of sixty frames; but whoever waits long enough has the earliest deadline of all. At each step long work looks
whether something with an earlier deadline waits; if so, it hands in the rest of its work anew.

Waiting syntheses that differ in layout, seed and colours only are solved as one batch by whoever gets the turn first.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

from semflow_core.pipeline.progress import Progress

from .visits import VISIT, Gone, Visit

# (weight up to, seconds that such work may wait): drafts, refinements, variations and edits, paths
PATIENCE = ((4, 0.0), (32, 0.3), (100, 1.0), (math.inf, 2.0))
LEAST = 0.2  # seconds for which a turn lasts at least, so that long work goes on where there are always drafts
SLICE = 2.0  # seconds after which work of the same kind takes turns
HALF_LIFE = 5.0  # seconds after which half of what a visitor has computed is forgotten
LOOK = 0.5  # seconds between two looks whether somebody still waits for waiting work
SAY_FROM = 0.3  # seconds of waiting from which a visitor is told the place
BATCH = 4  # pictures solved at once

Solve = Callable[[Sequence[Any], Progress], Sequence[Any]]  # (requests, progress) -> a result for each


@dataclass(eq=False)
class Ticket:
    """A piece of work that waits or is computed.

    Attributes:
        key: tickets with the same one can be solved as one batch; None is solved alone.
        weight: how long it takes, in network calls.
        progress: the caller's; raising in it stops this work.
        begun: when its present turn began; 0 before the first.
    """

    key: tuple[object, ...] | None
    request: Any
    weight: int
    visit: Visit
    progress: Progress | None
    deadline: float
    begun: float = 0.0
    since: float = field(default_factory=time.monotonic)
    number: int = field(default_factory=itertools.count().__next__)
    context: Context = field(default_factory=copy_context)
    told: bool = False
    done: bool = False  # by another ticket's turn
    result: Any = None
    error: BaseException | None = None

    def check(self, done: int, total: int) -> None:
        """Raise what stops this work: nobody waits for it, or the caller's progress says so."""
        if not self.visit.alive():
            raise Gone
        if self.progress is not None:
            self.context.copy().run(self.progress, done, total)


class Desk:
    """Turns for all visitors.

    Args:
        slots: how many turns there are at once.
        batches: whether compatible requests are solved as one batch: only where that gives the same bytes.
    """

    def __init__(self, slots: int = 1, batches: bool = False) -> None:
        self.slots, self.batches = slots, batches
        self._changed = threading.Condition()
        self._waiting: list[Ticket] = []
        self._running: list[Ticket] = []
        self._used: dict[str, tuple[float, float]] = {}  # visitor -> (seconds computed, when that was)
        self._pace = 0.05  # seconds per network call, as measured lately

    # ---- what is asked of it -----------------------------------------------------------------------------------------

    def solve(self, request: Any, weight: int, solve: Solve, progress: Progress | None = None, key: Any = None) -> Any:
        """Compute something when its turn has come.

        Args:
            solve: called with the requests of a batch of which this one is the first.
            key: what it has in common with requests that can be in the same batch.

        Raises:
            Gone: nobody waits for it any more.
            Exception: what `solve` or `progress` raises.
        """
        visit = VISIT.get()
        deadline = self._deadline(weight, visit.visitor)
        ticket = Ticket(key if self.batches else None, request, weight, visit, progress, deadline)
        try:
            self._take_turn(ticket)
            if not ticket.done:
                self._compute(ticket, solve)
        finally:
            self._leave(ticket)
        if ticket.error is not None:
            raise ticket.error
        return ticket.result

    def waiting(self, visitor: str | None = None) -> int:
        """How many requests wait, or how many of one visitor."""
        with self._changed:
            return sum(visitor in (None, t.visit.visitor) for t in self._waiting)

    def backlog(self) -> float:
        """Seconds until all that is here is done, by an estimate."""
        with self._changed:
            return self._pace * sum(t.weight for t in [*self._waiting, *self._running]) / self.slots

    # ---- turns -------------------------------------------------------------------------------------------------------

    def _take_turn(self, ticket: Ticket) -> None:
        with self._changed:
            self._waiting.append(ticket)
            while not ticket.done and not self._is_next(ticket):
                self._changed.wait(LOOK)
                if ticket in self._waiting and not ticket.begun:
                    self._look(ticket)
            if not ticket.done:
                self._waiting.remove(ticket)
                self._running.append(ticket)
                ticket.begun = time.monotonic()
            if ticket.told:
                ticket.visit.start()
                ticket.told = False

    def _look(self, ticket: Ticket) -> None:
        """While it waits: is it still wanted, and does its visitor know the place?"""
        if not ticket.visit.alive():
            raise Gone
        if time.monotonic() - ticket.since > SAY_FROM:
            before = [t for t in self._waiting if _order(t) < _order(ticket)]
            ahead = self._pace * sum(t.weight for t in [*before, *self._running]) / self.slots
            ticket.visit.place(len(before), len(self._waiting), ahead + self._pace * ticket.weight)
            ticket.told = True

    def _is_next(self, ticket: Ticket) -> bool:
        return len(self._running) < self.slots and min(self._waiting, key=_order, default=None) is ticket

    def _leave(self, ticket: Ticket) -> None:
        with self._changed:
            for tickets in (self._waiting, self._running):
                if ticket in tickets:
                    tickets.remove(ticket)
            self._changed.notify_all()

    def _give_way(self, ticket: Ticket) -> None:
        """Between two steps: let others go first whose deadline is earlier than that of what is left.

        Work of the same kind is not interrupted before its slice is over: taking turns at every step would make all of
        it late.
        """
        with self._changed:
            deadline, patience = self._deadline(ticket.weight, ticket.visit.visitor), patience_of(ticket.weight)
            lasted = time.monotonic() - ticket.begun
            if lasted < LEAST or not any(
                t.deadline < deadline and (lasted > SLICE or patience_of(t.weight) < patience) for t in self._waiting
            ):
                return
            self._running.remove(ticket)
            ticket.deadline = deadline
            self._changed.notify_all()
        self._take_turn(ticket)

    # ---- computing ---------------------------------------------------------------------------------------------------

    def _compute(self, ticket: Ticket, solve: Solve) -> None:
        batch = [ticket, *self._companions(ticket)]
        started, paused = time.monotonic(), 0.0

        def progress(done: int, total: int) -> None:
            nonlocal paused
            for t in batch:
                if t.error is None:
                    try:
                        t.check(done, total)
                    except BaseException as error:  # whatever stops one visitor's work leaves that of the others
                        t.error = error
            if all(t.error is not None for t in batch):
                assert ticket.error is not None
                raise ticket.error
            before = time.monotonic()
            self._give_way(ticket)
            paused += time.monotonic() - before

        try:
            results = solve([t.request for t in batch], progress)
            for t, result in zip(batch, results):
                t.result = result
        except BaseException as error:
            for t in batch:
                t.error = t.error or error
        finally:
            self._account(batch, time.monotonic() - started - paused)
            with self._changed:
                for t in batch:
                    t.done = True
                self._changed.notify_all()

    def _companions(self, ticket: Ticket) -> list[Ticket]:
        """Waiting tickets that are solved along with this one; they wait on until it is done.

        Those that were begun and gave way are not among them: their own solve goes on.
        """
        if ticket.key is None:
            return []
        with self._changed:
            new = (t for t in self._waiting if t.key == ticket.key and not t.begun)
            fitting = sorted(new, key=_order)[: BATCH - 1]
            for t in fitting:
                self._waiting.remove(t)
            return fitting

    def _account(self, batch: Sequence[Ticket], seconds: float) -> None:
        """Remember who has computed how much, and how long a network call takes."""
        if any(t.error is not None for t in batch):
            return
        with self._changed:
            now = time.monotonic()
            weight = sum(t.weight for t in batch)
            self._pace += 0.2 * (seconds / max(1, weight) - self._pace)
            for t in batch:
                self._used[t.visit.visitor] = (self._debt(t.visit.visitor, now) + seconds / len(batch), now)
            if len(self._used) > 10_000:
                self._used = {v: u for v, u in self._used.items() if now - u[1] < 20 * HALF_LIFE}

    def _debt(self, visitor: str, now: float) -> float:
        seconds, when = self._used.get(visitor, (0.0, now))
        return seconds * 0.5 ** ((now - when) / HALF_LIFE)

    def _deadline(self, weight: int, visitor: str) -> float:
        now = time.monotonic()
        return now + patience_of(weight) + self._debt(visitor, now)


def patience_of(weight: int) -> float:
    """Seconds that work may wait, by how long it takes."""
    return next(seconds for most, seconds in PATIENCE if weight <= most)


def _order(ticket: Ticket) -> tuple[float, int]:
    return ticket.deadline, ticket.number
