"""Training end to end on six synthetic pairs, its resumption, and its configuration's errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from diffusers import AutoencoderTiny
from PIL import Image
from safetensors.torch import load_file

from semflow_core.autoencoder import PyramidAutoencoder
from semflow_core.data.augment import augment
from semflow_core.errors import InputError
from semflow_core.palette import load_palette
from semflow_core.pipeline import SemFlowPipeline
from semflow_core.training.anchors import neighbour_weights, order_cost, search
from semflow_core.training.codec import widen
from semflow_core.training.config import OptimConfig, build, read_config
from semflow_core.training.flow import FlowConfig
from semflow_core.training.loop import learning_rate
from semflow_core.training.run import run_training

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


def test_the_flow_trains_and_its_export_is_a_model(tmp_path: Path, flow_config: dict, codec: Path) -> None:
    run_training(write(tmp_path / "flow.yaml", flow_config), [])
    run = tmp_path / "run"
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [3]
    assert "mIoU" in log[0]["held_out"]
    assert (run / "samples" / "0000003.png").exists()
    # the export refers to the shared codec beside it
    (run / "codec").symlink_to(codec)
    pipeline = SemFlowPipeline.from_pretrained(run / "export")
    assert pipeline.perturbation.beta == 40


def test_an_interrupted_run_ends_like_an_uninterrupted_one(tmp_path: Path, flow_config: dict) -> None:
    path = write(tmp_path / "flow.yaml", flow_config)
    once, twice = tmp_path / "once", tmp_path / "twice"
    # a flat rate: where a run's end is known to its schedule, stopping early would change it
    flat = ["optim.decay=0.0"]
    run_training(path, [f"out={once}", "optim.steps=4", *flat])
    run_training(path, [f"out={twice}", "optim.steps=2", *flat])
    run_training(path, [f"out={twice}", "optim.steps=4", *flat])
    weights = [load_file(r / "checkpoint" / "model.safetensors") for r in (once, twice)]
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=0, atol=1e-6)
    assert json.loads((twice / "progress.json").read_text())["step"] == 4


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
    taught = np.load(tmp_path / "run" / "teacher_faces.npy")
    assert taught.shape == (4, 4, 8, 8)
    photo = np.asarray(Image.open(data / "pairs" / "images" / "0.png"))
    x = torch.tensor(photo).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        expected = teacher.encode(x)[0]
    np.testing.assert_allclose(taught[0], expected[0].numpy(), atol=5e-3)


def test_widening_keeps_what_the_old_channels_say() -> None:
    old = PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4)
    new = PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=6)
    widen(new, old)
    x = torch.rand(1, 3, 16, 16) * 2 - 1
    z = old.encode(x).latents
    torch.testing.assert_close(new.encode(x).latents[:, :4], z)
    padded = torch.cat([z, torch.zeros(1, 2, 2, 2)], 1)
    torch.testing.assert_close(new.decode(padded).sample, old.decode(z).sample)


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
        p, m = augment(photo, labels, palette, np.random.default_rng(seed))
        seen = set(np.unique(m)) - {0}
        assert seen in ({4}, {5})  # a mirror exchanges the ids
        mirrored += seen == {5}
        agreement = ((p[..., 0] > 127) == (m > 0)).mean()
        assert agreement > 0.98
    assert 0 < mirrored < 20


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
        (["domain.held_out=6"], "nothing is left to train on"),
    ],
)
def test_a_wrong_configuration_is_named(
    tmp_path: Path, flow_config: dict, overrides: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        run_training(write(tmp_path / "flow.yaml", flow_config), overrides)


@pytest.mark.parametrize("name", ["codec", "faces", "streets"])
def test_the_shipped_configurations_have_no_unread_key(name: str) -> None:
    from semflow_core.training.run import KINDS

    raw = read_config(Path(__file__).parent.parent / "configs" / f"{name}.yaml", [])
    config = build(KINDS[raw.pop("kind")][0], raw)
    for domain in [config.domain] if isinstance(config, FlowConfig) else config.domains.values():
        assert domain.codebook().max_beta == 62.5
