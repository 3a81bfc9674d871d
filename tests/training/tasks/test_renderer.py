"""The renderer's stage, and the finish: from pairs to a model folder with a renderer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from semflow_core.errors import InputError
from semflow_core.nets.efficientnet import WIDTHS
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import SynthesisRequest
from semflow_core.training.rendering import flow_end
from semflow_core.training.rendering.pairs import DRAWN, ENCODED, OWN, RenderingPairs
from semflow_core.training.rendering.views import Window, draw_window
from semflow_core.training.run import run_training
from semflow_core.training.stages import read_plan
from semflow_core.training.tasks import renderer
from semflow_core.training.tasks.renderer import RendererConfig, enlargements

from ..conftest import CPU, Config, write

SMALL = {"height": 128, "widths": [8, 8, 8, 8, 8], "blocks": [1, 1, 1, 1, 0]}
QUICK = {"critic_start": 1, "ramp_start": 1, "ramp": 1, "optim": {"steps": 3, "batch": 4, "lr": 1e-3}}


class Features(nn.Module):
    """Random features at EfficientNet-Lite0's depths: the package is no requirement."""

    def __init__(self, size: int) -> None:
        super().__init__()
        inputs = (3, *WIDTHS)
        layers = [nn.Conv2d(a, b, 3, 4 if i == 0 else 2, 1) for i, (a, b) in enumerate(zip(inputs, WIDTHS))]
        self.layers = nn.ModuleList(layers).requires_grad_(False)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for layer in self.layers:
            x = torch.tanh(layer(x))
            found.append(x)
        return found


@pytest.fixture
def rendered(tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of all three stages."""
    monkeypatch.setattr(renderer, "LiteFeatures", Features)
    config |= {
        "stages": ["flow", "renderer", "finish"],
        "renderer": SMALL | QUICK,
        "finish": SMALL | {"optim": QUICK["optim"]},
    }
    config["latents"]["appearance"] = True
    return write(tmp_path / "config.yaml", config)


def test_flow_renderer_and_finish_make_a_model_that_renders(rendered: Path) -> None:
    plan = run_training(rendered, ["max_shard_size=100KB"])
    flow, first, finish = (SemFlowPipeline.from_pretrained(plan.export(n)) for n in ("flow", "renderer", "finish"))
    assert not flow.learned and first.learned and finish.learned
    layout = np.zeros((64, 64), np.uint8)
    layout[20:] = 1
    photos = [p.synthesize(SynthesisRequest(layout=layout, steps=1)).photo for p in (first, finish)]
    assert [p.shape for p in photos] == [(128, 128, 3)] * 2 and not np.array_equal(photos[0], photos[1])
    before, after, last = ([p.detach().clone() for p in m.velocity.module.parameters()] for m in (flow, first, finish))
    assert all(map(torch.equal, before, after))  # the renderer's stage leaves the flow alone
    assert not all(map(torch.equal, after, last))  # the finish does not
    log = [json.loads(line) for line in (plan.folder("finish") / "log.jsonl").read_text().splitlines()][-1]
    assert log["step"] == 3 and log["samples_per_second"] > 0
    assert {"hold", "critic", "critic_labels", "perceptual", "coarse", "exact", "hinge", "labels"} <= log.keys()
    assert log["perceptual"] > 0 and log["critic"] > 0
    shards = list((plan.export("finish") / "unet").glob("*.safetensors"))
    assert len(shards) > 1 and max(s.stat().st_size for s in shards) < 110_000


def test_a_run_goes_on_in_the_middle_of_a_stage(rendered: Path) -> None:
    """Three steps, then two more: as five at once."""
    run_training(rendered, ["stages=[flow, renderer]"])
    run_training(rendered, ["stages=[flow, renderer]", "renderer.optim.steps=5"])
    log = (read_plan(rendered, []).folder("renderer") / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == [3, 5]


def make_task(rendered: Path, tmp_path: Path, stage: str) -> Any:
    from semflow_core.training.latents import LatentCache
    from semflow_core.training.run import latents_of
    from semflow_core.training.stages import STAGES
    from semflow_core.training.task import Context

    plan = run_training(rendered, ["stages=[flow, renderer]"] if stage == "finish" else ["stages=[flow]"])
    plan = read_plan(rendered, [])
    root = Path(plan.run.data)
    exports = {n: plan.export(n) for n in ("flow", "renderer")[: 1 + (stage == "finish")]}
    context = Context(tmp_path, root, 0, exports, latents_of(plan, stage, root, LatentCache()))
    return STAGES[stage].task(plan.sections[stage], context)


def gradients(task: Any) -> dict[str, float]:
    """Summed gradient magnitudes of the parts after one step's losses with one part alone."""
    return {
        name: sum(float(p.grad.abs().sum()) for p in part.parameters() if p.grad is not None)
        for name, part in task.model.named_children()
    }


def test_the_critic_and_the_renderer_get_losses_of_their_own(rendered: Path, tmp_path: Path) -> None:
    task = make_task(rendered, tmp_path, "finish")
    parts = task.loss(task.model, task.batch(np.random.default_rng(0), CPU))
    (parts["critic"] + parts["critic_labels"]).backward(retain_graph=True)
    found = gradients(task)
    assert found["critic"] > 0 and found["renderer"] == found["flow"] == 0
    task.model.zero_grad()
    (parts["hinge"] + parts["labels"] + parts["perceptual"]).backward()
    found = gradients(task)
    assert found["critic"] == 0 and found["renderer"] > 0 and found["flow"] > 0


def test_pairs_are_mirrored_with_their_layouts_and_solved_from_the_photos_colours(
    rendered: Path, tmp_path: Path, data: Path
) -> None:
    task = make_task(rendered, tmp_path, "renderer")
    pairs: RenderingPairs = task.pairs
    assert len(pairs) == 4 and pairs.shape == (128, 128)
    batch = pairs.batch(np.random.default_rng(0), 64, [0.25] * 4, CPU)
    assert set(batch.kind.tolist()) == {0, 1, 2, 3} and batch.photos.shape == (64, 3, 128, 128)
    plain = {p.numpy().tobytes(): m for p, m in zip(pairs.photos.movedim(-1, 1).float() / 127.5 - 1, pairs.labels)}
    mirrored = 0
    for photo, labels in zip(batch.photos, batch.labels):
        own = plain.get(photo.contiguous().numpy().tobytes())
        if own is None:
            mirrored += 1
            own = plain[photo.flip(-1).contiguous().numpy().tobytes()].flip(-1)  # no left or right class is in them
        assert torch.equal(labels, own.long())
    assert 16 < mirrored < 48
    pipeline = task.pipeline
    own = batch.kind == OWN
    expected = pipeline.decode_masks(batch.z1[own])
    drawn = pipeline.decode_masks(batch.z1[batch.kind == DRAWN])
    assert len(expected) and len(drawn)
    encoded = torch.cat([pipeline.encode_photo(p) for p in pairs.photos.numpy()])
    z0 = batch.z0[batch.kind == ENCODED]
    nearest = (z0[:, None] - encoded[None]).abs().amax((2, 3, 4)).amin(1)
    assert (nearest < 1e-4).any()  # those that are not mirrored


def test_the_last_step_alone_keeps_gradients() -> None:
    weight = torch.tensor(2.0, requires_grad=True)
    times = []

    def velocity(z: torch.Tensor, t: Any) -> torch.Tensor:
        times.append(t)
        return weight * torch.ones_like(z)

    z0 = flow_end.last_step(velocity, torch.full((1, 1, 1, 1), 5.0), 4)
    assert z0.item() == pytest.approx(3.0)  # 5 - 2
    z0.backward()
    assert float(weight.grad) == pytest.approx(-times[-1])  # type: ignore[arg-type]


def test_hold_aims_at_the_straight_path_near_the_layout_and_at_the_former_velocity_near_the_photo() -> None:
    z0, z1 = torch.zeros(8, 1, 1, 1), torch.ones(8, 1, 1, 1)
    torch.manual_seed(0)
    loss = flow_end.hold(lambda z, t: torch.zeros_like(z), lambda z, t: torch.zeros_like(z) + 3, z0, z1)
    assert float(loss) == pytest.approx((4 * 9 + 4 * 1) / 8)  # u-shaped times: half of eight below 0.5


def test_the_views_show_what_their_labels_say() -> None:
    labels = torch.arange(64).view(8, 8).repeat_interleave(8, 0).repeat_interleave(8, 1)[None]  # (1, 64, 64)
    photos = labels.repeat_interleave(2, 1).repeat_interleave(4, 2)[:, None].expand(1, 3, 128, 256).float()
    window = Window(60, (4, 8), (30, 100), (2, 4))
    pictures, found = window.views(photos), window.labels(labels)
    assert pictures.shape == (2, 3, 60, 60) and found.shape == (2, 15, 15)
    middles = pictures[:, 0, 2::4, 2::4]
    assert float((middles == found).float().mean()) > 0.9  # the rest lies on borders
    rng = np.random.default_rng(0)
    for _ in range(50):
        w = draw_window(rng, labels, (128, 256))
        assert w.side == 60 and w.scale == (2, 4)
        assert 0 <= w.whole[0] <= 8 and 0 <= w.whole[1] <= 16 and 0 <= w.crop[0] <= 68 and 0 <= w.crop[1] <= 196


def test_enlargements_reach_the_photos_size() -> None:
    assert enlargements((512, 512), (32, 32)) == ((2, 2),) * 4
    assert enlargements((256, 512), (32, 32)) == ((2, 2), (2, 2), (2, 2), (1, 2))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["stages=[renderer]"], "name a model's folder in the key 'model'"),
        (["renderer.height=100"], "height of rendered photos is 100; it must be a power of two"),
        (["renderer.kinds=[1, 1, 0, 0]"], "four shares that add up to 1"),
        (["renderer.solved=[]"], "it must name numbers of solver steps"),
        (["stages=[finish]", "finish.model=DIR"], "has no renderer; train one first"),
    ],
)
def test_what_cannot_be_rendered_is_refused(rendered: Path, words: list[str], message: str) -> None:
    if "DIR" in words[-1]:
        words[-1] = words[-1].replace("DIR", str(run_training(rendered, ["stages=[flow]"]).export("flow")))
    with pytest.raises(InputError, match=message):
        run_training(rendered, words)


def test_the_defaults_are_checked() -> None:
    assert sum(RendererConfig().kinds) == pytest.approx(1)
