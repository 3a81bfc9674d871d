"""Model folders: what is saved comes back, older ones still load, broken ones are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffusers import DiffusionPipeline, UNet2DModel

from semflow_core.errors import InputError
from semflow_core.method.perturbation import Perturbation
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import SynthesisRequest


def test_saving_and_loading_keeps_everything(
    pipeline: SemFlowPipeline, tmp_path: Path, paint: SynthesisRequest
) -> None:
    pipeline.save_pretrained(tmp_path / "copy")
    loaded = SemFlowPipeline.from_pretrained(tmp_path / "copy")
    assert loaded.codebook == pipeline.codebook
    assert loaded.perturbation == pipeline.perturbation == Perturbation(40.0, "regional")
    assert loaded.name == "copy"
    assert np.array_equal(loaded.synthesize(paint).photo, pipeline.synthesize(paint).photo)
    assert not list(tmp_path.rglob("*.bin")), "weights are safetensors, no pickles"


def test_models_share_an_autoencoder_that_stands_outside(pipeline: SemFlowPipeline, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path / "one")
    shutil.move(tmp_path / "one" / "vae", tmp_path / "codec")
    pipeline.save_pretrained(tmp_path / "one", vae="../codec")
    assert not (tmp_path / "one" / "vae").exists()
    assert SemFlowPipeline.from_pretrained(tmp_path / "one").codec.channels == 4


def test_a_folder_is_what_diffusers_calls_a_pipeline_folder(pipeline: SemFlowPipeline, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path)
    index: Any = DiffusionPipeline.load_config(str(tmp_path))
    assert index["unet"] == ["diffusers", "UNet2DModel"]
    assert index["vae"] == ["semflow_core.nets.pyramid", "PyramidAutoencoder"]
    assert isinstance(UNet2DModel.from_pretrained(tmp_path, subfolder="unet"), UNet2DModel)


def test_folders_that_were_saved_before_still_load(
    paint: SynthesisRequest, tmp_path: Path, tiny_appearance: Path
) -> None:
    folder = Path(shutil.copytree(tiny_appearance, tmp_path / "old"))
    (folder / "appearance.safetensors").rename(folder / "looks.safetensors")
    index = json.loads((folder / "model_index.json").read_text())
    del index["appearance"], index["read_defaults"]
    old = {"vae": ["PyramidAutoencoder", "../codec"], "unet": ["UNet2DModel", "unet"], "looks": "looks.safetensors"}
    (folder / "model_index.json").write_text(json.dumps(index | old | {"reading": {"steps": 3}}))
    (folder / "vae").rename(tmp_path / "codec")
    loaded, new = map(SemFlowPipeline.from_pretrained, (folder, tiny_appearance))
    assert loaded.read_defaults == {"steps": 3} and loaded.appearance is not None
    assert np.array_equal(loaded.synthesize(paint).photo, new.synthesize(paint).photo)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda f: (f / "model_index.json").unlink(), "is no model folder"),
        (lambda f: shutil.rmtree(f / "unet"), "cannot be loaded|is no model folder"),
        (lambda f: (f / "model_index.json").write_text("{"), "cannot be loaded"),
        (lambda f: edit(f, palette="nobody"), "no palette 'nobody'"),
        (lambda f: edit(f, perturbation={"beta": 80, "spectrum": "white"}), "amplitude is 80"),
        (lambda f: edit(f, vae=["AutoencoderGAN", "vae"]), "cannot be loaded"),
    ],
)
def test_a_broken_model_folder_is_refused_in_a_sentence(
    tiny_model: Path, tmp_path: Path, break_it: object, words: str
) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "broken")
    break_it(folder)  # type: ignore[operator]
    with pytest.raises(InputError, match=words):
        SemFlowPipeline.from_pretrained(folder)


def edit(folder: Path, **changes: object) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | changes))
