"""Training a layout reader and a guide: their samples, losses, refusals, and that both make a model that reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.nets.efficientnet import how_to_install
from semflow_core.nets.reader import LayoutReader
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.training.reading.losses import VOID, class_weights, pair_chances, soft_dice
from semflow_core.training.reading.samples import UNCOUNTED, LabelledFolder, indices
from semflow_core.training.run import run_training

from ..conftest import CPU

SMALL = ["reader.height=64", "reader.width=64", "reader.features=8"]
PALETTE = load_palette("celebamask_hq")


@pytest.fixture
def lite(monkeypatch: pytest.MonkeyPatch) -> None:
    """EfficientNet-Lite0 with random weights in the place of ImageNet's."""
    torch.manual_seed(0)
    state = LayoutReader(2).state_dict()

    class Lite:
        def __init__(self, size: int) -> None:
            assert size == 0

        def state_dict(self) -> dict[str, torch.Tensor]:
            return state

    monkeypatch.setattr("semflow_core.training.tasks.reader.LiteFeatures", Lite)


def test_a_reader_is_trained_and_gone_on_with(file: Path, lite: None, capsys: pytest.CaptureFixture[str]) -> None:
    plan = run_training(file, ["kind=reader", *SMALL])
    reader = LayoutReader.from_pretrained(plan.export("reader"))
    assert reader.height == 64 and reader.classes == 19
    again = run_training(file, ["kind=reader", *SMALL, f"reader.init={plan.export('reader')}", f"out={plan.run.out}2"])
    assert (again.export("reader") / "config.json").is_file()


def test_a_reader_needs_the_pretrained_network(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semflow_core.nets.efficientnet.has_lite", lambda size: False)
    with pytest.raises(InputError, match=how_to_install(0)):
        run_training(file, ["kind=reader", *SMALL])


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("reader.height=100", "32 must divide both"),
        ("reader.unlabelled=[photos]", "needs reader.teacher"),
        ("reader.init=nowhere", "'nowhere', which is no folder|cannot be loaded|holds no LayoutReader|nowhere"),
    ],
)
def test_wrong_settings_are_refused(file: Path, lite: None, word: str, said: str) -> None:
    with pytest.raises((InputError, FileNotFoundError), match=said):
        run_training(file, ["kind=reader", *SMALL, word])


def test_rare_classes_weigh_more_and_their_pairs_come_more_often() -> None:
    pixels = np.array([[900, 100, 0], [1000, 0, 0], [1000, 0, 0], [980, 0, 20]])
    weights = class_weights(pixels.sum(0), 0.5)
    assert weights[0] < weights[1] < weights[2]
    share = torch.from_numpy(pixels.sum(0) / pixels.sum())
    assert float((weights * share).sum()) == pytest.approx(1)
    assert torch.allclose(class_weights(pixels.sum(0), 0), torch.ones(3))
    chances = pair_chances(pixels, 1.0)
    assert chances.sum() == pytest.approx(1) and chances[0] == chances[3] == 4 * chances[1]


def test_dice_is_0_where_all_is_right_and_void_counts_nowhere() -> None:
    labels = torch.zeros(1, 8, 8, dtype=torch.long)
    labels[:, :, 4:] = 2
    right = torch.nn.functional.one_hot(labels, 4).movedim(-1, 1) * 50.0
    assert float(soft_dice(right, labels)) == pytest.approx(0, abs=1e-3)
    wrong = right.roll(1, 1)
    assert float(soft_dice(wrong, labels)) > 0.9
    half = labels.clone()
    half[:, :4] = VOID
    wrong[:, :, 4:] = right[:, :, 4:]
    assert float(soft_dice(wrong, half)) == pytest.approx(0, abs=1e-3)


def test_what_other_folders_cannot_say_is_not_counted(data: Path) -> None:
    folder = next(p for p in data.iterdir() if (p / "masks").is_dir())
    plain = LabelledFolder(folder, PALETTE)
    mask = plain.labelled(plain.pairs[0])[1]
    first, second = np.unique(mask)[:2].tolist()
    unclear = LabelledFolder(folder, PALETTE, ambiguous=[first]).labelled(plain.pairs[0])[1]
    assert ((unclear == UNCOUNTED) == (mask == first)).all()
    index = indices(unclear, PALETTE)
    assert (index[mask == first] == VOID).all() and (
        index[mask == second] == PALETTE.index(np.array([second]))[0]
    ).all()


def test_photos_without_masks_are_labelled_by_a_teacher(
    file: Path, lite: None, make_task: Callable[..., Any], data: Path
) -> None:
    teacher = run_training(file, ["kind=reader", *SMALL]).export("reader")
    folder = next(p for p in data.iterdir() if (p / "images").is_dir())
    words = [f"reader.teacher={teacher}", f"reader.unlabelled=[{folder.name}/images]", "reader.certain=0.99"]
    task = make_task("kind=reader", *SMALL, *words, "reader.others_share=1")
    assert (task.batch(np.random.default_rng(0), CPU).labels == VOID).all()  # a teacher of two steps is never certain
    task = make_task("kind=reader", *SMALL, *words[:2], "reader.certain=0", "reader.others_share=1")
    assert (task.batch(np.random.default_rng(0), CPU).labels != VOID).all()


def test_a_guide_makes_the_flow_follow_what_it_is_told(
    file: Path, make_task: Callable[..., Any], mobilenet: None, lite: None, tmp_path: Path
) -> None:
    """On a flow of random weights: the loss falls, only the guide learns, and its folder is loaded."""
    run = run_training(file, ["stages=[backbone, flow, reader]", *SMALL])
    words = ["kind=guide", f"guide.model={run.export('flow')}", "guide.width=16"]
    with pytest.raises(InputError, match="no layout reader to follow"):
        make_task(*words)
    words.append(f"guide.reader={run.export('reader')}")
    task = make_task(*words)
    flow = {k: v.clone() for k, v in task.velocity.module.state_dict().items()}
    optimizer = torch.optim.Adam(task.model.parameters(), lr=1e-2)
    losses = []
    for step in range(30):
        torch.manual_seed(step)
        loss = task.loss(task.model, task.batch(np.random.default_rng(0), CPU))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]
    assert all(torch.equal(v, flow[k]) for k, v in task.velocity.module.state_dict().items())
    assert "told the annotated layout" in task.report(task.model, 0, tmp_path)
    task.export(task.model, tmp_path / "model")
    pipeline = SemFlowPipeline.from_pretrained(tmp_path / "model")
    assert pipeline.guide is not None and pipeline.guide.module.config["width"] == 16
    assert pipeline.reader.size == (64, 64)


def test_a_guide_needs_a_model_with_a_backbone(file: Path, tiny_model: Path) -> None:
    with pytest.raises(InputError, match="there is no flow to guide"):
        run_training(file, ["kind=guide"])
    with pytest.raises(InputError, match="has no backbone, whose predicted layout"):
        run_training(file, ["kind=guide", f"guide.model={tiny_model}"])
