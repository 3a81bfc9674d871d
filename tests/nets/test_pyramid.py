"""The shared autoencoder, and loading codecs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderTiny

from semflow_core.errors import InputError
from semflow_core.nets.pyramid import PyramidAutoencoder, widen
from semflow_core.nets.starts import load_codec, load_pyramid


def test_widening_keeps_what_the_old_channels_say() -> None:
    old = PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4)
    new = PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=6)
    widen(new, old)
    x = torch.rand(1, 3, 16, 16) * 2 - 1
    z = old.encode(x).latents
    torch.testing.assert_close(new.encode(x).latents[:, :4], z)
    padded = torch.cat([z, torch.zeros(1, 2, 2, 2)], 1)
    torch.testing.assert_close(new.decode(padded).sample, old.decode(z).sample)


def test_any_codec_that_the_contracts_know_is_loaded_with_frozen_weights(tmp_path: Path) -> None:
    PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4).half().save_pretrained(tmp_path / "pyramid")
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
        latent_channels=3,
    ).save_pretrained(tmp_path / "tiny")
    for name, channels, factor in (("pyramid", 4, 8), ("tiny", 3, 2)):
        codec: Any = load_codec(tmp_path / name)
        assert (codec.channels, codec.factor) == (channels, factor)
        assert all(not p.requires_grad and p.dtype == torch.float32 for p in codec.module.parameters())
        z = codec.encode(torch.zeros(1, 3, 16, 16))
        assert z.shape == (1, channels, 16 // factor, 16 // factor) and codec.decode(z).shape == (1, 3, 16, 16)
    assert all(p.requires_grad for p in load_pyramid(tmp_path / "pyramid").parameters())
    with pytest.raises(InputError, match="holds a AutoencoderTiny; only a PyramidAutoencoder is trained on"):
        load_pyramid(tmp_path / "tiny")


def test_what_is_no_codec_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no autoencoder's folder"):
        load_codec(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "UNet2DModel"}))
    with pytest.raises(InputError, match="holds a UNet2DModel; a codec is one of PyramidAutoencoder, AutoencoderTiny"):
        load_codec(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "PyramidAutoencoder"}))
    with pytest.raises(InputError, match="cannot be loaded"):
        load_codec(tmp_path)
