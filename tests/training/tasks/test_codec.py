"""Training the shared autoencoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny
from PIL import Image
from safetensors.torch import save_file

from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import load_palette
from semflow_core.nets.pyramid import PyramidAutoencoder
from semflow_core.training.config import DomainConfig
from semflow_core.training.run import run_training
from semflow_core.training.tasks.codec import CodecBatch, CodecConfig, CodecTask

from ..conftest import DOMAIN, OPTIM, write


def bare_task() -> CodecTask:
    """A task without its data."""
    domain = DomainConfig("celebamask_hq", ".", 1, 3, 125)
    task = CodecTask.__new__(CodecTask)
    task.config = CodecConfig(teacher="", domains={"a": domain}, latent_channels=12)
    task.codebooks = {"a": domain.codebook()}
    task.rarity = {"a": torch.ones(19)}
    return task


def test_the_loss_goes_through_the_wrapper_of_several_processes() -> None:
    """They average gradients in the wrapper's forward; calling the wrapped model's methods would train apart."""

    class Wrapper(torch.nn.Module):
        def __init__(self, module: torch.nn.Module) -> None:
            super().__init__()
            self.module, self.calls = module, 0

        def forward(self, *args: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return self.module(*args)

    model = Wrapper(PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=12))
    photos, masks = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    labels = [torch.zeros(1, 32, 32, dtype=torch.int64)]
    loss = bare_task().loss(model, CodecBatch(photos, torch.zeros(1, 4, 4, 4), masks, masks, labels))["loss"]
    assert torch.isfinite(loss)
    assert model.calls == 1


def test_the_parts_of_the_loss_by_hand() -> None:
    """A codec that returns its input, and latents of known energy: 2 in all channels, 3 in those for labels."""
    z = torch.full((2, 12, 4, 4), 2.0)
    z[:, 8:] = 3.0
    photos, masks = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    teacher = torch.full((1, 4, 4, 4), 1.5)
    teacher[:, :, 0] = torch.nan  # no latents there
    labels = [torch.zeros(1, 32, 32, dtype=torch.int64)]
    batch = CodecBatch(photos, teacher, masks, masks - 0.25, labels)
    parts = bare_task().loss(lambda x, noise: (z, x), batch)  # type: ignore[arg-type]
    assert float(parts["photo"]) == 0 and float(parts["mask"]) == pytest.approx(0.25)
    assert float(parts["distill"]) == pytest.approx(0.25) and float(parts["leak"]) == 9
    assert float(parts["energy"]) == pytest.approx((4 * 4 + 4 * 9) / 8)
    total = 0.25 + parts["ce"] + 0.3 * 0.25 + 0.2 * 9 + 0.003 * 6.5
    assert float(parts["loss"]) == pytest.approx(float(total), rel=1e-5)


@pytest.mark.parametrize(("k", "s", "beta"), [(3, 125, 40.0), (6, 50, 16.0)])
def test_the_perturbation_is_a_share_of_what_a_codebook_allows(k: int, s: int, beta: float) -> None:
    codebook = Codebook(load_palette("coco_stuff" if k == 6 else "celebamask_hq"), k, s)
    assert bare_task().config.perturbation(codebook).beta == beta


def codec_config(tmp_path: Path, data: Path) -> dict:
    return {
        "stages": ["codec"],
        "out": str(tmp_path / "run"),
        "data": str(data),
        "codec": {
            "teacher": str(tmp_path),
            "domains": {"faces": DOMAIN},
            "size": 64,
            "crop": 32,
            "widths": [8, 8, 8],
            "photo_share": 0.5,
        },
        "optim": OPTIM,
    }


def test_the_codec_trains_from_the_original_teacher_files(tmp_path: Path, data: Path) -> None:
    teacher = AutoencoderTiny()
    for part in ("encoder", "decoder"):
        first = 1 if part == "decoder" else 0
        state = getattr(teacher, part).layers.state_dict()
        shifted = {f"{int(k.split('.')[0]) + first}.{k.split('.', 1)[1]}": v for k, v in state.items()}
        save_file(shifted, tmp_path / f"taesd_{part}.safetensors")
    file = write(tmp_path / "codec.yaml", codec_config(tmp_path, data))
    plan = run_training(file, [])
    shipped = PyramidAutoencoder.from_pretrained(plan.export("codec")).float()
    assert len(shipped.config["latent_std"]) == 16
    latents = np.load(next(plan.folder("codec").glob("teacher_faces_*.npy")))
    assert latents.shape == (4, 4, 8, 8)
    photo = np.asarray(Image.open(data / "pairs" / "images" / "0.png"))
    x = torch.tensor(photo).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        expected = teacher.encode(x)[0]
    np.testing.assert_allclose(latents[0], expected[0].numpy(), atol=5e-3)
    # and another one goes on from there, its encoder as it was
    again = run_training(
        file, [f"out={tmp_path / 'again'}", f"codec.init={plan.export('codec')}", "codec.freeze_encoder=true"]
    )
    frozen = PyramidAutoencoder.from_pretrained(again.export("codec")).float()
    assert frozen.config["latent_std"] == shipped.config["latent_std"]
    for name, value in frozen.encoder.state_dict().items():
        assert torch.equal(value, shipped.encoder.state_dict()[name]), name


def test_wrong_settings_are_named(tmp_path: Path, data: Path) -> None:
    file = write(tmp_path / "codec.yaml", codec_config(tmp_path, data))
    with pytest.raises(InputError, match="4 < photo_channels <= latent_channels"):
        run_training(file, ["codec.photo_channels=4"])
    with pytest.raises(InputError, match="the teacher folder .* must hold TAESD"):
        run_training(file, ["codec.teacher=nowhere"])
    for crop in (36, 72, 0):  # no multiple of 8, larger than the picture, nothing
        with pytest.raises(InputError, match=f"codec.crop is {crop} and codec.size 64; both must be multiples of 8"):
            run_training(file, [f"codec.crop={crop}"])
    with pytest.raises(InputError, match="codec.widths is .8.; it must be three"):
        run_training(file, ["codec.widths=[8]"])
    with pytest.raises(InputError, match="codec.distill is -1; it must be at least 0"):
        run_training(file, ["codec.distill=-1"])
    with pytest.raises(InputError, match="codec.domains is empty"):
        run_training(file, ["codec.domains={}"])
    with pytest.raises(InputError, match="amplitude is 62.5"):
        run_training(file, ["codec.amplitude=1.0"])
