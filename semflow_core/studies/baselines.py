"""The paper's comparison (its Table 2): the flow against diffusion segmentation, by steps and by seed.

All three networks get the same latents, steps and batch; the discriminative one is the honest upper reference, for it
has nothing else to learn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..evaluation.evaluate import miou
from ..evaluation.segmentation import confusions
from ..nets.contracts import UNetVelocity
from ..nets.starts import load_unet
from ..pipeline.pipeline import SemFlowPipeline
from ..training.latents import LatentCache
from ..training.run import run_training
from ..training.tasks.discriminative import segment_discriminative
from ..training.tasks.dsm import SAMPLERS, segment_dsm
from .bench import Bench, make_bench
from .settings import StudySettings
from .table import Outcome, Table
from .training import flow_plan, for_stage
from .variants import PLAIN

KINDS = ("flow", "dsm", "discriminative")
BUDGET = 4500  # training steps of all three together
FLOW_STEPS = (1, 2, 5, 10, 25)
DSM_STEPS = (2, 5, 10, 25, 50, 100, 200)
SEEDS = (0, 1)

Segment = Callable[[list[np.ndarray]], np.ndarray]  # photos -> class ids (B, S, S)


def run_baselines(settings: StudySettings) -> Outcome:
    """Train the three networks on one budget, then segment the development split with each.

    Without an override of optim.steps BUDGET is divided among the three. Each has a run in a folder of its own below
    `settings.out`; a run that is there goes on.

    Raises:
        InputError: a setting or the data is wrong.
    """
    # all from scratch, the flow as plain as the paper's, and without the terms that only serve synthesis
    words = [f"optim.steps={BUDGET // 3}", 'flow.init=""', "flow.photo_features.weight=0", *PLAIN]
    words += ["latents.appearance=false", "flow.off_path.samples=0", *settings.overrides]
    chosen = {key: value for key, _, value in (word.partition("=") for word in words)}  # later ones win
    words.append(f"out={settings.out / 'baselines'}")
    plan, cache = flow_plan(settings.config, words), LatentCache()
    trained = plan.sections["flow"]
    for kind in KINDS:
        run_training(settings.config, words if kind == "flow" else for_stage(kind, words, trained), cache)
    pipeline = SemFlowPipeline.from_pretrained(plan.export("flow"))
    bench = make_bench(pipeline, settings, plan.run.data)
    dsm, plain = (network(plan.export(kind) / "unet", pipeline) for kind in KINDS[1:])

    rows = []
    for steps in FLOW_STEPS:

        def flow(photos: list[np.ndarray], steps: int = steps) -> np.ndarray:
            return bench.harness.segment(photos, steps=steps)

        rows.append({"method": "SemFlow", "sampler": "euler", "steps": steps, **measure(bench, [flow])})
    for sampler in SAMPLERS:
        for steps in DSM_STEPS:
            by_seed: list[Segment] = [
                lambda photos, s=s, k=steps, a=sampler: segment_dsm(pipeline, dsm, photos, a, k, s) for s in SEEDS
            ]
            rows.append({"method": "DSM", "sampler": sampler, "steps": steps, **measure(bench, by_seed)})
    plain_row = measure(bench, [lambda photos: segment_discriminative(pipeline, plain, photos)])
    rows.append({"method": "discriminative U-Net", "sampler": "-", "steps": 1, **plain_row})
    return Outcome(
        "Does a flow segment better than a diffusion model of the same network, data and budget (the paper's Table 2)?",
        f"{settings.config.name}, {', '.join('='.join(w) for w in chosen.items())}; {bench.about}",
        [Table("Segmentation of the development split", rows)],
    )


def network(folder: Path, pipeline: SemFlowPipeline) -> UNetVelocity:
    """A saved network, on the pipeline's device."""
    velocity = UNetVelocity(load_unet(folder).eval())
    velocity.to(pipeline.device)
    return velocity


def measure(bench: Bench, methods: list[Segment]) -> dict[str, Any]:
    """mIoU of the first method, the largest difference of another from it, and seconds per image.

    Args:
        methods: one method with different seeds.
    """
    h, scores = bench.harness, []
    started = time.perf_counter()
    for segment in methods:
        parts = [segment(list(h.photos[i : i + h.batch])) for i in range(0, len(h.photos), h.batch)]
        scores.append(miou(confusions(np.concatenate(parts), h.masks, h.palette), h.seed))
    seconds = (time.perf_counter() - started) / len(methods) / len(h.photos)
    change = max(abs(s.value - scores[0].value) for s in scores)
    return {
        "segmentation mIoU": scores[0],
        "change with the seed": round(change, 2),
        "seconds per image": round(seconds, 3),
    }
