"""One network for faces and streets, with an embedding of the domain, against one network per domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from accelerate.utils import set_seed

from ..data.pairs import data_root
from ..pipeline.pipeline import SemFlowPipeline
from ..training.latents import LatentCache
from ..training.loop import train
from ..training.run import latents_of, run_training
from ..training.tasks.joint import JointTask
from .bench import make_bench, sheet
from .table import Outcome, Table
from .training import PLAIN, settings

BUDGET = 4500  # training steps of all: one half for the shared network, a quarter for each of the two
STEPS = (1, 8)


def run_domains(
    configs: Sequence[Path], overrides: list[str], out: Path, n: int, seed: int, batch: int, diverse: int
) -> Outcome:
    """Train a network per domain, and one for all of them with as many steps as those together.

    Args:
        configs: the domains' training configurations; a file's stem is the domain's name.
        overrides: settings of all, as of `train`; optim.steps is that of one domain's own network.
        out: a folder of runs; a run that is there goes on, one that is finished is only measured.

    Raises:
        InputError: a setting or the data is wrong.
    """
    folder = out / "domains"
    files = {file.stem: file for file in configs}
    each = [f"optim.steps={BUDGET // 4}", 'flow.init=""', *PLAIN, *overrides]  # all from scratch
    plans = {name: settings(file, [*each, f"out={folder / name}"]) for name, file in files.items()}
    caches = {name: LatentCache() for name in plans}
    for name, file in files.items():
        run_training(file, [*each, f"out={folder / name}"], caches[name])
    first_name, first = next(iter(plans.items()))
    flow = first.sections["flow"]
    longer = replace(flow.optim, steps=len(plans) * flow.optim.steps)
    latents = {name: latents_of(plan, "flow", data_root(plan.run.data), caches[name]) for name, plan in plans.items()}
    set_seed(first.run.seed)
    (folder / "one").mkdir(parents=True, exist_ok=True)
    train(JointTask(flow, latents), longer, folder / "one", first.run.seed)
    rows, columns, about = [], [], ""
    for name, file in files.items():
        for network, export in (("its own", plans[name].export("flow")), ("one for all", folder / "one/export" / name)):
            bench = make_bench(SemFlowPipeline.from_pretrained(export), file, n, seed, batch, diverse, first.run.data)
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
        f"{first_name}: its own network at {' and '.join(map(str, STEPS))} steps, then the one for all",
    )
