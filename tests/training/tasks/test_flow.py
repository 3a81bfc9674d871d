"""A flow of other networks than this repository's own: the same code, through the contracts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook, to_model
from semflow_core.method.palette import load_palette
from semflow_core.nets.backbone import BackboneUNet
from semflow_core.nets.components import PROMPT_FILE
from semflow_core.nets.unet import UNetConfig
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.training.run import run_training

from ...small import small_conditional, small_kl
from ..conftest import CPU, Config, write


@pytest.fixture
def sd(tmp_path: Path, config: Config) -> Path:
    """A configuration that fine-tunes a pair of Stable Diffusion's structure, with a codec of factor 4."""
    torch.manual_seed(0)
    small_kl(levels=3).save_pretrained(tmp_path / "kl")
    small_conditional(16).save_pretrained(tmp_path / "sd")
    save_file({"prompt": torch.randn(1, 7, 12)}, tmp_path / "sd" / PROMPT_FILE)
    config["latents"]["codec"] = str(tmp_path / "kl")
    config["flow"] = {
        "network": str(tmp_path / "sd"),
        "endpoint": {"weight": 1.0, "samples": 1},
        "photo_pixels": {"weight": 1.0, "samples": 1},
        "off_path": {"samples": 1},
    }
    return write(tmp_path / "sd.yaml", config)


def test_stable_diffusions_pair_is_fine_tuned_with_every_term(sd: Path, tmp_path: Path) -> None:
    plan = run_training(sd, ["optim.steps=2"])
    pipeline = SemFlowPipeline.from_pretrained(plan.export("flow"))
    velocity: Any = pipeline.velocity
    assert pipeline.codec.factor == 4 and isinstance(velocity.module, UNet2DConditionModel)
    assert velocity.prompt.shape == (1, 7, 12)
    before = UNet2DConditionModel.from_pretrained(tmp_path / "sd").state_dict()
    assert any(not torch.allclose(v.float(), before[k], atol=1e-3) for k, v in velocity.module.state_dict().items())


def test_the_baselines_take_the_codec_as_it_is(sd: Path) -> None:
    words = ["kind=discriminative", "optim.steps=1"]
    plan = run_training(sd, words)
    assert (plan.export("discriminative") / "unet").is_dir()


def test_a_folder_without_a_network_is_named(sd: Path) -> None:
    with pytest.raises(InputError, match="network in 'nowhere' cannot be loaded"):
        run_training(sd, ["flow.network=nowhere"])


def test_a_codec_is_no_velocity(sd: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="holds a AutoencoderKL; a velocity is one of BackboneUNet, SymmetricUNet, UNet2DModel"
    ):
        run_training(sd, [f"flow.network={tmp_path / 'kl'}"])


def test_channels_must_be_the_codecs(sd: Path, tmp_path: Path) -> None:
    UNetConfig([32, 32], 1, [False, True]).build(8, 4, 16).save_pretrained(tmp_path / "wide")
    with pytest.raises(InputError, match="takes latents of 8 channels and returns 4; the codec's have 4, and so must"):
        run_training(sd, [f"flow.network={tmp_path / 'wide'}"])


def test_a_conditional_network_needs_its_prompt(sd: Path, tmp_path: Path) -> None:
    (tmp_path / "sd" / PROMPT_FILE).unlink()
    with pytest.raises(InputError, match="there is no .*prompt.safetensors; it must hold the embedding of the empty"):
        run_training(sd, [])


def backbone_unet(folder: Path, codebook: Codebook) -> Path:
    torch.manual_seed(0)
    anchors = to_model(codebook.anchors).tolist()
    UNetConfig([32, 32], 1, [False, True]).build(4, 4, 8, BackboneUNet, anchors=anchors).save_pretrained(folder)
    return folder


def test_a_network_with_a_backbone_is_fine_tuned_but_for_the_backbone(
    make_task: Callable[..., Any], tmp_path: Path
) -> None:
    folder = backbone_unet(tmp_path / "unet", Codebook(load_palette("celebamask_hq"), 3, 125))
    file = folder / "config.json"
    file.write_text(file.read_text().replace("BackboneUNet", "SeeingUNet2DModel"))  # as it was called once
    task = make_task(f"flow.network={folder}", "flow.unet={}", "flow.photo_reading={weight: 0.3, samples: 1}")
    task.loss(task.model, task.batch(np.random.default_rng(0), CPU))["loss"].backward()
    learning = {name for name, p in task.model.named_parameters() if p.grad is not None}
    assert learning == {name for name, _ in task.model.named_parameters() if not name.startswith("backbone.")}


def test_a_backbone_of_another_codebook_is_refused_at_the_start(make_task: Callable[..., Any], tmp_path: Path) -> None:
    folder = backbone_unet(tmp_path / "unet", Codebook(load_palette("celebamask_hq"), 6, 50))
    with pytest.raises(InputError, match="has the anchors of another codebook; latents.domain must have"):
        make_task(f"flow.network={folder}", "flow.unet={}")
