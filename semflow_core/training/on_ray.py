"""The same training under Ray Train, on one machine or a cluster whose machines share the folders of data and runs.

Ray joins its workers as a launcher does, and each of them runs what `train` runs; so a run that was started with
accelerate goes on with Ray, and the other way round.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import torch

from ..errors import InputError
from .stages import read_plan

HOW_TO_GET = "--ray needs the package ray: pip install 'ray[train]'"


def train_func(config: dict[str, Any]) -> None:
    """What each worker does.

    Args:
        config: the file, its settings, and the folder in which the run was started.
    """
    from .run import run_training

    os.chdir(config["folder"])  # paths of a configuration are relative to where its user was
    run_training(Path(config["file"]), config["overrides"])


def train_on_ray(path: Path, overrides: list[str], workers: int) -> None:
    """Train what the file describes with so many workers, each with a GPU where there are GPUs.

    Raises:
        InputError: the configuration is wrong, or ray is not installed.
    """
    read_plan(path, overrides)  # what is wrong with it is said here, not by a worker
    try:
        train, torch_train = importlib.import_module("ray.train"), importlib.import_module("ray.train.torch")
    except ImportError:
        raise InputError(HOW_TO_GET) from None
    torch_train.TorchTrainer(
        train_func,
        train_loop_config={"file": str(path.resolve()), "overrides": overrides, "folder": os.getcwd()},
        scaling_config=train.ScalingConfig(num_workers=workers, use_gpu=torch.cuda.is_available()),
    ).fit()
