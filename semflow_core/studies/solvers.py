"""Solvers at equal numbers of network calls, in both directions (the paper's Fig. 10)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..evaluation.bootstrap import Estimate
from ..pipeline.pipeline import SemFlowPipeline
from .bench import Bench
from .table import Outcome, Table

CALLS_A_STEP = {"euler": 1, "ab2": 1, "midpoint": 2, "heun": 2, "rk4": 4}
CALLS = (4, 8, 24)


def run(bench: Bench) -> Outcome:
    bench = replace(bench, diverse=0)
    settings = [(solver, calls // per) for calls in CALLS for solver, per in CALLS_A_STEP.items()]
    settings.append(("rk45", 1))  # which chooses its own steps in the one interval that it is given
    to_photo, to_layout = [], []
    for solver, steps in settings:
        with counted_calls(bench.pipeline) as calls:
            made = bench.harness.synthesize(steps=steps, solver=solver)
        figures = bench.synthesis(made, steps=steps, solver=solver)
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


@contextmanager
def counted_calls(pipeline: SemFlowPipeline) -> Iterator[list[int]]:
    """A list that grows by one entry a call of the network: its batch size."""
    calls: list[int] = []
    hook = pipeline.unet.register_forward_hook(lambda module, inputs, output: calls.append(len(inputs[0])))
    try:
        yield calls
    finally:
        hook.remove()
