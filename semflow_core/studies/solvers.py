"""Solvers at equal numbers of network calls, in both directions (the paper's Fig. 10)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from ..evaluation.bootstrap import Estimate
from ..method.solvers import SOLVERS, solve
from ..pipeline.pipeline import SemFlowPipeline
from .bench import Bench
from .table import Outcome, Table

CALLS = (4, 8, 24)
ADAPTIVE = "rk45"  # chooses its steps within an interval; it has a row of its own
COMPARED = tuple(name for name in SOLVERS if name not in (ADAPTIVE, "leapfrog"))  # leapfrog is there to be reversed


def run(bench: Bench) -> Outcome:
    """Figures of synthesis and of segmentation by solver and number of network calls."""
    bench = replace(bench, diverse=0)
    settings = [(solver, calls // calls_per_step(solver)) for calls in CALLS for solver in COMPARED]
    settings.append((ADAPTIVE, 1))
    to_photo, to_layout = [], []
    for solver, steps in settings:
        with counted_calls(bench.pipeline) as calls:
            photos = bench.harness.synthesize(steps=steps, solver=solver)
        figures = bench.synthesis(photos, steps=steps, solver=solver)
        to_photo.append(_row(solver, steps, calls, bench, figures))
        with counted_calls(bench.pipeline) as calls:
            figures = {"segmentation mIoU": bench.segmentation(bench.harness.photos, steps=steps, solver=solver)}
        to_layout.append(_row(solver, steps, calls, bench, figures))
    return Outcome(
        "Which solver gives most for a number of network calls, and does the paper's RK45 buy anything?",
        bench.about,
        [Table("Synthesis, quadratic grid", to_photo), Table("Segmentation, uniform grid", to_layout)],
    )


def _row(solver: str, steps: int, calls: list[int], bench: Bench, figures: dict[str, Estimate]) -> dict[str, object]:
    batches = -(-len(bench.harness.masks) // bench.harness.batch)
    return {"solver": solver, "steps": steps, "network calls": round(len(calls) / batches, 1), **figures}


def calls_per_step(solver: str) -> int:
    """Evaluations of the velocity per step of a fixed-step solver, counted over one step."""
    times: list[float] = []

    def still(z: torch.Tensor, t: float) -> torch.Tensor:
        times.append(t)
        return torch.zeros_like(z)

    solve(still, torch.zeros(1), [1.0, 0.0], solver)
    return len(times)


@contextmanager
def counted_calls(pipeline: SemFlowPipeline) -> Iterator[list[int]]:
    """A list that grows by one entry per call of the velocity: its batch size."""
    calls: list[int] = []
    velocity = pipeline.velocity

    def counting(z: torch.Tensor, t: float) -> torch.Tensor:
        calls.append(len(z))
        return velocity(z, t)

    pipeline.velocity = counting
    try:
        yield calls
    finally:
        pipeline.velocity = velocity
