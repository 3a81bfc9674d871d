"""Studies that train: the same configuration and budget, a few overrides each, then the figures of what came out.

A study is a list of variants; a variant is what `python -m semflow_core train CONFIG key=value ...` would be given.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import InputError
from ..pipeline.pipeline import SemFlowPipeline
from ..training.latents import LatentCache
from ..training.run import run_training
from ..training.stages import Plan, read_plan
from ..training.tasks.flow import FlowConfig
from .bench import make_bench, sheet
from .table import Outcome, Table

BUDGET = 4500  # steps of all variants together: about an hour on two CPU cores
# studies are about the U-Net alone, but for two
PLAIN = ("stages=[flow]", "flow.photo_reading.weight=0")
BACKBONE = ("stages=[backbone, flow]", "backbone.optim.steps=300")
STEPS = (1, 8)  # at which every variant is measured


@dataclass(frozen=True)
class Variant:
    name: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainingStudy:
    question: str
    variants: tuple[Variant, ...]


def perturbed(beta: int, spectrum: str, appearance: bool = False) -> tuple[str, ...]:
    """Settings of a perturbation."""
    return f"latents.beta={beta}", f"latents.spectrum={spectrum}", f"latents.appearance={str(appearance).lower()}"


TRAINING_STUDIES = {
    "codebook": TrainingStudy(
        "The paper's codebook (6, 50) or a wide one (3, 125) whose anchors stand in a searched order?",
        (
            Variant("wide (3, 125), searched order"),
            Variant("wide (3, 125), the paper's order", ("latents.domain.order=[]",)),
            # beta at the same share of s/2
            Variant(
                "paper (6, 50)",
                ("latents.domain.k=6", "latents.domain.s=50", "latents.domain.order=[]", "latents.beta=16"),
            ),
        ),
    ),
    "perturbation": TrainingStudy(
        "Which perturbation should training use: none, the paper's white ±6, or regional, as noise or for colours?",
        (
            Variant("none", perturbed(0, "white")),
            Variant("white ±6 (the paper)", perturbed(6, "white")),
            Variant("white ±40", perturbed(40, "white")),
            Variant("regional ±20", perturbed(20, "regional")),
            Variant("regional ±40", perturbed(40, "regional")),
            Variant("regional ±40, for colours", perturbed(40, "regional", appearance=True)),
        ),
    ),
    "times": TrainingStudy(
        "Where should training put its times: evenly, at both ends, or in the middle?",
        (
            Variant("uniform (the paper)", ("flow.time_sampling=uniform",)),
            Variant("U-shaped", ("flow.time_sampling=u_shaped",)),
            Variant("logit-normal", ("flow.time_sampling=logit_normal",)),
        ),
    ),
    "endpoint": TrainingStudy(
        "Does cross-entropy on the decoded mask that the velocity points to help, how much of it, and of which kind?",
        (
            Variant("none (the paper)", ("flow.endpoint.weight=0",)),
            Variant("0.2 of the common one", ("flow.endpoint.weight=0.2", "flow.endpoint.power=0")),
            Variant("1 of the common one", ("flow.endpoint.weight=1", "flow.endpoint.power=0")),
            Variant("1 of the generalised one, q = 0.5", ("flow.endpoint.weight=1", "flow.endpoint.power=0.5")),
        ),
    ),
    "off-path": TrainingStudy(
        "Does it help to train on off-path states, which the network itself reaches from the photo and the layout?",
        (
            Variant("the straight path only (the paper)", ("flow.off_path.samples=0",)),
            Variant("3 of 16 samples per direction", ("flow.off_path.samples=3",)),
        ),
    ),
    "ema": TrainingStudy(
        "How long an average of the weights?",
        (
            Variant("none (the paper)", ("optim.ema=0",)),
            Variant("0.9", ("optim.ema=0.9",)),
            # averages warm up: they are one and the same before the 460th step at 0.99, the 10 000th at 0.999
            Variant("0.999, warming up", ("optim.ema=0.999",)),
        ),
    ),
    "backbone": TrainingStudy(
        "Does it help to give the U-Net the features of an ImageNet backbone, trained to segment first?",
        (Variant("none (the paper)"), Variant("a backbone, trained for 300 steps", BACKBONE)),
    ),
    "reading": TrainingStudy(
        "Does it help that the backbone must find the layout in the photos that are synthesised?",
        (
            Variant("no such term", (*BACKBONE, "flow.photo_reading.weight=0")),
            Variant("at weight 0.3", (*BACKBONE, "flow.photo_reading.weight=0.3")),
        ),
    ),
    "augmentation": TrainingStudy(
        "What does augmentation buy with few pairs?",
        (
            Variant("the configuration's"),
            Variant("no rotation", ("latents.augment.rotate=0",)),
            Variant("no mirror", ("latents.augment.mirror=false",)),
            Variant("one copy of each pair", ("latents.copies=1",)),
        ),
    ),
}


def run_training_study(
    name: str, config: Path, overrides: list[str], out: Path, n: int, seed: int, batch: int, diverse: int
) -> Outcome:
    """Train every variant and measure it on its development split.

    Args:
        overrides: settings of all variants, as of `train`; without optim.steps BUDGET is divided among them.
        out: a folder of runs, one per variant; a run that is there goes on, one that is finished is only measured.

    Raises:
        InputError: a setting or the data is wrong; nothing has been trained then.
    """
    study = TRAINING_STUDIES[name]
    budget = f"optim.steps={BUDGET // len(study.variants)}"
    cache = LatentCache()
    plans = {
        variant: [budget, *PLAIN, *overrides, *variant.overrides, f"out={out / name / str(i)}"]
        for i, variant in enumerate(study.variants)
    }
    for words in plans.values():  # all of them, before the first trains for an hour
        settings(config, words)
    rows, columns, about = [], [], ""
    for variant, words in plans.items():
        plan = run_training(config, words, cache)
        optim = plan.sections["flow"].optim
        pipeline = SemFlowPipeline.from_pretrained(plan.export("flow"))
        bench = make_bench(pipeline, config, n, seed, batch, diverse, plan.run.data)
        about = f"{config.name}, {optim.steps} training steps of {optim.batch} each; {bench.about}"
        codec = bench.codec_alone()
        columns.append((pipeline, {"steps": STEPS[-1]}))
        for steps in STEPS:
            rows.append(
                {
                    "variant": variant.name,
                    "steps": steps,
                    **bench.both_ways(steps),
                    **codec,
                }
            )
    caption = f"the variants in the table's order, {STEPS[-1]} steps"
    return Outcome(study.question, about, [Table("By variant and solver steps", rows)], sheet(columns), caption)


def for_stage(stage: str, words: Sequence[str], flow: FlowConfig) -> list[str]:
    """Settings that train another stage as a flow is trained: on the same latents, with the same optimiser and U-Net.

    Args:
        words: the flow's settings; those of its own section are left out.
    """
    shared = [word for word in words if not word.startswith(("flow.", "stages="))]
    return [*shared, f"kind={stage}", f"{stage}.unet={json.dumps(asdict(flow.unet))}"]


def settings(config: Path, overrides: list[str]) -> Plan:
    """Raise InputError unless the file and the overrides train a flow."""
    plan = read_plan(config, overrides)
    if "flow" not in plan.sections:
        raise InputError(f"{config} does not train a flow; a study needs a configuration with the stage 'flow'")
    return plan
