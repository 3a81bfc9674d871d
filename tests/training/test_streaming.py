"""Training from shards: batches come from disk, depend on their generator alone, and may be rectangles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from semflow_core.data.pairs import data_root
from semflow_core.data.prepare import Preparation, prepare
from semflow_core.errors import InputError
from semflow_core.method.codebook import photos_to_model
from semflow_core.training.config import OptimConfig
from semflow_core.training.dry import dry_run
from semflow_core.training.latents import LatentPairs, open_pairs
from semflow_core.training.run import run_training
from semflow_core.training.stages import read_plan
from semflow_core.training.streaming import StreamedPairs

from ..data import downloads

PLAIN = ["latents.augment.mirror=false", *(f"latents.augment.{k}=0" for k in ("rotate", "shift", "scale"))]


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("streamed")
    prepare(Preparation("coco_stuff", downloads.coco(root / "download"), size=64), root / "coco")
    return root


@pytest.fixture
def words(coco: Path) -> list[str]:
    domain = "latents.domain={palette: coco_stuff, folder: coco, held_out: 1}"
    return [f"data={coco}", domain, "latents.beta=6", "latents.stream=true"]


@pytest.fixture
def streamed(file: Path, words: list[str]) -> Callable[..., LatentPairs]:
    def make(*more: str) -> LatentPairs:
        plan = read_plan(file, [*words, *more])
        assert plan.latents is not None
        return open_pairs(plan.latents, data_root(plan.run.data), plan.run.seed, bf16=False)

    return make


def test_a_batch_is_read_from_disk_and_from_its_generator_alone(streamed: Callable[..., LatentPairs]) -> None:
    latents = streamed("latents.augment.crop=true", *PLAIN)
    assert isinstance(latents, StreamedPairs) and len(latents.dev) == 1
    drawn, again = (latents.draw(np.random.default_rng(5), 6) for _ in range(2))
    assert torch.equal(drawn.z1, again.z1) and torch.equal(drawn.index, again.index)
    assert not torch.equal(drawn.z1, latents.draw(np.random.default_rng(6), 6).z1)
    assert drawn.labels.shape == (6, 64, 64) and set(np.unique(drawn.labels).tolist()) == {11, 145, 170}
    expected = latents.encode(photos_to_model(np.full((6, 64, 64, 3), 90, np.uint8)))
    torch.testing.assert_close(drawn.z0.float(), expected.float(), atol=2e-2, rtol=0)
    assert latents.rarity.shape == (171,) and latents.appearance is None


def test_a_rectangle(streamed: Callable[..., LatentPairs]) -> None:
    latents = streamed("latents.width=128", "latents.aspect=2")
    assert latents.draw(np.random.default_rng(0), 2).z0.shape[2:] == (8, 16)
    assert latents.dev.photos.shape == (1, 64, 128, 3)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["latents.appearance=true", "latents.spectrum=regional"], "cannot be had with latents.stream"),
        (["latents.stream=false", "latents.augment.crop=true"], "it needs latents.stream"),
        (["latents.width=128", "latents.sloppy=0.5"], "latents.sloppy needs squares"),
        (["latents.domain.folder=download"], "has none; semflow data prepare writes them"),
    ],
)
def test_what_cannot_be_streamed_is_said(streamed: Callable[..., LatentPairs], more: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        streamed(*more)


def test_a_run_of_before_goes_on(file: Path) -> None:
    """Its config.json has no keys that came later; at their defaults a new plan has none of them either."""
    plan, other = read_plan(file, []), read_plan(file, ["latents.width=128"])
    later = {"latents.width", "latents.stream", "latents.augment.crop", "latents.domain.ids", "latents.readers"}
    assert not later & plan.subject("flow").keys()
    assert other.subject("flow")["latents.width"] == 128


def log_of(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "flow" / "log.jsonl").read_text().splitlines()]


def test_it_trains_and_a_dry_run_only_measures(
    file: Path, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = dry_run(file, [*words, "optim.batches=2", "optim.steps=30"])
    assert "30 steps, 240 samples, 80 times the 3 pairs" in lines[0]
    assert "kept (weights" in lines[1] and "s per step here" in lines[2]
    assert not (tmp_path / "run").exists()
    run_training(file, [*words, "optim.steps=1", "optim.recompute=true"])
    assert log_of(tmp_path / "run")[0]["step"] == 1


def test_two_batches_per_step_are_their_mean(file: Path, tmp_path: Path) -> None:
    """One step of two batches has the gradient of both: the weights are those of the mean of the two."""
    from semflow_core.training import loop

    seen: list[tuple[int, ...]] = []
    original = np.random.default_rng

    def note(seed: object) -> np.random.Generator:
        if isinstance(seed, tuple) and len(seed) == 3:
            seen.append(seed)
        return original(seed)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.np.random, "default_rng", note)
        run_training(file, ["optim.batches=2", "optim.steps=2", f"out={tmp_path / 'two'}"])
    assert seen == [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)]  # the numbers that two processes would have had
    with pytest.raises(InputError, match="3, which 2 processes cannot share evenly"):
        loop.batches_of(OptimConfig(batches=3), 2)
    assert [loop.batches_of(OptimConfig(batches=b), p) for b, p in ((0, 4), (8, 2), (8, 8))] == [1, 4, 1]


def test_clipping_reaches_deepspeed() -> None:
    from types import SimpleNamespace

    from semflow_core.training.loop import clip_in_deepspeed

    settings: dict = {"gradient_clipping": "auto"}
    accelerator = SimpleNamespace(state=SimpleNamespace(deepspeed_plugin=SimpleNamespace(deepspeed_config=settings)))
    clip_in_deepspeed(accelerator, OptimConfig(clip=0.5, batch=3), 1)  # type: ignore[arg-type]
    assert settings["gradient_clipping"] == 0.5 and settings["train_micro_batch_size_per_gpu"] == 3
    with pytest.raises(InputError, match="one batch per process"):
        clip_in_deepspeed(accelerator, OptimConfig(), 2)  # type: ignore[arg-type]
    clip_in_deepspeed(SimpleNamespace(state=SimpleNamespace(deepspeed_plugin=None)), OptimConfig(), 2)  # type: ignore[arg-type]


PAPER = Path(__file__).parents[2] / "configs" / "paper"


@pytest.mark.parametrize(
    ("name", "steps", "samples", "rate", "warmup", "size"),
    [
        ("celebamask_hq", 80_000, 256, 2e-5, 500, (512, 512)),
        ("cityscapes", 8_000, 256, 5e-5, 500, (512, 1024)),
        ("coco_stuff", 320_000, 128, 1e-5, 10_000, (512, 512)),
    ],
)
def test_the_papers_recipes(
    name: str, steps: int, samples: int, rate: float, warmup: int, size: tuple[int, int]
) -> None:
    from semflow_core.training.loop import learning_rate

    plan = read_plan(PAPER / f"{name}.yaml", [])
    config, latents = plan.sections["flow"].optim, plan.latents
    assert latents is not None
    assert (config.steps, config.batch * config.batches, config.lr, config.warmup) == (steps, samples, rate, warmup)
    assert (latents.size, latents.width or latents.size) == size and latents.beta == 6
    assert (latents.domain.k, latents.domain.s, latents.domain.order) == (6, 50, [])
    assert (config.clip, config.ema, config.weight_decay, config.betas) == (1.0, 0.0, 0.01, [0.9, 0.999])
    middle = learning_rate((steps + warmup) // 2, config)
    assert middle == pytest.approx(1.0 if name == "coco_stuff" else 0.5)
    assert learning_rate(warmup, config) == 1
