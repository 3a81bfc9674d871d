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
from .table import Outcome, Table
from .training import PLAIN, for_stage, settings

KINDS = ("flow", "dsm", "discriminative")
BUDGET = 4500  # training steps of all three together
FLOW_STEPS = (1, 2, 5, 10, 25)
DSM_STEPS = (2, 5, 10, 25, 50, 100, 200)
SEEDS = (0, 1)

Segment = Callable[[list[np.ndarray]], np.ndarray]  # photos -> class ids (B, S, S)


def run_baselines(config: Path, overrides: list[str], out: Path, n: int, seed: int, batch: int) -> Outcome:
    """Train the three on one budget, then segment the development split.

    Args:
        overrides: settings of all three, as of `train`; without optim.steps BUDGET is divided among them.
        out: a folder of runs, one per kind; a run that is there goes on.

    Raises:
        InputError: a setting or the data is wrong.
    """
    # all from scratch, the flow as plain as the paper's, and without the terms that only serve synthesis
    words = [f"optim.steps={BUDGET // 3}", 'flow.init=""', "flow.photo_features.weight=0", *PLAIN]
    words += ["latents.appearance=false", "flow.off_path.samples=0", *overrides]
    chosen = {key: value for key, _, value in (word.partition("=") for word in words)}  # later ones win
    words.append(f"out={out / 'baselines'}")
    plan, cache = settings(config, words), LatentCache()
    trained = plan.sections["flow"]
    for kind in KINDS:
        run_training(config, words if kind == "flow" else for_stage(kind, words, trained), cache)
    pipeline = SemFlowPipeline.from_pretrained(plan.export("flow"))
    bench = make_bench(pipeline, config, n, seed, batch, diverse=0, data=plan.run.data)
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
        f"{config.name}, {', '.join('='.join(w) for w in chosen.items())}; {bench.about}",
        [Table("Segmentation of the development split", rows)],
    )


def network(folder: Path, pipeline: SemFlowPipeline) -> UNetVelocity:
    """A saved network, in the pipeline's place."""
    velocity = UNetVelocity(load_unet(folder).eval())
    velocity.to(pipeline.device)
    return velocity


def measure(bench: Bench, ways: list[Segment]) -> dict[str, Any]:
    """mIoU of the first way, the most that another differs from it, and seconds an image.

    Args:
        ways: the same method under different seeds.
    """
    h, found = bench.harness, []
    started = time.perf_counter()
    for way in ways:
        parts = [way(list(h.photos[i : i + h.batch])) for i in range(0, len(h.photos), h.batch)]
        found.append(miou(confusions(np.concatenate(parts), h.masks, h.palette), h.seed))
    seconds = (time.perf_counter() - started) / len(ways) / len(h.photos)
    change = max(abs(f.value - found[0].value) for f in found) if len(found) > 1 else 0.0
    return {
        "segmentation mIoU": found[0],
        "change with the seed": round(change, 2),
        "seconds an image": round(seconds, 3),
    }
