"""`python -m semflow_core train CONFIG [key=value ...]`: which task a configuration file asks for."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from accelerate.utils import set_seed

from ..data.pairs import data_root
from ..errors import InputError
from ..images import write_atomically
from .codec import CodecConfig, CodecTask
from .config import build, read_config
from .flow import FlowConfig, FlowTask
from .loop import train

KINDS = {"codec": (CodecConfig, CodecTask), "flow": (FlowConfig, FlowTask)}


def run_training(path: Path, overrides: list[str]) -> None:
    """Train what the file describes, or go on where its `out` folder stopped.

    Raises:
        InputError: the configuration or the data is wrong.
    """
    raw = read_config(path, overrides)
    kind = raw.pop("kind", None)
    if kind not in KINDS:
        raise InputError(f"the configuration {path} has kind '{kind}'; it is one of {', '.join(KINDS)}")
    config_type, task_type = KINDS[kind]
    config = build(config_type, raw)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    remember(config, out / "config.json")
    set_seed(config.seed)  # before the task, which draws the initial weights
    task = task_type(config, data_root(config.data))
    train(task, config.optim, out, config.seed)


def remember(config: CodecConfig | FlowConfig, file: Path) -> None:
    """Keep what the run is about; its length, its rate and where things lie may change when it goes on.

    Raises:
        InputError: the run that is there already is about something else.
    """
    now = {k: v for k, v in asdict(config).items() if k not in ("out", "data", "codec", "teacher", "init", "optim")}
    if file.exists():
        before = json.loads(file.read_text(encoding="utf-8"))
        for key, value in now.items():
            if before.get(key) != value:
                raise InputError(
                    f"the run in {file.parent} was started with {key}={before.get(key)}, now it is {value}; "
                    "choose another out"
                )
    write_atomically(file, lambda temporary: temporary.write_text(json.dumps(now, indent=1), encoding="utf-8"))
