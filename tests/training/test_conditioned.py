"""Networks that are told more than the time: what folding keeps, and what a step of d must be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from semflow_core.method.flow import sample_path
from semflow_core.nets.unet import UNetConfig
from semflow_core.training.tasks import shortcut as conditioned
from semflow_core.training.tasks.flow import FlowBatch, FlowTask
from semflow_core.training.tasks.shortcut import JointTask, ShortcutTask, fold

# two channels a group: a norm of one would take away what an embedding adds
SMALL = UNetConfig(widths=[64, 64], layers=1, attention=[False, True])


@pytest.mark.parametrize(("told", "more"), [(-500.0, {"class_embed_type": "timestep"}), (1.0, {"num_class_embeds": 2})])
def test_a_folded_network_is_what_it_was_told(told: float, more: dict[str, Any]) -> None:
    torch.manual_seed(0)
    unet: Any = SMALL.build(4, 4, 8, **more).eval()
    z, t = torch.randn(2, 4, 8, 8), torch.tensor([0.0, 730.5])
    label = torch.full((2,), told if "class_embed_type" in more else int(told))
    with torch.no_grad():
        expected = unet(z, t, class_labels=label).sample
        folded = fold(unet, told)
        torch.testing.assert_close(folded(z, t).sample, expected, atol=1e-5, rtol=1e-4)
        assert (fold(unet, 0)(z, t).sample - expected).abs().max() > 1e-3
    assert folded.config["class_embed_type"] is None and folded.config["num_class_embeds"] is None


class Slope:
    """v = a t, whatever step it is told; keeps what it was told."""

    def __init__(self, a: float) -> None:
        self.a, self.told = a, []

    def __call__(self, z: torch.Tensor, t: torch.Tensor, class_labels: torch.Tensor) -> Any:
        self.told.append(class_labels)
        v = self.a * t.view(-1, 1, 1, 1) / 1000 * torch.ones_like(z)
        return SimpleNamespace(sample=v)


def shortcut_loss(model: Any, n: int = 16) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    z0, z1, t = torch.randn(n, 4, 2, 2), torch.randn(n, 4, 2, 2), torch.linspace(0, 1, n)
    batch = FlowBatch(sample_path(z0, z1, t), z0[:0], torch.empty(0), torch.empty(0), (slice(0, 1), slice(0, 1)))
    task = SimpleNamespace(config=SimpleNamespace(endpoint=0, photo_pixels=0, photo_features=0))
    # super() asks for a task that is one
    return ShortcutTask.loss(cast(Any, _bare(task)), model, batch)


def _bare(like: SimpleNamespace) -> ShortcutTask:
    task = ShortcutTask.__new__(ShortcutTask)
    task.config = like.config
    return task


def test_one_step_must_be_the_mean_of_two_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditioned, "STEP_SIZES", (1.0,))
    # from 0 to 1: v(0) = 0 and the halves' mean a/4; from 1 to 0: v(1) = a and the mean 3a/4
    assert float(shortcut_loss(Slope(3.0))["steps"]) == pytest.approx((3 / 4) ** 2)
    assert float(shortcut_loss(Slope(0.0))["steps"]) == 0


def test_the_network_is_told_whole_steps_of_both_directions_and_none_for_the_flow() -> None:
    model = Slope(1.0)
    shortcut_loss(model, n=256)
    flow, first, second, whole = model.told
    assert not flow.any()
    assert {float(d) for d in whole} == {s * 1000 * d for d in conditioned.STEP_SIZES for s in (-1, 1)}
    assert torch.equal(first, second)
    small = whole.abs() == 1000 * min(conditioned.STEP_SIZES)
    assert torch.equal(first, torch.where(small, 0.0, whole / 2))  # half of the smallest step counts as none


def test_a_joint_network_is_told_the_batchs_domain() -> None:
    def domain() -> Any:
        task = SimpleNamespace(config=SimpleNamespace(unet=SMALL, size=64))
        task.vae = SimpleNamespace(config={"latent_channels": 4})
        task.loss = lambda model, batch: {"loss": model(batch.path.zt, batch.path.t).sample}
        return task

    joint = JointTask(cast(dict[str, FlowTask], {"faces": domain(), "streets": domain()}))
    seen = []

    def model(z: torch.Tensor, t: torch.Tensor, class_labels: torch.Tensor) -> Any:
        seen.append(class_labels.tolist())
        return SimpleNamespace(sample=z)

    z = torch.zeros(3, 4, 8, 8)
    batch = FlowBatch(sample_path(z, z, torch.zeros(3)), z, z, z, (slice(0, 1), slice(0, 1)))
    joint.loss(model, (0, batch))
    joint.loss(model, (1, batch))
    assert seen == [[0, 0, 0], [1, 1, 1]]
    with torch.no_grad():  # a new network makes no difference yet
        a, b = (fold(joint.model, i)(z + 1, 500).sample for i in (0, 1))
    assert torch.equal(a, b)
