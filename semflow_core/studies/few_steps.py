"""What makes one, two and four steps look like photos: a base, then each method for as long from there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..evaluation.bootstrap import Estimate
from ..evaluation.harness import Harness
from ..pipeline.pipeline import SemFlowPipeline
from ..training.latents import LatentCache
from ..training.run import run_training
from ..training.tasks.flow import FlowConfig
from .bench import READ_STEPS, Bench, make_bench, sheet
from .table import Outcome, Table
from .training import PLAIN, for_stage, settings

BUDGET = 4500  # training steps of all: a third for the base
STEPS = (1, 2, 4, 8)
SHOWN = (1, 8)  # in the sheet


@dataclass(frozen=True)
class Method:
    name: str
    overrides: tuple[str, ...] = ()
    kind: str = "flow"


def methods(base: Path) -> tuple[Method, ...]:
    plain = (f"flow.init={base / 'unet'}", "flow.photo_features.weight=0")
    return (
        Method("more of the same", plain),
        Method("one reflow round", (*plain, f"flow.reflow.model={base}")),
        Method("shortcut", (f"shortcut.init={base / 'unet'}",), "shortcut"),
        Method("pixels of the photo that v comes from", (*plain, "flow.photo_pixels.weight=0.5")),
        Method("features of the photo that v comes from", (plain[0], "flow.photo_features.weight=1")),
    )


def run_few_steps(
    config: Path, overrides: list[str], out: Path, n: int, seed: int, batch: int, diverse: int
) -> Outcome:
    """Train a base, and from its weights every method; measure all at 1 to 8 steps, both ways.

    Args:
        overrides: settings of all, as of `train`; optim.steps is a method's; the base has 2.5 times as many.
        out: a folder of runs; a run that is there goes on, one that is finished is only measured.

    Raises:
        InputError: a setting or the data is wrong.
    """
    folder = out / "few-steps"
    base, each = folder / "base", [f"optim.steps={BUDGET * 2 // 15}", *PLAIN, *overrides]
    flow = settings(config, [*each, f"out={folder}"])
    steps, cache = flow.sections["flow"].optim.steps, LatentCache()
    longer = [*each, f"optim.steps={steps * 5 // 2}", "flow.photo_features.weight=0", f"out={base}"]
    export = run_training(config, longer, cache).export("flow")
    rows, columns, about = [], [], ""
    for i, method in enumerate((Method("base"), *methods(export))):
        if i:
            words = each if method.kind == "flow" else like(flow.sections["flow"], method.kind, each)
            words = [*words, *method.overrides, f"out={folder / str(i)}"]
            export = run_training(config, words, cache).export(method.kind)
        bench = make_bench(SemFlowPipeline.from_pretrained(export), config, n, seed, batch, diverse, flow.run.data)
        about = f"{config.name}, base {steps * 5 // 2} training steps, each method {steps} more; {bench.about}"
        for k in STEPS:
            figures = shortcut(bench, export, k) if method.kind == "shortcut" else bench.both_ways(k)
            rows.append({"method": method.name, "steps": k, **figures})
        columns += [picture(bench.pipeline, export, method, k) for k in SHOWN]
    return Outcome(
        "What makes pictures of few steps better, from the same weights on and for as long?",
        about,
        [Table("By method and solver steps", rows)],
        sheet(columns),
        f"the base and the methods in the table's order, {' and '.join(map(str, SHOWN))} steps each",
    )


def like(flow: FlowConfig, stage: str, words: list[str]) -> list[str]:
    """Settings of a stage with the terms of a flow's loss, but for the features."""
    terms = {name: asdict(config) for name, config in flow.items()} | {"photo_features": {"weight": 0}}  # type: ignore
    own = [f"{stage}.{name}={json.dumps(config)}" for name, config in terms.items()]
    return [*for_stage(stage, words, flow), *own, f"{stage}.time_sampling={flow.time_sampling}"]


def picture(flow: SemFlowPipeline, export: Path, method: Method, steps: int) -> tuple[SemFlowPipeline, dict[str, Any]]:
    """A column of the sheet."""
    if method.kind == "shortcut":
        return SemFlowPipeline.from_pretrained(export / f"to_photo_{steps}"), {"steps": steps, "grid": "uniform"}
    return flow, {"steps": steps}


def shortcut(bench: Bench, export: Path, steps: int) -> dict[str, Estimate]:
    """The same figures by networks that get the step's size, on even times; syntheses are read by the flow."""

    def towards(where: str) -> Bench:
        told = SemFlowPipeline.from_pretrained(export / f"{where}_{steps}")
        harness = bench.harness
        return replace(bench, harness=Harness(told, harness.photos, harness.masks, harness.seed, harness.batch))

    photo, mask = towards("to_photo"), towards("to_mask")
    made = photo.harness.synthesize(steps=steps, grid="uniform")
    figures = {
        "segmentation mIoU": mask.segmentation(bench.harness.photos, steps=steps),
        "cycle mIoU": bench.segmentation(made, steps=READ_STEPS),
        **bench.metrics.against(made, paired=True),
    }
    if bench.diverse:
        figures |= bench.metrics.between(photo.harness.by_seed(bench.diverse, steps=steps, grid="uniform"))
    return figures
