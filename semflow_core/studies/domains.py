"""One network for faces and streets, told which by an embedding, against a network each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from accelerate.utils import set_seed

from ..data.pairs import data_root
from ..pipeline.pipeline import SemFlowPipeline
from ..training.loop import train
from ..training.run import run_training
from ..training.tasks.flow import FlowTask
from ..training.tasks.shortcut import JointTask
from .bench import make_bench, sheet
from .table import Outcome, Table
from .training import PLAIN, settings

BUDGET = 4500  # training steps of all: one half for the shared network, a quarter for each of the two
STEPS = (1, 8)


def run_domains(
    configs: Sequence[Path], overrides: list[str], out: Path, n: int, seed: int, batch: int, diverse: int
) -> Outcome:
    """Train a network a domain, and one for all of them with as many steps as those together.

    Args:
        configs: the domains' training configurations; a file's stem is the domain's name.
        overrides: settings of all, as of `train`; optim.steps is that of one domain's own network.
        out: a folder of runs; a run that is there goes on, one that is finished is only measured.

    Raises:
        InputError: a setting or the data is wrong.
    """
    folder = out / "domains"
    files = {file.stem: file for file in configs}
    each = [f"optim.steps={BUDGET // 4}", 'init=""', *PLAIN, *overrides]  # all from scratch
    flows = {name: settings(file, [*each, f"out={folder / name}"]) for name, file in files.items()}
    for name, file in files.items():
        run_training(file, [*each, f"out={folder / name}"])
    first_name, first = next(iter(flows.items()))
    longer = replace(first.optim, steps=len(flows) * first.optim.steps)
    set_seed(first.seed)
    tasks = {name: FlowTask(flow, data_root(flow.data)) for name, flow in flows.items()}
    (folder / "one").mkdir(parents=True, exist_ok=True)
    train(JointTask(tasks), longer, folder / "one", first.seed)
    rows, columns, about = [], [], ""
    for name, file in files.items():
        for network, export in (("its own", folder / name / "export"), ("one for all", folder / "one/export" / name)):
            bench = make_bench(SemFlowPipeline.from_pretrained(export), file, n, seed, batch, diverse, first.data)
            about = (
                f"{first.optim.steps} training steps of {first.optim.batch} for a domain's own network, "
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
