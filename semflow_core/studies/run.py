"""`python -m semflow_core study NAME`: runs one study, prints its tables and writes them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from ..errors import InputError
from ..pipeline.registry import load_pipeline
from . import beta, grids, solvers, style
from .baselines import run_baselines
from .bench import Bench, make_bench
from .ceiling import run_ceiling
from .domains import run_domains
from .few_steps import run_few_steps
from .nearest import run_nearest
from .preference import run_preference
from .settings import StudySettings
from .table import Outcome
from .training import run_training_study
from .variants import TRAINING_STUDIES

MODEL_STUDIES: dict[str, Callable[[Bench], Outcome]] = {
    "grids": grids.run,
    "solvers": solvers.run,
    "beta": beta.run,
    "style": style.run,
}
PHOTO_STUDIES: dict[str, Callable[[StudySettings], Outcome]] = {  # of whole photos, as the studio shows or reads them
    "preference": run_preference,
    "nearest": run_nearest,
    "ceiling": run_ceiling,
}
TRAINED: dict[str, Callable[[StudySettings], Outcome]] = {
    **{name: partial(run_training_study, name) for name in TRAINING_STUDIES},
    "few-steps": run_few_steps,
    "domains": run_domains,
    "baselines": run_baselines,
}


def run_study(name: str, settings: StudySettings) -> Outcome:
    """Run a study and write NAME.md, NAME.json and its sheet of pictures or page into `settings.out`.

    Raises:
        InputError: no such study, or its model, data or settings are wrong.
    """
    started = time.monotonic()
    untrained = {**MODEL_STUDIES, **PHOTO_STUDIES}
    if name in untrained and settings.overrides:
        raise InputError(f"the study '{name}' trains nothing, so it takes no settings such as {settings.overrides[0]}")
    if name in TRAINED:
        outcome = TRAINED[name](settings)
    elif name in PHOTO_STUDIES:
        outcome = PHOTO_STUDIES[name](settings)
    elif name in MODEL_STUDIES:
        # studies are about the flow, and their figures older than the faces' renderer
        pipeline = load_pipeline(settings.model, settings.extra, settings.device).without_renderer()
        outcome = MODEL_STUDIES[name](make_bench(pipeline, settings))
    else:
        raise InputError(f"there is no study '{name}'; it is one of {', '.join((*untrained, *TRAINED))}")
    outcome.write(settings.out, name)
    print(outcome.markdown())
    print(f"\n{(time.monotonic() - started) / 60:.1f} minutes; written to {settings.out}")
    return outcome
