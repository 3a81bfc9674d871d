"""The plan of a run: what its configuration asks for.

The file's keys are those of the whole run (`stages`, `out`, `data`, `seed`, `optim`), `latents`, which the stages share
that are trained on latents, and one section per stage, by the stage's name. A section's `optim` lies over the run's,
and `optim` on the command line over both: what is more explicit wins.
Sections of stages that do not run may stand in the file, so that one file holds a model and its baselines; they are
checked, too. A setting on the command line for a stage that does not run is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..requests.typed import build
from .config import OptimConfig, apply_overrides, read_config
from .latents import LatentConfig
from .losses.registry import Terms
from .task import Context, Task
from .tasks.backbone import BackboneConfig, BackboneTask
from .tasks.codec import CodecConfig, CodecTask
from .tasks.discriminative import DiscriminativeConfig, DiscriminativeTask
from .tasks.dsm import DSMConfig, DSMTask
from .tasks.flow import FlowConfig, FlowTask, check_flow
from .tasks.guide import GuideConfig, GuideTask
from .tasks.reader import ReaderConfig, ReaderTask
from .tasks.renderer import FinishConfig, RendererConfig, RendererTask, check_renderer
from .tasks.shortcut import ShortcutConfig, ShortcutTask, check_shortcut


class Stage(NamedTuple):
    """A kind of training.

    Attributes:
        config: dataclass of its section; it has a field `optim`.
        task: makes the task.
        latents: whether it is trained on latents.
        domain: whether it is trained on the photos and masks of the latents' domain, as they are.
        check: raises InputError for settings that contradict each other or the stages before, whose names it gets.
        uses: stages whose export it takes where they run, too: they must come before it.
    """

    config: type[Any]
    task: Callable[[Any, Context], Task]
    latents: bool = True
    check: Callable[[Any, Sequence[str]], None] | None = None
    uses: tuple[str, ...] = ()
    domain: bool = False


STAGES: dict[str, Stage] = {
    "codec": Stage(CodecConfig, CodecTask, latents=False),
    "backbone": Stage(BackboneConfig, BackboneTask),
    "flow": Stage(FlowConfig, FlowTask, check=check_flow, uses=("backbone",)),
    "renderer": Stage(RendererConfig, RendererTask, check=check_renderer, uses=("flow",)),
    "finish": Stage(FinishConfig, RendererTask, check=check_renderer, uses=("flow", "renderer")),
    "guide": Stage(GuideConfig, GuideTask, uses=("flow", "renderer", "finish", "reader")),
    "reader": Stage(ReaderConfig, ReaderTask, latents=False, domain=True),
    "shortcut": Stage(ShortcutConfig, ShortcutTask, check=check_shortcut),
    "dsm": Stage(DSMConfig, DSMTask),
    "discriminative": Stage(DiscriminativeConfig, DiscriminativeTask),
}


# keys of sections that may change when a run goes on: where things lie, its length and its rate
MAY_CHANGE = ("codec", "teacher", "backbone", "init", "model", "optim", "readers")
# keys that runs of before do not have: at their defaults they are left out of what a run is about
LATER = {"latents.width": None, "latents.stream": False, "latents.augment.crop": False, "latents.domain.ids": ""}


@dataclass(frozen=True)
class RunConfig:
    """The keys of the whole run."""

    out: str  # folder of the run; each stage has a folder of its name in it
    stages: list[str]  # in order; `kind=NAME` on the command line is short for stages=[NAME]
    data: str = ""  # data root; SEMFLOW_DATA when empty
    seed: int = 0
    max_shard_size: str = ""  # of the weights' files of rendered models, such as 15MB; empty: one file per network


@dataclass(frozen=True)
class Plan:
    """A configuration that was read and checked.

    Attributes:
        run: the keys of the whole run.
        latents: of the stages that are trained on latents; None where none is.
        sections: settings of each stage that runs, by name, in order.
    """

    run: RunConfig
    latents: LatentConfig | None
    sections: dict[str, Any]

    def folder(self, stage: str) -> Path:
        """Where a stage keeps its checkpoint, samples, log and export."""
        return Path(self.run.out) / stage

    def export(self, stage: str) -> Path:
        """What a stage makes: for a flow, a model folder."""
        return self.folder(stage) / "export"

    def subject(self, stage: str) -> dict[str, Any]:
        """What a stage's run is about, by dotted key; its length, its rate and folders may change when it goes on."""
        about = {"seed": self.run.seed, stage: asdict(self.sections[stage])}
        if STAGES[stage].latents and self.latents is not None:
            about["latents"] = asdict(self.latents)
        if STAGES[stage].domain and self.latents is not None:
            about["domain"] = asdict(self.latents.domain)
        return {key: value for key, value in sorted(flat(about)) if key not in LATER or value != LATER[key]}


def read_plan(path: Path, overrides: list[str]) -> Plan:
    """The plan of a file and `key=value` settings.

    Raises:
        InputError: a key is unknown, missing, of the wrong type or out of bounds, changes nothing, or contradicts
            another or the stages before.
    """
    raw = read_config(path, overrides)
    explicit: dict[str, Any] = {}
    apply_overrides(explicit, overrides)
    if "kind" in raw:
        raw["stages"] = [raw.pop("kind")]
    of_run = [f.name for f in fields(RunConfig)]
    known = (*of_run, "optim", "latents", *STAGES)
    for key in raw:
        if key not in known:
            raise InputError(f"the configuration has an unknown key '{key}'; known are {', '.join(known)}")
    run = build(RunConfig, {key: raw[key] for key in of_run if key in raw})
    for name in run.stages:
        if name not in STAGES:
            raise InputError(f"the configuration {path} has the stage '{name}'; it is one of {', '.join(STAGES)}")
    if not run.stages or len(set(run.stages)) < len(run.stages):
        raise InputError(f"stages is {run.stages}; it must name at least one stage, each once")
    on_latents = any(STAGES[name].latents or STAGES[name].domain for name in run.stages)
    refuse_unread(overrides, [*run.stages, *(["latents"] if on_latents else [])])
    optim = raw.get("optim", {})
    build(OptimConfig, optim, "optim")
    latents = build(LatentConfig, raw["latents"], "latents") if "latents" in raw else None
    if on_latents and latents is None:
        raise InputError(f"the configuration {path} has no section 'latents', which {run.stages[0]} is trained on")
    sections = {
        name: build_section(name, raw.get(name, {}), optim, explicit)
        for name in STAGES
        if name in raw or name in run.stages
    }
    for i, name in enumerate(run.stages):
        check_stage(name, sections[name], run.stages, i)
        if isinstance(sections[name], Terms):
            sections[name].refuse_unread(name, raw.get(name, {}), explicit.get(name, {}))
    return Plan(run, latents if on_latents else None, {name: sections[name] for name in run.stages})


def build_section(name: str, section: Any, optim: dict[str, Any], explicit: dict[str, Any]) -> Any:
    """A stage's settings.

    Args:
        section: its own keys; their `optim` lies over the run's.
        optim: of the run.
        explicit: what the command line says; its `optim` lies over the file's, and its section's over that.
    """
    if not isinstance(section, dict):
        raise InputError(f"the configuration key '{name}' must have keys of its own")
    layers = (optim, section.get("optim", {}), explicit.get("optim", {}), explicit.get(name, {}).get("optim", {}))
    if not all(isinstance(layer, dict) for layer in layers):
        raise InputError(f"the configuration key '{name}.optim' must have keys of its own")
    return build(STAGES[name].config, {**section, "optim": {k: v for layer in layers for k, v in layer.items()}}, name)


def check_stage(name: str, config: Any, stages: Sequence[str], place: int) -> None:
    """Raise InputError for a section whose settings contradict each other or the run's other stages.

    Args:
        stages: of the run, in order; `place` is this one's.
    """
    for other in STAGES[name].uses:
        if other in stages[place:]:
            raise InputError(f"stages is [{', '.join(stages)}]; {other} must come before {name}, which uses it")
    if isinstance(config, Terms):
        config.check(name, config.optim.batch)  # type: ignore[attr-defined]
    check = STAGES[name].check
    if check is not None:
        check(config, stages[:place])


def refuse_unread(overrides: list[str], read: list[str]) -> None:
    """Raise InputError for a setting of a section that no stage reads."""
    for override in overrides:
        section = override.split("=")[0].split(".")[0]
        if section in ("latents", *STAGES) and section not in read:
            raise InputError(
                f"the setting '{override}' is not read: no stage that runs has the section '{section}', "
                f"only {', '.join(read)}"
            )


def flat(values: dict[str, Any], where: str = "") -> list[tuple[str, Any]]:
    """(dotted key, value) of each entry of a nested dictionary, without what may change."""
    entries: list[tuple[str, Any]] = []
    for key, value in values.items():
        if where and key in MAY_CHANGE:
            continue
        if isinstance(value, dict):
            entries += flat(value, f"{where}{key}.")
        else:
            entries.append((where + key, value))
    return entries
