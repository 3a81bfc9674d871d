"""Six drawn pairs, a codec with random weights, and a configuration that trains on them for three steps."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from semflow_core.data.pairs import data_root
from semflow_core.method.palette import load_palette
from semflow_core.nets.mobilenet import MobileNetV2Features
from semflow_core.nets.pyramid import PyramidAutoencoder
from semflow_core.training.latents import LatentCache, LatentPairs
from semflow_core.training.run import latents_of
from semflow_core.training.stages import STAGES, read_plan
from semflow_core.training.task import Context

DOMAIN = {"palette": "celebamask_hq", "folder": "pairs", "held_out": 2, "k": 3, "s": 125}
OPTIM = {"steps": 3, "batch": 4, "warmup": 1, "bf16": False, "checkpoint_minutes": 60.0}
UNET = {"widths": [32, 32], "attention": [False, True], "layers": 1}
CPU = torch.device("cpu")

Config = dict[str, Any]


def write(path: Path, config: Config) -> Path:
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (root / "pairs" / kind).mkdir(parents=True)
    for i in range(6):
        labels = np.zeros((64, 64), np.uint8)
        labels[16:, 8 + i : 40] = 1
        labels[4:16] = 13
        photo = load_palette("celebamask_hq").colorize(labels) // 2 + rng.integers(0, 99, (64, 64, 1), np.uint8)
        Image.fromarray(photo).save(root / "pairs" / "images" / f"{i}.png")
        Image.fromarray(labels).save(root / "pairs" / "masks" / f"{i}.png")
    return root


@pytest.fixture(scope="session")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codec") / "codec"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4).save_pretrained(folder)
    return folder


@pytest.fixture
def config(tmp_path: Path, data: Path, codec: Path) -> Config:
    """Of every stage that is trained on latents; the flow is what runs."""
    return {
        "stages": ["flow"],
        "out": str(tmp_path / "run"),
        "data": str(data),
        "latents": {
            "codec": str(codec),
            "domain": dict(DOMAIN),
            "size": 64,
            "beta": 40.0,
            "spectrum": "regional",
            "copies": 1,
        },
        "optim": dict(OPTIM),
        **{stage: {"unet": copy.deepcopy(UNET)} for stage in ("flow", "shortcut", "dsm", "discriminative")},
        "backbone": {"stem_steps": 40},
    }


@pytest.fixture
def file(tmp_path: Path, config: Config) -> Path:
    return write(tmp_path / "config.yaml", config)


@pytest.fixture
def make_task(file: Path, tmp_path: Path) -> Callable[..., Any]:
    """The task of the first stage under settings, as `run_stage` makes it; it is not trained."""

    def make(*words: str) -> Any:
        plan = read_plan(file, list(words))
        name = plan.run.stages[0]
        root = data_root(plan.run.data)
        context = Context(
            tmp_path,
            root,
            plan.run.seed,
            {},
            latents_of(plan, name, root, LatentCache()) if STAGES[name].latents else None,
            domain=plan.latents.domain if plan.latents else None,
        )
        return STAGES[name].task(plan.sections[name], context)

    return make


@pytest.fixture
def make_latents(file: Path) -> Callable[..., LatentPairs]:
    """Latents under settings."""

    def make(*words: str) -> LatentPairs:
        plan = read_plan(file, list(words))
        assert plan.latents is not None
        return LatentPairs(plan.latents, data_root(plan.run.data), plan.run.seed, bf16=False)

    return make


@pytest.fixture
def mobilenet(monkeypatch: pytest.MonkeyPatch) -> None:
    """MobileNetV2 with random weights in the place of ImageNet's."""
    torch.manual_seed(0)
    network = MobileNetV2Features().eval()
    for module in ("training.tasks.backbone", "nets.mobilenet"):
        monkeypatch.setattr(f"semflow_core.{module}.load_mobilenet", lambda: network)


@pytest.fixture
def no_mobilenet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh install: the package with MobileNetV2's weights is not there."""
    for module in ("training.tasks.backbone", "nets.mobilenet"):
        monkeypatch.setattr(f"semflow_core.{module}.load_mobilenet", lambda: None)


class Constant:
    """A velocity that is `by` wherever it is asked; keeps the times at which it was."""

    def __init__(self, by: torch.Tensor) -> None:
        self.by, self.times = by, []

    def __call__(self, z: torch.Tensor, t: Any) -> torch.Tensor:
        self.times.append(t)
        return self.by[: len(z)]
