"""What a model folder says without its networks: the same as with them, and damaged files are refused at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from semflow_core.errors import InputError
from semflow_core.pipeline.index import load_facts
from semflow_core.pipeline.registry import load_pipeline

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize("name", ["faces", "streets"])
def test_shipped_models_are_what_their_folders_say(name: str) -> None:
    facts, pipeline = load_facts(Path("assets/models") / name), load_pipeline(name)
    for fact in ("name", "size", "width", "aspect", "codebook", "perturbation", "palette", "read_defaults"):
        assert getattr(facts, fact) == getattr(pipeline, fact), fact
    assert (facts.appearance is None) == (pipeline.appearance is None)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def lengthen(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"x")


def claim(file: Path) -> None:
    """A header that is said to be larger than memory."""
    file.write_bytes(b"\xff" * 8 + file.read_bytes()[8:])


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda f: cut(f / "unet" / WEIGHTS), f"unet/{WEIGHTS} is cut or damaged; get it again"),
        (lambda f: lengthen(f / "unet" / WEIGHTS), "is cut or damaged"),
        (lambda f: claim(f / "unet" / WEIGHTS), "is cut or damaged"),
        (lambda f: (f / "unet" / WEIGHTS).write_bytes(b"abc"), "is cut or damaged"),
        (lambda f: (f / "unet" / WEIGHTS).unlink(), "is no model folder"),
        (lambda f: (f / "unet" / "config.json").unlink(), "is no model folder"),
        (lambda f: (f / "model_index.json").write_text("[1, 2]"), "cannot be loaded"),
        (lambda f: (f / "model_index.json").unlink(), "is no model folder"),
    ],
)
def test_a_damaged_folder_is_refused_before_networks_are_loaded(
    damage: Callable[[Path], object], words: str, tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    damage(folder)
    with pytest.raises(InputError, match=words):
        load_facts(folder)
