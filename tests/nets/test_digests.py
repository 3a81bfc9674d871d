"""Weights whose bits flipped on a disk are refused by name; folders without digests are not checked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from semflow_core.errors import InputError
from semflow_core.nets.digests import FILE, check_digests
from semflow_core.nets.starts import load_codec
from semflow_core.pipeline.pipeline import SemFlowPipeline

MODELS = Path(__file__).parents[2] / "assets" / "models"
WEIGHTS = "diffusion_pytorch_model.safetensors"


def flip(file: Path, at: float) -> None:
    """One bit of the numbers, at this share of the file."""
    data = bytearray(file.read_bytes())
    data[int(at * (len(data) - 1))] ^= 4
    file.write_bytes(data)


@pytest.mark.parametrize("folder", sorted({p.parent for p in MODELS.rglob("*.safetensors")}), ids=lambda p: p.name)
def test_every_shipped_file_of_weights_has_its_digest(folder: Path) -> None:
    text = (folder / FILE).read_text(encoding="utf-8")
    assert all(f'"{file.name}"' in text for file in folder.glob("*.safetensors"))
    check_digests(folder)


@pytest.mark.parametrize("file", [f"unet/{WEIGHTS}", f"vae/{WEIGHTS}"])
@pytest.mark.parametrize("at", [0.9, 1.0])
def test_a_flipped_bit_is_refused_in_a_sentence_that_names_the_file(
    file: str, at: float, tiny_model: Path, tmp_path: Path
) -> None:
    SemFlowPipeline.from_pretrained(tiny_model).save_pretrained(tmp_path / "model")
    SemFlowPipeline.from_pretrained(tmp_path / "model")
    flip(tmp_path / "model" / file, at)
    with pytest.raises(InputError, match=f"{file} is damaged: its bytes are not those that were saved; get it again"):
        SemFlowPipeline.from_pretrained(tmp_path / "model")
    (tmp_path / "model" / file).with_name(FILE).unlink()
    SemFlowPipeline.from_pretrained(tmp_path / "model")  # changed on purpose


def test_a_damaged_codec_is_no_start_for_training(tmp_path: Path) -> None:
    shutil.copytree(MODELS / "codec", tmp_path / "codec")
    flip(tmp_path / "codec" / WEIGHTS, 0.5)
    with pytest.raises(InputError, match=f"codec/{WEIGHTS} is damaged"):
        load_codec(tmp_path / "codec")


def test_a_damaged_appearance_is_refused(tmp_path: Path) -> None:
    shutil.copytree(MODELS, tmp_path / "models")
    flip(tmp_path / "models" / "faces" / "appearance.safetensors", 0.9)
    with pytest.raises(InputError, match="faces/appearance.safetensors is damaged"):
        SemFlowPipeline.from_pretrained(tmp_path / "models" / "faces")


def test_a_damaged_list_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    SemFlowPipeline.from_pretrained(tiny_model).save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "unet" / FILE).write_text("[")
    with pytest.raises(InputError, match="unet/weights.json, the list of its weights' digests"):
        SemFlowPipeline.from_pretrained(tmp_path / "model")
