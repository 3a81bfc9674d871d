"""Drawn pairs with a training configuration, a bench on them, and quick figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from semflow_core.evaluation.features import FeatureNetwork
from semflow_core.method.palette import load_palette
from semflow_core.nets.pyramid import PyramidAutoencoder
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.studies.bench import Bench, make_bench
from semflow_core.studies.settings import StudySettings

MakeSettings = Callable[..., StudySettings]


def mean_color(photos: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack([p.mean((0, 1)) for p in photos])


@pytest.fixture(autouse=True)
def color_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick figures: features that are the mean colour, and few resamples."""
    monkeypatch.setattr("semflow_core.evaluation.bootstrap.REPLICATES", 20)
    network = FeatureNetwork("color", "Fréchet distance (color)", "kernel distance ×1000 (color)", mean_color)
    monkeypatch.setattr("semflow_core.studies.bench.find_networks", lambda: [network])
    monkeypatch.setattr("semflow_core.studies.bench.find_lpips", lambda: None)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training configuration on seven drawn pairs, of which four are held out."""
    root = tmp_path_factory.mktemp("study")
    for kind in ("images", "masks"):
        (root / "pairs" / kind).mkdir(parents=True)
    for i in range(7):
        labels = np.zeros((64, 64), np.uint8)
        labels[16:, 8 + i : 40] = 1
        labels[4:16] = 13
        photo = load_palette("celebamask_hq").colorize(labels) // 2 + np.uint8(15 * i)
        Image.fromarray(photo).save(root / "pairs" / "images" / f"{i}.png")
        Image.fromarray(labels).save(root / "pairs" / "masks" / f"{i}.png")
    torch.manual_seed(0)
    PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4).save_pretrained(root / "codec")
    raw = {
        "stages": ["flow"],
        "out": str(root / "run"),
        "data": str(root),
        "latents": {
            "codec": str(root / "codec"),
            "domain": {"palette": "celebamask_hq", "folder": "pairs", "held_out": 4, "k": 3, "s": 125},
            "size": 64,
            "beta": 40.0,
            "spectrum": "regional",
            "copies": 1,
        },
        "flow": {"unet": {"widths": [32, 32], "attention": [False, True], "layers": 1}},
        "optim": {"batch": 2, "warmup": 1, "bf16": False, "checkpoint_minutes": 60.0},
    }
    (root / "flow.yaml").write_text(yaml.safe_dump(raw))
    return root / "flow.yaml"


@pytest.fixture
def study_settings(config: Path, tmp_path: Path) -> MakeSettings:
    """Settings for two pairs in batches of two and one layout for diversity, unless a keyword says otherwise."""

    def make(*overrides: str, **fields: Any) -> StudySettings:
        chosen: dict[str, Any] = {"config": config, "out": tmp_path / "out", "n": 2, "batch": 2, "diverse": 1, **fields}
        return StudySettings(overrides=overrides, **chosen)

    return make


@pytest.fixture
def bench(tiny_model: Path, config: Path, study_settings: MakeSettings) -> Bench:
    return make_bench(load_pipeline(str(tiny_model)), study_settings(n=3), data=str(config.parent))
