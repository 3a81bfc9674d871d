"""The baselines: DSM's sampling against a predictor that knows the answer, and both trained for three steps."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from diffusers import DDPMScheduler, UNet2DModel
from safetensors.torch import load_file

from semflow_core.errors import InputError
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests.packing import pack_labels
from semflow_core.requests.requests import SynthesisRequest
from semflow_core.training.run import run_training
from semflow_core.training.tasks.discriminative import segment_discriminative
from semflow_core.training.tasks.dsm import SCHEDULE, segment_dsm

from .test_training import codec, data, flow_config  # noqa: F401 (fixtures)


class Knowing:
    """Predicts exactly the noise that hides z1, and insists on being told the photo's latents."""

    dtype = torch.float32

    def __init__(self, z1: torch.Tensor, z0: torch.Tensor) -> None:
        self.z1, self.z0 = z1, z0
        self.alphas = DDPMScheduler(**SCHEDULE).alphas_cumprod

    def __call__(self, x: torch.Tensor, t: torch.Tensor) -> SimpleNamespace:
        z, z0 = x.chunk(2, dim=1)
        assert torch.equal(z0, self.z0)
        a = self.alphas[int(t)]
        return SimpleNamespace(sample=(z - a.sqrt() * self.z1) / (1 - a).sqrt())


@pytest.fixture(scope="module")
def pipeline(tiny_model: Path) -> SemFlowPipeline:
    return SemFlowPipeline.from_pretrained(tiny_model)


@pytest.mark.parametrize(("sampler", "steps"), [("ddim", 2), ("ddim", 25), ("ddpm", 5), ("ddpm", 50)])
def test_with_the_right_noise_the_mask_is_found(
    pipeline: SemFlowPipeline, face_layout: np.ndarray, sampler: str, steps: int
) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    z1 = pipeline.encode_layout(SynthesisRequest(layout=pack_labels(face_layout)))
    expected = pipeline.codebook.decode(pipeline.decode_masks(z1)).labels
    knowing = Knowing(z1, pipeline.encode_photo(photo))
    for seed in (0, 1):
        found = segment_dsm(pipeline, knowing, [photo], sampler, steps, seed)
        assert (found == expected).mean() > 0.95  # the last step leaves noise of 0.03


def test_a_seed_decides_what_a_dsm_that_knows_nothing_sees(
    pipeline: SemFlowPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the tiny codec's random weights would give every latent one class
    monkeypatch.setattr(pipeline, "decode_masks", lambda z: 128 + 100 * z[:, :3])
    photo = np.zeros((32, 32, 3), np.uint8)

    def blind(x: torch.Tensor, t: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(sample=0.5 * x[:, :4])

    blind.dtype = torch.float32  # type: ignore[attr-defined]
    first, again, other = (segment_dsm(pipeline, blind, [photo], "ddim", 4, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize(("sampler", "steps"), [("euler", 4), ("ddim", 0), ("ddpm", 1001)])
def test_impossible_sampling_is_refused(pipeline: SemFlowPipeline, sampler: str, steps: int) -> None:
    with pytest.raises(InputError, match="ddim or ddpm"):
        segment_dsm(pipeline, None, [np.zeros((32, 32, 3), np.uint8)], sampler, steps, 0)


@pytest.mark.parametrize(("kind", "inputs", "outputs"), [("dsm", 8, 4), ("discriminative", 4, 64 * 19)])
def test_a_baseline_trains_on_the_flows_configuration(
    tmp_path: Path,
    flow_config: dict,  # noqa: F811
    kind: str,
    inputs: int,
    outputs: int,
) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(yaml.safe_dump(flow_config))
    run_training(path, [f"kind={kind}"])
    unet = UNet2DModel.from_pretrained(tmp_path / "run" / "export" / "unet")
    assert (unet.config["in_channels"], unet.config["out_channels"]) == (inputs, outputs)
    state = load_file(tmp_path / "run" / "checkpoint" / "model.safetensors")
    assert all(v.isfinite().all() for v in state.values())


def test_the_discriminative_scores_belong_to_their_pixels(pipeline: SemFlowPipeline) -> None:
    """A network that only says 'class 13' in one latent cell labels that cell's 8x8 pixels and no others."""
    cells = torch.zeros(1, 19 * 64, 4, 4)
    cells[:, :64] = 1.0  # background everywhere
    cells[:, 13 * 64 : 14 * 64, 1, 2] = 2.0

    class Fixed:
        dtype = torch.float32

        def __call__(self, z: torch.Tensor, t: int) -> SimpleNamespace:
            return SimpleNamespace(sample=cells)

    labels = segment_discriminative(pipeline, Fixed(), [np.zeros((32, 32, 3), np.uint8)])[0]
    assert (labels[8:16, 16:24] == 13).all() and (labels == 13).sum() == 64
