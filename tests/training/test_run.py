"""Training end to end on six drawn pairs: stages, their folders, resuming, several processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.nets.backbone import BackboneUNet
from semflow_core.nets.contracts import UNetVelocity
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.training.run import run_training


def log_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_the_flow_trains_and_its_export_is_a_model(file: Path, tmp_path: Path) -> None:
    plan = run_training(file, [])
    run = tmp_path / "run" / "flow"
    assert [entry["step"] for entry in log_of(run)] == [3]
    assert "mIoU" in log_of(run)[0]["held_out"]
    assert (run / "samples" / "0000003.png").exists()
    pipeline = SemFlowPipeline.from_pretrained(plan.export("flow"))  # where it lies, by itself
    assert pipeline.perturbation.beta == 40


@pytest.mark.slow
def test_stages_run_in_order_and_each_goes_on_by_itself(file: Path, tmp_path: Path, mobilenet: None) -> None:
    words = ["stages=[backbone, flow]", "backbone.optim.steps=2"]
    run_training(file, words)
    backbone, flow = tmp_path / "run" / "backbone", tmp_path / "run" / "flow"
    assert [entry["step"] for entry in log_of(backbone)] == [2]
    trained = load_file(backbone / "export" / "backbone.safetensors")
    unet = load_file(flow / "export" / "unet" / "diffusion_pytorch_model.safetensors")
    assert {k for k in unet if k.startswith("backbone.")} == {f"backbone.{k}" for k in trained}
    for name, value in trained.items():  # the flow leaves it as it is
        assert (unet[f"backbone.{name}"] == value).all(), name
    shutil.rmtree(flow / "checkpoint")  # the second stage starts again, the first is not touched
    run_training(file, [*words, "flow.optim.steps=1"])
    assert [entry["step"] for entry in log_of(backbone)] == [2] and log_of(flow)[-1]["step"] == 1
    run_training(file, [*words, "flow.optim.steps=4"])
    assert [entry["step"] for entry in log_of(backbone)] == [2] and log_of(flow)[-1]["step"] == 4


@pytest.mark.slow
def test_a_backbone_from_another_run(file: Path, tmp_path: Path, mobilenet: None) -> None:
    plan = run_training(file, ["kind=backbone"])
    assert log_of(plan.folder("backbone"))[0]["held_out"].startswith("segmentation ")
    first = run_training(file, [f"flow.backbone={plan.export('backbone')}", f"out={tmp_path / 'first'}"])
    velocity = SemFlowPipeline.from_pretrained(first.export("flow")).velocity
    assert isinstance(velocity, UNetVelocity) and isinstance(velocity.module, BackboneUNet)
    unet = first.export("flow") / "unet"  # a U-Net that has one serves as well
    again = run_training(file, [f"flow.backbone={unet}", f"flow.init={unet}", f"out={tmp_path / 'again'}"])
    assert (again.export("flow") / "model_index.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dsm", "discriminative"])
def test_the_baselines_start_on_a_fresh_install(tmp_path: Path, kind: str, data: Path, no_mobilenet: None) -> None:
    """As documented, with the file of the faces, but on the drawn pairs and with a small network."""
    faces = Path(__file__).parents[2] / "configs" / "faces.yaml"
    words = [f"kind={kind}", f"out={tmp_path}", f"data={data}", "latents.domain.folder=pairs", "latents.size=64"]
    words += ["latents.domain.held_out=2", "latents.copies=1", "optim.steps=1", "optim.compile=false"]
    words += [f"{kind}.unet.widths=[32, 32]", f"{kind}.unet.attention=[false, true]"]
    words.append(f"latents.codec={faces.parents[1] / 'assets' / 'models' / 'codec'}")
    plan = run_training(faces, words)
    assert (plan.export(kind) / "unet" / "config.json").exists()


def test_an_interrupted_run_ends_like_an_uninterrupted_one(file: Path, tmp_path: Path) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    # a flat rate: where a run's end is known to its schedule, stopping early would change it
    flat = ["optim.decay=0.0"]
    run_training(file, [f"out={once}", "optim.steps=4", *flat])
    run_training(file, [f"out={twice}", "optim.steps=2", *flat])
    run_training(file, [f"out={twice}", "optim.steps=4", *flat])
    weights = "checkpoint/model.safetensors", "export/unet/diffusion_pytorch_model.safetensors"  # raw, averaged
    for name in weights:
        one, two = load_file(once / "flow" / name), load_file(twice / "flow" / name)
        for key, value in one.items():
            assert (two[key] - value).abs().max() <= (1e-3 if name.startswith("export") else 1e-6), key
    assert json.loads((twice / "flow" / "checkpoint" / "progress.json").read_text())["step"] == 4


def test_a_run_killed_between_checkpoints_goes_on_from_the_last_whole_one(file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run" / "flow"
    run_training(file, ["optim.steps=2"])
    (run / "checkpoint").rename(run / "checkpoint.old")  # as in the middle of a swap
    run_training(file, ["optim.steps=3"])
    assert json.loads((run / "checkpoint" / "progress.json").read_text())["step"] == 3
    # and a finished run that lost its export writes it again
    shutil.rmtree(run / "export")
    run_training(file, ["optim.steps=3"])
    assert (run / "export" / "model_index.json").exists()


def test_a_finished_run_is_left_alone(file: Path, tmp_path: Path) -> None:
    run_training(file, ["optim.steps=1"])
    file_time = (tmp_path / "run" / "flow" / "export" / "model_index.json").stat().st_mtime_ns
    run_training(file, ["optim.steps=1"])
    assert (tmp_path / "run" / "flow" / "export" / "model_index.json").stat().st_mtime_ns == file_time


def test_a_run_is_about_one_thing(file: Path) -> None:
    run_training(file, ["optim.steps=1"])
    with pytest.raises(InputError, match="started with latents.beta=40.0, now it is 20.0; choose another out"):
        run_training(file, ["optim.steps=2", "latents.beta=20.0"])


def test_a_second_set_of_one_name_is_not_taken_for_the_first(file: Path, tmp_path: Path, data: Path) -> None:
    root = tmp_path / "mine"
    shutil.copytree(data, root)
    words = [f"data={root}"]
    run_training(file, words)
    run_training(file, words)  # goes on: the set is the same
    mask = root / "pairs" / "masks" / "1.png"
    Image.fromarray(np.roll(np.asarray(Image.open(mask)), 1, 0)).save(mask)
    (root / "pairs" / "images" / "5.png").unlink()
    (root / "pairs" / "masks" / "5.png").unlink()
    words_of = (
        r"flow was started on another set: .* its pairs \(1 pair gone \(5\); 1 pair with another mask \(1\)\) changed"
    )
    with pytest.raises(InputError, match=words_of):
        run_training(file, words)
    assert log_of(tmp_path / "run" / "flow")[-1]["step"] == 3
    run_training(file, [*words, f"out={tmp_path / 'second'}"])


def test_another_palette_of_one_name_is_named(file: Path, tmp_path: Path) -> None:
    palette = tmp_path / "palette.json"
    palette.write_text(load_palette("celebamask_hq").to_json())
    words = [f"latents.domain.palette={palette}"]
    run_training(file, words)
    palette.write_text(palette.read_text().replace('"hair"', '"fur"'))
    with pytest.raises(InputError, match="since then the palette's classes changed; choose another out"):
        run_training(file, words)


def test_a_start_that_failed_is_not_compared_with_the_next_one(file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="amplitude is 70"):
        run_training(file, ["optim.steps=1", "latents.beta=70.0"])
    run_training(file, ["optim.steps=1"])
    assert (tmp_path / "run" / "flow" / "export" / "model_index.json").exists()


@pytest.mark.parametrize("key", ["init", "backbone", "reflow.model"])
def test_a_folder_that_a_later_stage_needs_is_missed_before_the_first(file: Path, tmp_path: Path, key: str) -> None:
    words = ["stages=[dsm, flow]" if key == "backbone" else "stages=[backbone, flow]"]
    with pytest.raises(InputError, match=f"flow.{key} is 'nowhere', which is no folder; it must be one with saved"):
        run_training(file, [*words, f"flow.{key}=nowhere"])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data=nowhere"], "nowhere does not exist"),
        (["latents.domain.palette=nobody"], "no palette 'nobody'"),
        (["latents.domain.held_out=6"], "nothing is left to train on"),
        (["flow.unet.widths=[32]"], "one entry per level"),
    ],
)
def test_wrong_settings_are_named(file: Path, words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_training(file, words)


def test_a_palette_of_ones_own_and_void_pixels(file: Path, tmp_path: Path, data: Path) -> None:
    palette = json.loads(load_palette("celebamask_hq").to_json())
    palette["name"] = "mine"
    (tmp_path / "mine.json").write_text(json.dumps(palette))
    shutil.copytree(data / "pairs", tmp_path / "pairs")
    mask = np.array(Image.open(tmp_path / "pairs" / "masks" / "0.png"))
    mask[:8] = 255  # no class of this palette
    Image.fromarray(mask).save(tmp_path / "pairs" / "masks" / "0.png")
    plan = run_training(file, [f"latents.domain.palette={tmp_path / 'mine.json'}", f"data={tmp_path}", "optim.steps=1"])
    (tmp_path / "mine.json").unlink()
    loaded = SemFlowPipeline.from_pretrained(plan.export("flow"))
    assert loaded.palette.name == "mine"
    assert loaded.palette.classes == load_palette("celebamask_hq").classes


@pytest.mark.slow
def test_two_processes_train_one_model(file: Path, tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(
        [*launch, "-m", "semflow_core", "train", str(file)], env=env, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    run = tmp_path / "run" / "flow"
    assert len(log_of(run)) == 1  # one of the two reports
    assert len(list((run / "checkpoint").glob("random_states_*.pkl"))) == 2  # and each keeps its own
