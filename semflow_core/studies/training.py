"""Studies that train: one configuration and budget, a few settings per variant, then the figures of the models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..errors import InputError
from ..pipeline.pipeline import SemFlowPipeline
from ..training.latents import LatentCache
from ..training.run import run_training
from ..training.stages import Plan, read_plan
from ..training.tasks.flow import FlowConfig
from .bench import make_bench, sheet
from .settings import StudySettings
from .table import Outcome, Table
from .variants import PLAIN, TRAINING_STUDIES

BUDGET = 4500  # training steps of all variants together: about an hour on two CPU cores
STEPS = (1, 8)  # numbers of solver steps at which every variant is measured


def run_training_study(name: str, settings: StudySettings) -> Outcome:
    """Train every variant and measure it on the development split.

    Without an override of optim.steps BUDGET is divided among the variants. Each has a run in a folder of its own below
    `settings.out`; a run that is there goes on, and one that is finished is only measured.

    Raises:
        InputError: a setting or the data is wrong; nothing has been trained then.
    """
    study, config = TRAINING_STUDIES[name], settings.config
    budget = f"optim.steps={BUDGET // len(study.variants)}"
    cache = LatentCache()
    overrides = [
        [budget, *PLAIN, *settings.overrides, *variant.overrides, f"out={settings.out / name / str(i)}"]
        for i, variant in enumerate(study.variants)
    ]
    for words in overrides:  # all of them, before the first trains for an hour
        flow_plan(config, words)
    rows, columns, about = [], [], ""
    for variant, words in zip(study.variants, overrides):
        plan = run_training(config, words, cache)
        optim = plan.sections["flow"].optim
        pipeline = SemFlowPipeline.from_pretrained(plan.export("flow"))
        bench = make_bench(pipeline, settings, plan.run.data)
        about = f"{config.name}, {optim.steps} training steps of {optim.batch} each; {bench.about}"
        codec = bench.codec_alone()
        columns.append((pipeline, {"steps": STEPS[-1]}))
        rows += [{"variant": variant.name, "steps": steps, **bench.both_ways(steps), **codec} for steps in STEPS]
    return Outcome(study.question, about, [Table("By variant and solver steps", rows)], sheet(columns))


def for_stage(stage: str, words: Sequence[str], flow: FlowConfig) -> list[str]:
    """Settings that train another stage as a flow is trained: on the same latents, with the same optimiser and U-Net.

    Args:
        words: the flow's settings; those of its own section are left out.
    """
    shared = [word for word in words if not word.startswith(("flow.", "stages="))]
    return [*shared, f"kind={stage}", f"{stage}.unet={json.dumps(asdict(flow.unet))}"]


def flow_plan(config: Path, overrides: Sequence[str]) -> Plan:
    """The plan of a file and `key=value` settings.

    Raises:
        InputError: they train no flow, or a setting is wrong.
    """
    plan = read_plan(config, list(overrides))
    if "flow" not in plan.sections:
        raise InputError(f"{config} does not train a flow; a study needs a configuration with the stage 'flow'")
    return plan
