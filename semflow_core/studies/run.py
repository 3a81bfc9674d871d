"""`python -m semflow_core study NAME`: runs one study, prints its tables and writes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import InputError
from ..pipeline.registry import load_pipeline
from . import beta, grids, solvers, style
from .baselines import run_baselines
from .bench import Bench, make_bench
from .domains import run_domains
from .few_steps import run_few_steps
from .table import Outcome
from .training import TRAINING_STUDIES, run_training_study

MODEL_STUDIES: dict[str, Callable[[Bench], Outcome]] = {
    "grids": grids.run,
    "solvers": solvers.run,
    "beta": beta.run,
    "style": style.run,
}
NAMES = (*MODEL_STUDIES, *TRAINING_STUDIES, "few-steps", "domains", "baselines")


def run_study(
    name: str,
    out: Path,
    config: Path,
    overrides: list[str],
    model: str = "faces",
    extra: Sequence[Path] = (),
    device: str = "cpu",
    n: int = 50,
    seed: int = 0,
    batch: int = 8,
    diverse: int = 4,
) -> Outcome:
    """Run a study and write NAME.md, NAME.json and its sheet of pictures into `out`.

    Args:
        config: the training configuration: whose development split is used, and what training studies train;
            `domains` trains the streets.yaml beside it, too.
        overrides: of the configuration; for training studies only.
        n: pairs of the development split.
        diverse: layouts that are made with 8 seeds each.

    Raises:
        InputError: no such study, or its model, data or settings are wrong.
    """
    if name not in NAMES:
        raise InputError(f"there is no study '{name}'; it is one of {', '.join(NAMES)}")
    if n < 2:
        raise InputError(f"a study compares sets of photos: it needs at least 2 pairs, not {n}")
    started = time.monotonic()
    if name == "baselines":
        outcome = run_baselines(config, overrides, out, n, seed, batch)
    elif name == "few-steps":
        outcome = run_few_steps(config, overrides, out, n, seed, batch, diverse)
    elif name == "domains":
        outcome = run_domains([config, config.with_name("streets.yaml")], overrides, out, n, seed, batch, diverse)
    elif name in TRAINING_STUDIES:
        outcome = run_training_study(name, config, overrides, out, n, seed, batch, diverse)
    else:
        if overrides:
            raise InputError(f"the study '{name}' trains nothing, so it takes no settings such as {overrides[0]}")
        pipeline = load_pipeline(model, extra, device)
        outcome = MODEL_STUDIES[name](make_bench(pipeline, config, n, seed, batch, diverse))
    outcome.write(out, name)
    print(outcome.markdown())
    print(f"\n{(time.monotonic() - started) / 60:.1f} minutes; written to {out}")
    return outcome
