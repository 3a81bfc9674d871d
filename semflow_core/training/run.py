"""`python -m semflow_core train CONFIG [key=value ...]`: which task a configuration file asks for."""

from __future__ import annotations

from pathlib import Path

from accelerate.utils import set_seed

from ..data.pairs import data_root
from ..errors import InputError
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
    set_seed(config.seed)  # before the task, which draws the initial weights
    task = task_type(config, data_root(config.data))
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    train(task, config.optim, out, config.seed)
