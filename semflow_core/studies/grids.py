"""The time grids of synthesis at equal numbers of network calls."""

from __future__ import annotations

from ..method.flow import GRIDS
from .bench import Bench
from .table import Outcome, Table

STEPS = (1, 2, 4, 8, 25)


def run(bench: Bench) -> Outcome:
    """Figures of synthesis by number of steps and grid."""
    rows = []
    for steps in STEPS:
        for grid in GRIDS:
            if steps == 1 and rows:
                continue  # one step goes from 1 to 0 on every grid
            name = grid if steps > 1 else "any"
            rows.append({"steps": steps, "grid": name, **bench.synthesis(steps=steps, grid=grid)})
    return Outcome(
        "Which time grid should synthesis use: uniform (the paper), 1 - u² (quadratic) or 1 - u³ (cubic)?",
        bench.about,
        [Table("Synthesis by grid and steps, Euler", rows)],
        bench.sheet([{"steps": steps, "grid": grid} for grid in GRIDS for steps in (2, 8)]),
    )
