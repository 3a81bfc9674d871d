"""Published weights in each of their real layouts: the model folder computes what the networks themselves do."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from app.actions.models import Models
from semflow_core.cli import main
from semflow_core.convert.convert import Conversion, convert, load
from semflow_core.data.prepare import Preparation, prepare
from semflow_core.errors import InputError
from semflow_core.method.flow import times_to_image, times_to_mask
from semflow_core.nets import prompt
from semflow_core.nets.symmetric import SymmetricVelocity
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import SegmentationRequest, SynthesisRequest

from ..data import downloads
from . import layouts

SIZE = 64


@pytest.fixture(scope="module")
def sd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sd") / "stable-diffusion-v1-5"
    folder.mkdir()
    layouts.write_folder(folder)
    return folder


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("single") / "v1-5-pruned-emaonly.safetensors"
    layouts.write_single_file(file)
    return file


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SemFlow's: a plain state dict of the U-Net."""
    file = tmp_path_factory.mktemp("face") / "face.pt"
    unet = layouts.small_unet()
    with torch.no_grad():
        unet.conv_out.bias += 0.1  # it was trained
    torch.save(unet.state_dict(), file)
    return file


@pytest.fixture(scope="module")
def symmflow(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """SymmFlow's file, and a folder of Stable Diffusion 2.1."""
    folder = tmp_path_factory.mktemp("symmflow")
    (folder / "sd21").mkdir()
    layouts.write_folder(folder / "sd21", second=True)
    layouts.write_symmflow(folder / "LatFM_celeba_beta10.0.pt")
    return folder / "LatFM_celeba_beta10.0.pt", folder / "sd21"


def the_same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    one, other = a.state_dict(), b.state_dict()
    return one.keys() == other.keys() and all(torch.equal(v, other[k]) for k, v in one.items())


@pytest.mark.parametrize("layout", ["sd", "single"])
def test_stable_diffusion_in_both_layouts(layout: str, request: pytest.FixtureRequest) -> None:
    model = load(Conversion(request.getfixturevalue(layout), size=SIZE))
    assert the_same(model.velocity.module, layouts.small_unet())
    assert the_same(model.codec.module, layouts.small_vae())  # type: ignore[attr-defined]
    torch.testing.assert_close(model.velocity.prompt, layouts.empty_prompt(layouts.small_text_encoder()))
    assert model.codec.scaling == 0.18215 and model.perturbation.beta == 6  # type: ignore[attr-defined]
    assert (model.codebook.k, model.codebook.s) == (6, 50)
    assert model.velocity.module.config.attention_head_dim == 8


@torch.no_grad()
@pytest.mark.parametrize("steps", [5, 8])
def test_semflow_is_equations_12_and_13(sd: Path, face: Path, face_layout: np.ndarray, steps: int) -> None:
    model = load(Conversion(face, base=sd, size=SIZE))
    unet, vae = layouts.small_unet(), layouts.small_vae()
    unet.load_state_dict(torch.load(face))
    text = layouts.empty_prompt(layouts.small_text_encoder())
    synthesis = model.synthesize(SynthesisRequest(layout=face_layout, steps=steps, grid="uniform", seed=1))
    colors = model.perturbed(SynthesisRequest(layout=face_layout, seed=1), face_layout)
    z = 0.18215 * vae.encode(colors / 127.5 - 1).latent_dist.mode()
    torch.testing.assert_close(synthesis.z1, z, rtol=1e-3, atol=1e-3)
    z = synthesis.z1  # the solver from its own start: a random autoencoder magnifies how convolutions round
    for t in range(1000, 0, -1000 // steps):
        z = z - unet(z, torch.tensor([t]), encoder_hidden_states=text).sample / steps
    torch.testing.assert_close(synthesis.z0, z, rtol=0, atol=1e-5)
    read = model.segment(SegmentationRequest(photo=synthesis.photo, steps=steps))
    z = 0.18215 * vae.encode(torch.from_numpy(synthesis.photo).movedim(-1, 0)[None] / 127.5 - 1).latent_dist.mode()
    torch.testing.assert_close(read.z0, z, rtol=1e-3, atol=1e-3)
    z = read.z0
    for t in range(0, 1000, 1000 // steps):
        z = z + unet(z, torch.tensor([t]), encoder_hidden_states=text).sample / steps
    torch.testing.assert_close(read.z1, z, rtol=0, atol=1e-5)


@torch.no_grad()
@pytest.mark.slow
def test_every_step_is_equations_12_and_13(sd: Path, face: Path) -> None:
    """N steps from i/N to (i +- 1)/N, the U-Net at 1000 i/N, whatever N divides 1000."""
    model = load(Conversion(face, base=sd, size=SIZE))
    unet = layouts.small_unet()
    unet.load_state_dict(torch.load(face))
    text = layouts.empty_prompt(layouts.small_text_encoder())
    start = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    for n in (1, 2, 4, 5, 8, 10, 20, 25):
        for sign, times in ((-1, times_to_image(n, "uniform")), (1, times_to_mask(n, "uniform"))):
            states: list[torch.Tensor] = []
            end = model.solve(start, times, "euler", lambda i, t, z, v, to=states: to.append(z))
            z = start
            for i, state in enumerate([*states[1:], end]):
                t = 1000 // n * (n - i if sign < 0 else i)
                z = z + sign * unet(z, torch.tensor([t]), encoder_hidden_states=text).sample / n
                torch.testing.assert_close(state, z, rtol=0, atol=1e-5, msg=f"step {i} of {n}")


@torch.no_grad()
def test_symmflow_gets_its_own_time_and_colours(symmflow: tuple[Path, Path], face_layout: np.ndarray) -> None:
    model = load(Conversion(symmflow[0], base=symmflow[1], size=SIZE))
    assert isinstance(model.velocity, SymmetricVelocity) and model.perturbation.beta == 5
    assert model.codebook.anchors[1].tolist() == [204, 0, 0]  # skin, as the data set's authors paint it
    unet, text = layouts.symmflow_unet(), model.velocity.prompt
    synthesis = model.synthesize(SynthesisRequest(layout=face_layout, steps=5, grid="uniform"))
    z = synthesis.z1
    for t in (0.0, 0.2, 0.4, 0.6, 0.8):
        z = z + unet(z, torch.tensor([t]), encoder_hidden_states=text).sample / 5
    torch.testing.assert_close(synthesis.z0, z, rtol=0, atol=1e-5)
    coco = symmflow[0].with_name("LatFM_coco_beta6.0_epoch200.pt")
    coco.write_bytes(symmflow[0].read_bytes())
    for raw in (False, True):
        model = load(Conversion(coco, base=symmflow[1], size=SIZE, raw_ids=raw))
        assert model.perturbation.beta == 3 and len(model.palette.classes) == 172
        assert model.codebook.anchors[-1].tolist() == [250, 250, 250]
        assert model.codebook.anchors[11].tolist() == ([0, 100, 0] if raw else [0, 50, 250])  # stop sign: 12 or 11


@pytest.mark.slow
def test_the_command_makes_a_model_folder(sd: Path, face: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    words = ["convert", str(face), "--base", str(sd), "--size", str(SIZE), "--out", str(tmp_path / "paper")]
    assert main(words) == 0 and "19 classes of celebamask_hq at 64x64" in capsys.readouterr().out
    model = SemFlowPipeline.from_pretrained(tmp_path / "paper")
    assert model.read_request(np.zeros((16, 16, 3), np.uint8)).steps == 25
    layout = np.zeros((SIZE, SIZE), np.uint8)
    Image.fromarray(layout).save(tmp_path / "layout.png")
    more = ["--model", str(tmp_path / "paper"), "--steps", "1", "--out", str(tmp_path / "photos")]
    assert main(["synthesize", str(tmp_path / "layout.png"), *more]) == 0
    assert main(["segment", str(tmp_path / "photos" / "layout.png"), *more[:-1], str(tmp_path / "layouts")]) == 0
    assert main(words) == 2 and "choose another folder" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["layout.png", "layouts", "paper", "photos"]
    folders = [tmp_path / "pairs" / kind for kind in ("images", "masks")]
    for folder, picture in zip(folders, (tmp_path / "photos", tmp_path)):
        folder.mkdir(parents=True)
        (folder / "layout.png").write_bytes((picture / "layout.png").read_bytes())
    words = ["evaluate", "--images", str(folders[0]), "--masks", str(folders[1]), "--steps", "1", "--diverse", "0"]
    assert main([*words, *more[:2]]) == 0


@pytest.mark.slow
def test_published_models_are_evaluated_and_served_beside_ours(
    sd: Path, face: Path, symmflow: tuple[Path, Path], face_layout: np.ndarray, tmp_path: Path, tiny_model: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    convert(Conversion(face, base=sd, size=SIZE), models / "semflow")
    convert(Conversion(symmflow[0], base=symmflow[1], size=SIZE), models / "symmflow")
    shutil.copytree(tiny_model, models / "ours")
    rng = np.random.default_rng(0)
    for i in range(2):
        downloads.save(tmp_path / "images" / f"{i}.png", rng.integers(0, 256, (48, 48, 3), np.uint8))
        downloads.save(tmp_path / "masks" / f"{i}.png", np.roll(face_layout, i, 1))
    studio = Models([models])
    for name in ("ours", "semflow", "symmflow"):
        figures = tmp_path / f"{name}.json"
        words = ["--images", str(tmp_path / "images"), "--masks", str(tmp_path / "masks"), "--models", str(models)]
        words += ["--model", name, "--steps", "1", "--diverse", "0", "--json", str(figures)]
        assert main(["evaluate", *words]) == 0
        (row,) = json.loads(figures.read_text())["rows"]
        assert (
            row["n"] == 2 and row["segmentation"]["foreground"] is not None
        )  # SymmFlow's convention, beside the usual
        photo = studio.pipeline(name).synthesize(SynthesisRequest(model=name, layout=face_layout, steps=1)).photo
        assert photo.shape == ((32, 32, 3) if name == "ours" else (SIZE, SIZE, 3))


def test_a_rectangle_for_street_scenes(sd: Path, tmp_path: Path) -> None:
    convert(Conversion(sd, palette="cityscapes", size=64, width=128, in_parts=True), tmp_path / "city")
    index = json.loads((tmp_path / "city" / "model_index.json").read_text())
    assert (index["size"], index["width"], index["aspect"]) == (64, 128, 2.0)
    assert index["in_parts"] is True
    assert SemFlowPipeline.from_pretrained(tmp_path / "city").codec.module.use_tiling  # type: ignore[attr-defined]
    assert index["unet"] == ["diffusers", "UNet2DConditionModel"] and index["vae"] == ["diffusers", "AutoencoderKL"]


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        (["mid_block.attentions.0.proj_in.weight"], "face.pt is not whole: mid_block.attentions.0.proj_in.weight of"),
        (["conv_in.weight", "conv_in.bias"], "is not whole: conv_in.weight, conv_in.bias of its"),
        (["conv_in.weight", "conv_out.weight"], "face.pt is no U-Net .* it has conv_in.bias"),
    ],
)
def test_missing_keys_are_named(sd: Path, face: Path, tmp_path: Path, remove: list[str], message: str) -> None:
    state = torch.load(face)
    for key in remove:
        del state[key]
    torch.save(state, tmp_path / "face.pt")
    with pytest.raises(InputError, match=message):
        convert(Conversion(tmp_path / "face.pt", base=sd, size=SIZE), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_wrong_files_are_refused(
    sd: Path, single: Path, face: Path, symmflow: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(message: str, **values: object) -> None:
        with pytest.raises(InputError, match=message):
            load(Conversion(**{"source": face, "size": SIZE, **values}))  # type: ignore[arg-type]

    refused("face.pt has no autoencoder; name a Stable Diffusion folder with --base, or --vae")
    refused("face.pt has no empty prompt; name", vae=sd / "vae")
    odd = tmp_path / "odd.pt"
    torch.save(torch.zeros(1, 77, 768), odd)
    refused("has 768 channels, and the U-Net of face.pt takes 64", base=sd, prompt=odd)
    refused("multiples of 64", base=sd, size=100)
    half = tmp_path / "half.pt"
    half.write_bytes(face.read_bytes()[:20000])
    refused("half.pt is damaged or cut off", source=half)
    short = tmp_path / "short.safetensors"
    short.write_bytes(single.read_bytes()[:30000])
    refused("short.safetensors is damaged or cut off", source=short)
    evil = tmp_path / "evil.pt"
    evil.write_bytes(pickle.dumps({"conv_in.weight": print}))
    refused("evil.pt (holds more than tensors|is damaged)", source=evil)
    code = tmp_path / "code.pt"
    torch.save({"conv_in.weight": torch.zeros(1), "hook": tmp_path}, code)
    refused("code.pt holds more than tensors", source=code)
    state = {k: v for k, v in load_file(single).items() if not k.startswith("first_stage_model")}
    save_file(state, tmp_path / "partial.safetensors")
    refused("it has no keys that start with first_stage_model", source=tmp_path / "partial.safetensors")
    wide = torch.load(face) | {"conv_in.weight": torch.zeros(32, 9, 3, 3)}
    torch.save(wide, tmp_path / "inpainting.pt")
    refused("takes 9 channels and returns 4", source=tmp_path / "inpainting.pt", base=sd)
    save_file({"encoder.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    refused("it has encoder.weight", source=tmp_path / "other.safetensors")
    refused("no folder of Stable Diffusion", source=tmp_path)
    monkeypatch.setattr(prompt, "load_transformers", lambda: (_ for _ in ()).throw(InputError(prompt.HOW_TO_GET)))
    refused("pip install transformers", base=sd)
    text = tmp_path / "sd_emptyembed.pt"
    torch.save(torch.zeros(1, 77, layouts.TEXT), text)
    assert load(Conversion(face, base=sd, size=SIZE, prompt=text)).velocity.prompt.shape == (1, 77, layouts.TEXT)


@pytest.mark.slow
def test_the_papers_recipe_starts_from_it(
    sd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a download of Stable Diffusion and one of CelebAMask-HQ to a trained model folder, in small."""
    convert(Conversion(sd, size=SIZE), tmp_path / "models" / "sd15")
    prepare(Preparation("celebamask_hq", downloads.celeba(tmp_path / "download"), SIZE), tmp_path / "celebamask_hq")
    recipe = Path(__file__).parents[2] / "configs" / "paper" / "celebamask_hq.yaml"
    words = [f"data={tmp_path}", f"latents.size={SIZE}", "optim.batch=1", "optim.batches=2", "optim.warmup=1"]
    monkeypatch.chdir(tmp_path)  # the recipe names models/sd15
    assert main(["train", str(recipe), *words, "--dry-run"]) == 0
    assert "80000 steps, 160000 samples, 5.33e+04 times the 3 pairs" in capsys.readouterr().out
    assert not (tmp_path / "runs").exists()
    assert main(["train", str(recipe), *words, "optim.steps=1"]) == 0
    model = SemFlowPipeline.from_pretrained(tmp_path / "runs" / "paper" / "celebamask_hq" / "flow" / "export")
    before, after = layouts.small_unet().state_dict(), model.velocity.module.state_dict()
    assert before.keys() == after.keys() and any(not torch.equal(v.half().float(), after[k]) for k, v in before.items())
    assert model.velocity.prompt.shape == (1, 77, layouts.TEXT)
