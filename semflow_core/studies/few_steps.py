"""Methods for syntheses of few steps: a base model, then equally long training by each method from its weights."""

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
from .settings import StudySettings
from .table import Outcome, Table
from .training import flow_plan, for_stage
from .variants import PLAIN

BUDGET = 4500  # training steps of all runs together, a third of them for the base
STEPS = (1, 2, 4, 8)
SHEET_STEPS = (1, 8)  # numbers of solver steps in the sheet


@dataclass(frozen=True)
class Method:
    """A way to go on from the base: further settings of `train`, and the stage that they train."""

    name: str
    overrides: tuple[str, ...] = ()
    kind: str = "flow"


def methods(base: Path) -> tuple[Method, ...]:
    """The methods.

    Args:
        base: the exported base model.
    """
    plain = (f"flow.init={base / 'unet'}", "flow.photo_features.weight=0")
    return (
        Method("more of the same", plain),
        Method("one reflow round", (*plain, f"flow.reflow.model={base}")),
        Method("shortcut", (f"shortcut.init={base / 'unet'}",), "shortcut"),
        Method("pixels of the photo that v comes from", (*plain, "flow.photo_pixels.weight=0.5")),
        Method("features of the photo that v comes from", (plain[0], "flow.photo_features.weight=1")),
    )


def run_few_steps(settings: StudySettings) -> Outcome:
    """Train a base, and each method from its weights; measure all at 1 to 8 solver steps, in both directions.

    An override of optim.steps is the length of a method's training; the base is trained 2.5 times as long. Each run has
    a folder of its own below `settings.out`; a run that is there goes on, and one that is finished is only measured.

    Raises:
        InputError: a setting or the data is wrong.
    """
    config, folder = settings.config, settings.out / "few-steps"
    base, each = folder / "base", [f"optim.steps={BUDGET * 2 // 15}", *PLAIN, *settings.overrides]
    plan = flow_plan(config, [*each, f"out={folder}"])
    flow, cache = plan.sections["flow"], LatentCache()
    steps = flow.optim.steps
    longer = [*each, f"optim.steps={steps * 5 // 2}", "flow.photo_features.weight=0", f"out={base}"]
    export = run_training(config, longer, cache).export("flow")
    rows, columns, about = [], [], ""
    for i, method in enumerate((Method("base"), *methods(export))):
        if i:
            words = each if method.kind == "flow" else like(flow, method.kind, each)
            words = [*words, *method.overrides, f"out={folder / str(i)}"]
            export = run_training(config, words, cache).export(method.kind)
        bench = make_bench(SemFlowPipeline.from_pretrained(export), settings, plan.run.data)
        about = f"{config.name}, base {steps * 5 // 2} training steps, each method {steps} more; {bench.about}"
        for k in STEPS:
            figures = shortcut(bench, export, k) if method.kind == "shortcut" else bench.both_ways(k)
            rows.append({"method": method.name, "steps": k, **figures})
        columns += [column(bench.pipeline, export, method, k) for k in SHEET_STEPS]
    return Outcome(
        "What makes pictures of few steps better, from the same weights on and for as long?",
        about,
        [Table("By method and solver steps", rows)],
        sheet(columns),
    )


def like(flow: FlowConfig, stage: str, words: list[str]) -> list[str]:
    """Settings of a stage with the terms of a flow's loss, but for the features."""
    off = {name: {term.SWITCH: getattr(term, term.SWITCH)} for name, term in flow.items()}
    on: dict[str, Any] = {name: asdict(term) for name, term in flow.items() if term.is_on}  # type: ignore[call-overload]
    terms = {**off, **on, "photo_features": {"weight": 0}}
    own = [f"{stage}.{name}={json.dumps(config)}" for name, config in terms.items()]
    return [*for_stage(stage, words, flow), *own, f"{stage}.time_sampling={flow.time_sampling}"]


def column(flow: SemFlowPipeline, export: Path, method: Method, steps: int) -> tuple[SemFlowPipeline, dict[str, Any]]:
    """A column of the sheet: a model and the settings of its synthesis."""
    if method.kind == "shortcut":
        return SemFlowPipeline.from_pretrained(export / f"to_photo_{steps}"), {"steps": steps, "grid": "uniform"}
    return flow, {"steps": steps}


def shortcut(bench: Bench, export: Path, steps: int) -> dict[str, Estimate]:
    """The figures of networks that get the step's size, on the uniform grid; the flow segments their syntheses."""

    def towards(end: str) -> Bench:
        network = SemFlowPipeline.from_pretrained(export / f"{end}_{steps}")
        harness = bench.harness
        return replace(bench, harness=Harness(network, harness.photos, harness.masks, harness.seed, harness.batch))

    photo, mask = towards("to_photo"), towards("to_mask")
    syntheses = photo.harness.synthesize(steps=steps, grid="uniform")
    figures = {
        "segmentation mIoU": mask.segmentation(bench.harness.photos, steps=steps),
        "cycle mIoU": bench.segmentation(syntheses, steps=READ_STEPS),
        **bench.metrics.against(syntheses, paired=True),
    }
    if bench.diverse:
        figures |= bench.metrics.between(photo.harness.by_seed(bench.diverse, steps=steps, grid="uniform"))
    return figures
