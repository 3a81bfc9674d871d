"""`python -m semflow_core train CONFIG [key=value ...]`: runs the stages of a configuration, or goes on with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from accelerate import PartialState
from accelerate.utils import set_seed

from ..data.pairs import data_root
from ..errors import InputError
from ..pictures.files import check_writable, write_atomically
from .checkpoints import is_finished
from .contents import contents_of, keep_contents, refuse_other_contents
from .latents import LatentCache, LatentPairs
from .loop import join_processes, train
from .losses.registry import Terms
from .stages import STAGES, Plan, read_plan
from .task import Context

STARTS = ("init", "backbone", "network", "teacher", "model")  # keys of sections that name a folder of saved weights


def run_training(path: Path, overrides: list[str], cache: LatentCache | None = None) -> Plan:
    """Train what the file describes, stage by stage, or go on where its `out` folder stopped.

    Args:
        cache: latents that this run may share with others of the same process.

    Returns:
        The plan, which says where the exports are.

    Raises:
        InputError: the configuration or the data is wrong.
    """
    join_processes()
    plan = read_plan(path, overrides)
    cache = cache or LatentCache()
    contents = contents_of(plan)
    for name in plan.run.stages:
        refuse_another(plan.subject(name), plan.folder(name) / "config.json")
        refuse_other_contents(contents, plan.folder(name))
        check_writable(plan.folder(name))
    stages = [n for n in plan.run.stages if not is_finished(plan.folder(n), plan.sections[n].optim)]
    for name in stages[1:]:  # the first says by itself what it misses, at once
        refuse_missing(plan, name)
    for name in stages:
        run_stage(plan, name, cache, contents)
    return plan


def run_stage(plan: Plan, name: str, cache: LatentCache, contents: dict[str, Any] | None) -> None:
    """Train one stage of a plan, on a set of these contents; those before it have exported."""
    stage, config, folder, run = STAGES[name], plan.sections[name], plan.folder(name), plan.run
    root = data_root(run.data)
    folder.mkdir(parents=True, exist_ok=True)
    exports = {before: plan.export(before) for before in run.stages[: run.stages.index(name)]}
    pairs = latents_of(plan, name, root, cache) if stage.latents else None
    domain = plan.latents.domain if plan.latents else None
    context = Context(folder, root, run.seed, exports, pairs, run.max_shard_size, domain)
    set_seed(run.seed)  # before the task, which draws the initial weights
    task = stage.task(config, context)
    # only now: a start that failed over a wrong setting must not be compared with the next one
    keep_subject(plan.subject(name), folder / "config.json")
    if stage.latents or stage.domain:
        keep_contents(contents, folder)
    train(task, config.optim, folder, run.seed)


def latents_of(plan: Plan, stage: str, root: Path, cache: LatentCache) -> LatentPairs:
    """The latents that a stage is trained on."""
    assert plan.latents is not None  # `read_plan` refuses such a plan
    bf16 = plan.sections[stage].optim.autocast(PartialState().device)  # type: ignore[arg-type]
    return cache.get(plan.latents, root, plan.run.seed, bf16)


def refuse_missing(plan: Plan, name: str) -> None:
    """Raise InputError if a folder that a stage starts from is not there and no stage of this run makes it."""
    section = plan.sections[name]
    folders = {key: getattr(section, key, "") for key in STARTS}
    if isinstance(section, Terms):
        folders["reflow.model"] = section.reflow.model
    for key, folder in folders.items():
        made_here = Path(plan.run.out).resolve() in Path(folder).resolve().parents
        if folder and not made_here and not Path(folder).is_dir():
            raise InputError(f"{name}.{key} is '{folder}', which is no folder; it must be one with saved weights")


def keep_subject(about: dict[str, Any], file: Path) -> None:
    """Write what a run is about, for `refuse_another`."""
    text = json.dumps(about, indent=1)
    write_atomically(file, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def refuse_another(about: dict[str, Any], file: Path) -> None:
    """Raise InputError if the run that is there already is about something else."""
    try:
        before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else about
        keys = before.keys() | about.keys()
    except (OSError, ValueError, AttributeError):
        raise InputError(
            f"{file}, which says what the run there is about, is damaged; delete it to go on with these settings, or "
            "choose another out"
        ) from None
    for key in sorted(keys):
        if before.get(key) != about.get(key):
            raise InputError(
                f"the run in {file.parent} was started with {key}={before.get(key)}, now it is {about.get(key)}; "
                "choose another out"
            )
