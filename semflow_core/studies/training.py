"""Studies that train: the same configuration and budget, a few overrides each, then the figures of what came out.

A study is a list of variants; a variant is what `python -m semflow_core train CONFIG key=value ...` would be given.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..pipeline.pipeline import SemFlowPipeline
from ..training.config import build, read_config
from ..training.run import run_training
from ..training.tasks.flow import FlowConfig
from .bench import make_bench, sheet
from .table import Outcome, Table

BUDGET = 4500  # steps of all variants together: about an hour on two CPU cores
PLAIN = ("backbone_steps=0", "photo_reading=0")  # studies are about the U-Net alone, but for two
EYES = "backbone_steps=300"
STEPS = (1, 8)  # at which every variant is measured


@dataclass(frozen=True)
class Variant:
    name: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainingStudy:
    question: str
    variants: tuple[Variant, ...]


TRAINING_STUDIES = {
    "codebook": TrainingStudy(
        "The paper's codebook (6, 50) or a wide one (3, 125) whose anchors stand in a searched order?",
        (
            Variant("wide (3, 125), searched order"),
            Variant("wide (3, 125), the paper's order", ("domain.order=[]",)),
            # beta at the same share of s/2
            Variant("paper (6, 50)", ("domain.k=6", "domain.s=50", "domain.order=[]", "beta=16")),
        ),
    ),
    "perturbation": TrainingStudy(
        "Which perturbation should training use: none, the paper's white ±6, or regional, as noise or saying colours?",
        (
            Variant("none", ("beta=0", "spectrum=white", "appearance=false")),
            Variant("white ±6 (the paper)", ("beta=6", "spectrum=white", "appearance=false")),
            Variant("white ±40", ("beta=40", "spectrum=white", "appearance=false")),
            Variant("regional ±20", ("beta=20", "spectrum=regional", "appearance=false")),
            Variant("regional ±40", ("beta=40", "spectrum=regional", "appearance=false")),
            Variant("regional ±40, saying colours", ("beta=40", "spectrum=regional", "appearance=true")),
        ),
    ),
    "times": TrainingStudy(
        "Where should training put its times: evenly, at both ends, or in the middle?",
        (
            Variant("uniform (the paper)", ("time_sampling=uniform",)),
            Variant("U-shaped", ("time_sampling=u_shaped",)),
            Variant("logit-normal", ("time_sampling=logit_normal",)),
        ),
    ),
    "endpoint": TrainingStudy(
        "Does cross-entropy on the decoded mask that the velocity points to help, how much of it, and of which kind?",
        (
            Variant("none (the paper)", ("endpoint=0",)),
            Variant("0.2 of the common one", ("endpoint=0.2", "endpoint_power=0")),
            Variant("1 of the common one", ("endpoint=1", "endpoint_power=0")),
            Variant("1 of the generalised one, q = 0.5", ("endpoint=1", "endpoint_power=0.5")),
        ),
    ),
    "own-states": TrainingStudy(
        "Does it help to train where the network itself arrives, from the photo and from the layout?",
        (
            Variant("the straight path only (the paper)", ("own_states=0",)),
            Variant("3 of 16 samples a direction", ("own_states=3",)),
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
        "Does it help to let the U-Net see what an ImageNet backbone, taught to read first, sees in z_t?",
        (Variant("none (the paper)"), Variant("a backbone, taught for 300 steps", (EYES,))),
    ),
    "reading": TrainingStudy(
        "Does it help that the backbone reads the photos that are made, and the layout must be what it reads?",
        (
            Variant("not read", (EYES, "photo_reading=0")),
            Variant("read, at weight 0.3", (EYES, "photo_reading=0.3")),
        ),
    ),
    "augmentation": TrainingStudy(
        "What does augmentation buy with few pairs?",
        (
            Variant("the configuration's"),
            Variant("no rotation", ("augment.rotate=0",)),
            Variant("no mirror", ("augment.mirror=false",)),
            Variant("one copy of each pair", ("copies=1",)),
        ),
    ),
}


def run_training_study(
    name: str, config: Path, overrides: list[str], out: Path, n: int, seed: int, batch: int, diverse: int
) -> Outcome:
    """Train every variant and measure it on its development split.

    Args:
        overrides: settings of all variants, as of `train`; without optim.steps BUDGET is divided among them.
        out: a folder of runs, one a variant; a run that is there goes on, one that is finished is only measured.

    Raises:
        InputError: a setting or the data is wrong; nothing has been trained then.
    """
    study = TRAINING_STUDIES[name]
    budget = f"optim.steps={BUDGET // len(study.variants)}"
    plans = {
        variant: [budget, *PLAIN, *overrides, *variant.overrides, f"out={out / name / str(i)}"]
        for i, variant in enumerate(study.variants)
    }
    for words in plans.values():  # all of them, before the first trains for an hour
        settings(config, words)
    rows, columns, about = [], [], ""
    for variant, words in plans.items():
        run_training(config, words)
        flow = settings(config, words)
        pipeline = SemFlowPipeline.from_pretrained(Path(flow.out) / "export")
        bench = make_bench(pipeline, config, n, seed, batch, diverse, flow.data)
        about = f"{config.name}, {flow.optim.steps} training steps of {flow.optim.batch} each; {bench.about}"
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


def settings(config: Path, overrides: list[str]) -> FlowConfig:
    """Raise InputError unless the file and the overrides are a flow's configuration."""
    raw = read_config(config, overrides)
    if raw.pop("kind", None) != "flow":
        raise InputError(f"{config} does not train a flow; a study needs a configuration of kind 'flow'")
    return build(FlowConfig, raw)
