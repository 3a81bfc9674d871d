"""One network for faces and streets, with an embedding of the domain, against one network per domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from accelerate.utils import set_seed

from ..data.pairs import data_root
from ..pipeline.pipeline import SemFlowPipeline
from ..training.latents import LatentCache
from ..training.loop import train
from ..training.run import keep_subject, latents_of, refuse_another, run_training
from ..training.stages import Plan
from ..training.tasks.joint import JointTask
from .bench import make_bench, sheet
from .settings import StudySettings
from .table import Outcome, Table
from .training import flow_plan
from .variants import PLAIN

BUDGET = 4500  # training steps of all networks together: half for the shared one, a quarter for each of the two
STEPS = (1, 8)


def run_domains(settings: StudySettings, configs: Sequence[Path] | None = None) -> Outcome:
    """Train one network per domain, and one for all domains with as many steps as those together.

    An override of optim.steps is the length of one domain's own training. Each run has a folder of its own below
    `settings.out`; a run that is there goes on, and one that is finished is only measured.

    Args:
        configs: the domains' training configurations; a file's stem is the domain's name. None is the settings'
            configuration and the streets.yaml beside it.

    Raises:
        InputError: a setting or the data is wrong.
    """
    folder = settings.out / "domains"
    configs = [settings.config, settings.config.with_name("streets.yaml")] if configs is None else configs
    files = {file.stem: file for file in configs}
    each = [f"optim.steps={BUDGET // 4}", 'flow.init=""', *PLAIN, *settings.overrides]  # all from scratch
    plans = {name: flow_plan(file, [*each, f"out={folder / name}"]) for name, file in files.items()}
    caches = {name: LatentCache() for name in plans}
    shared = shared_subject(plans)
    refuse_another(shared, folder / "one" / "config.json")  # before the others train for an hour
    for name, file in files.items():
        run_training(file, [*each, f"out={folder / name}"], caches[name])
    first_name, first = next(iter(plans.items()))
    flow = first.sections["flow"]
    longer = replace(flow.optim, steps=len(plans) * flow.optim.steps)
    latents = {name: latents_of(plan, "flow", data_root(plan.run.data), caches[name]) for name, plan in plans.items()}
    set_seed(first.run.seed)
    (folder / "one").mkdir(parents=True, exist_ok=True)
    task = JointTask(flow, latents)
    keep_subject(shared, folder / "one" / "config.json")
    train(task, longer, folder / "one", first.run.seed)
    rows, columns, about = [], [], ""
    for name, file in files.items():
        for network, export in (("its own", plans[name].export("flow")), ("one for all", folder / "one/export" / name)):
            pipeline = SemFlowPipeline.from_pretrained(export)
            bench = make_bench(pipeline, replace(settings, config=file), first.run.data)
            about = (
                f"{flow.optim.steps} training steps of {flow.optim.batch} for a domain's own network, "
                f"{longer.steps} for the one; {bench.about}"
            )
            for steps in STEPS:
                if name == first_name:  # one sheet holds one label set
                    columns.append((bench.pipeline, {"steps": steps}))
                rows.append({"domain": name, "network": network, "steps": steps, **bench.both_ways(steps)})
    return Outcome(
        "One network for both domains with a domain embedding, or two networks?",
        about,
        [Table("By domain and network", rows)],
        sheet(columns),
    )


def shared_subject(plans: Mapping[str, Plan]) -> dict[str, Any]:
    """What the shared network's run is about, by dotted key: the first domain's flow and seed, and all latents."""
    about = next(iter(plans.values())).subject("flow")
    about = {key: value for key, value in about.items() if not key.startswith("latents.")}
    for name, plan in plans.items():
        about |= {f"{name}.{k}": v for k, v in plan.subject("flow").items() if k.startswith("latents.")}
    return about
