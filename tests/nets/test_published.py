"""The public configurations at their real size, without their weights: keys, parameters, and what shapes say."""

from __future__ import annotations

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from semflow_core.nets.published import SD15, SD21, VAE, from_single_file, unet_config, vae_config
from semflow_core.nets.symmetric import SymmetricUNet

from ..convert.layouts import original_unet, original_vae


def on_meta(kind: type, config: dict) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        return kind.from_config(config).state_dict()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("config", "keys", "millions"),
    [
        (SD15, 686, 859.520964),
        (SD21, 686, 865.910724),
        ({**SD21, "in_channels": 8, "out_channels": 8}, 686, 865.933768),
    ],
)
def test_the_u_nets_are_the_published_ones(config: dict, keys: int, millions: float) -> None:
    state = on_meta(SymmetricUNet if config["in_channels"] == 8 else UNet2DConditionModel, config)
    assert len(state) == keys and sum(v.numel() for v in state.values()) == round(millions * 1e6)
    seen = unet_config(state)
    assert {k: seen[k] for k in config} == config
    back, _ = from_single_file(
        {f"model.diffusion_model.{k}": v for k, v in original_unet(state).items()}
        | {f"first_stage_model.{k}": v for k, v in original_vae(on_meta(AutoencoderKL, VAE)).items()},
        "file",
    )
    assert {k: v.shape for k, v in back.items()} == {k: v.shape for k, v in state.items()}


def test_the_autoencoder_is_the_published_one() -> None:
    state = on_meta(AutoencoderKL, VAE)
    assert len(state) == 248 and sum(v.numel() for v in state.values()) == 83653863
    assert vae_config(state) == VAE
    _, back = from_single_file(
        {"model.diffusion_model.input_blocks.0.0.weight": torch.zeros(1)}
        | {f"first_stage_model.{k}": v for k, v in original_vae(state).items()},
        "file",
    )
    assert {k: v.shape for k, v in back.items()} == {k: v.shape for k, v in state.items()}
