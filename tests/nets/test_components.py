"""The parts of a model folder: their names, and the prompt of a conditional U-Net."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

from semflow_core.errors import InputError
from semflow_core.nets.components import PROMPT_FILE, is_one_of, load_velocity, names_of
from semflow_core.nets.contracts import CODECS, VELOCITIES, ConditionedUNetVelocity

from ..small import small_conditional

NAME = UNet2DConditionModel.__name__


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small_conditional(8).save_pretrained(tmp_path)
    return tmp_path


def test_a_conditional_unet_is_loaded_with_its_prompt(folder: Path) -> None:
    prompt = torch.randn(1, 7, 12)
    save_file({"prompt": prompt.half()}, folder / PROMPT_FILE)
    velocity = load_velocity(NAME, folder)
    assert isinstance(velocity, ConditionedUNetVelocity) and torch.equal(velocity.prompt, prompt.half().float())


def test_without_its_prompt_it_is_refused(folder: Path) -> None:
    right = r"it must hold the embedding of the empty prompt, key 'prompt', \(1, L, 12\): docs/training.md"
    with pytest.raises(InputError, match=f"there is no .*{PROMPT_FILE}; {right}"):
        load_velocity(NAME, folder)
    for wrong in ({"prompt": torch.zeros(1, 7, 13)}, {"prompt": torch.zeros(7, 12)}, {"text": torch.zeros(1, 7, 12)}):
        save_file(wrong, folder / PROMPT_FILE)
        with pytest.raises(InputError, match=f"{PROMPT_FILE} does not fit its U-Net; {right}"):
            load_velocity(NAME, folder)
    (folder / PROMPT_FILE).write_bytes(b"no tensors")
    with pytest.raises(InputError, match="does not fit its U-Net"):
        load_velocity(NAME, folder)


def test_each_class_of_a_folder_is_a_codec_or_a_velocity_earlier_names_included() -> None:
    assert names_of(*CODECS) == ["PyramidAutoencoder", "AutoencoderTiny", "AutoencoderKL"]
    assert names_of(*VELOCITIES) == ["BackboneUNet", "SymmetricUNet", "UNet2DModel", "UNet2DConditionModel"]
    assert is_one_of("SeeingUNet2DModel", *VELOCITIES) and not is_one_of("SeeingUNet2DModel", *CODECS)
    assert not is_one_of("", *VELOCITIES)
