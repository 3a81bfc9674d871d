"""`python -m semflow_core train CONFIG [key=value ...]`: which task a configuration file asks for."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from accelerate.utils import set_seed

from ..data.pairs import data_root
from ..errors import InputError
from ..pictures.files import write_atomically
from .config import build, read_config
from .loop import join_processes, train
from .tasks.backbone import BackboneTask
from .tasks.codec import CodecConfig, CodecTask
from .tasks.discriminative import DiscriminativeTask
from .tasks.dsm import DSMTask
from .tasks.flow import FlowConfig, FlowTask
from .tasks.shortcut import ShortcutTask

KINDS: dict[str, tuple[Any, Any]] = {
    "codec": (CodecConfig, CodecTask),
    "flow": (FlowConfig, FlowTask),
    "shortcut": (FlowConfig, ShortcutTask),
    "backbone": (FlowConfig, BackboneTask),
    "dsm": (FlowConfig, DSMTask),
    "discriminative": (FlowConfig, DiscriminativeTask),
}


def run_training(path: Path, overrides: list[str]) -> None:
    """Train what the file describes, or go on where its `out` folder stopped.

    Raises:
        InputError: the configuration or the data is wrong.
    """
    join_processes()
    raw = read_config(path, overrides)
    kind = raw.pop("kind", None)
    if kind not in KINDS:
        raise InputError(f"the configuration {path} has kind '{kind}'; it is one of {', '.join(KINDS)}")
    config_type, task_type = KINDS[kind]
    config = build(config_type, raw)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    about = subject(config)
    refuse_another(about, out / "config.json")
    if kind == "flow" and config.backbone_steps and not config.backbone:
        taught = out / "backbone"
        more = ["kind=backbone", f"out={taught}", f"optim.steps={config.backbone_steps}"]
        run_training(path, [*overrides, *more])
        config = replace(config, backbone=str(taught / "export"))
    set_seed(config.seed)  # before the task, which draws the initial weights
    task = task_type(config, data_root(config.data))
    # only now: a start that failed over a wrong setting must not hold on to it
    text = json.dumps(about, indent=1)
    write_atomically(out / "config.json", lambda temporary: temporary.write_text(text, encoding="utf-8"))
    if isinstance(task, BackboneTask) and not (out / "checkpoint").exists():
        task.prepare()
    train(task, config.optim, out, config.seed)


def subject(config: CodecConfig | FlowConfig) -> dict[str, Any]:
    """What a run is about; its length, its rate and where things lie may change when it goes on."""
    may_change = ("out", "data", "codec", "teacher", "backbone", "init", "optim")
    return {k: v for k, v in asdict(config).items() if k not in may_change}


def refuse_another(about: dict[str, Any], file: Path) -> None:
    """Raise InputError if the run that is there already is about something else."""
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else about
    for key, value in about.items():
        if before.get(key) != value:
            raise InputError(
                f"the run in {file.parent} was started with {key}={before.get(key)}, now it is {value}; "
                "choose another out"
            )
