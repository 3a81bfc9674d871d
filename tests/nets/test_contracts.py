"""The contracts of networks: adapters agree with what they wrap; bare functions and objects pass as they are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import AutoencoderTiny, UNet2DModel

from semflow_core.nets.contracts import (
    VELOCITIES,
    Codec,
    CodecRenderer,
    ConditionedUNetVelocity,
    KLCodec,
    LearnedRenderer,
    TinyCodec,
    UNetVelocity,
    codec_of,
    renderer_of,
    velocity_of,
)
from semflow_core.nets.pyramid import PyramidAutoencoder
from semflow_core.nets.renderer import NoisyBlock, PhotoRenderer

from ..small import small_conditional, small_kl

X = torch.linspace(-1, 1, 2 * 3 * 32 * 32).view(2, 3, 32, 32)


@torch.no_grad()
def test_the_pyramid_and_the_tiny_autoencoder_have_no_scaling() -> None:
    widths: Any = (8,) * 4
    modules: list[Any] = [
        PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4),
        AutoencoderTiny(encoder_block_out_channels=widths, decoder_block_out_channels=widths, latent_channels=4),
    ]
    for module in modules:
        codec = codec_of(module.eval())
        assert isinstance(codec, TinyCodec) and (codec.channels, codec.factor) == (4, 8)
        z = codec.encode(X)
        assert z.shape == (2, 4, 4, 4) and torch.equal(z, module.encode(X).latents)
        assert torch.equal(codec.decode(z), module.decode(z).sample) and codec.decode(z).shape == X.shape


@torch.no_grad()
def test_the_kl_autoencoder_gives_its_mode_scaled_as_stable_diffusion_does() -> None:
    torch.manual_seed(0)
    module = small_kl().eval()
    codec = codec_of(module)
    assert isinstance(codec, KLCodec) and (codec.channels, codec.factor) == (4, 8)
    z = codec.encode(X)
    assert torch.allclose(z, 0.18215 * module.encode(X).latent_dist.mean, atol=1e-6)
    assert torch.allclose(codec.decode(z), module.decode(z / 0.18215).sample, atol=1e-6)
    assert torch.equal(codec.encode(X), z)  # the mode: nothing is drawn


@torch.no_grad()
def test_a_conditional_unet_gets_the_empty_prompt_and_a_thousand_t() -> None:
    module, z = small_conditional(8).eval(), torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    prompt = torch.randn(1, 7, 12, generator=torch.Generator().manual_seed(2))
    expected = module(z, torch.full((2,), 437.5), encoder_hidden_states=prompt.expand(2, -1, -1)).sample
    assert torch.allclose(ConditionedUNetVelocity(module, prompt)(z, 0.4375), expected, atol=1e-6)
    assert isinstance(velocity_of(module), ConditionedUNetVelocity)
    assert not torch.allclose(velocity_of(module)(z, 0.4375), expected, atol=1e-6)  # another prompt says something else


@torch.no_grad()
def test_times_may_be_one_for_all_or_one_each() -> None:
    torch.manual_seed(0)
    module = UNet2DModel(
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        add_attention=False,
    ).eval()
    velocity, z = velocity_of(module), torch.ones(2, 4, 8, 8)
    assert isinstance(velocity, UNetVelocity)
    assert torch.equal(velocity(z, 0.25), velocity(z, torch.tensor([0.25, 0.25])))
    assert not torch.equal(velocity(z, 0.25), velocity(z, 0.2501))  # 1000 t is not rounded


def test_the_most_special_adapter_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Special(UNet2DModel):
        pass

    monkeypatch.setitem(VELOCITIES, Special, lambda module: "special")
    small: Any = {"block_out_channels": (8, 16), "norm_num_groups": 4, "add_attention": False}
    blocks: Any = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
    assert velocity_of(Special(**small, **blocks)) == "special"
    assert isinstance(velocity_of(UNet2DModel(**small, **blocks)), UNetVelocity)


@torch.no_grad()
def test_a_photo_renderer_is_twice_the_codecs_size_and_draws_nothing_itself() -> None:
    torch.manual_seed(0)
    module = PhotoRenderer(latent_channels=4, widths=(8, 8, 8, 8, 4), blocks=(1, 1, 1, 1, 0))
    for level in module.levels:
        for block in level:  # type: ignore[attr-defined]
            block.strength.fill_(1.0)
    renderer = renderer_of(module, TinyCodec(PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4)))
    z0, z1 = torch.randn(2, 2, 4, 4, 5)
    assert isinstance(renderer, LearnedRenderer) and renderer.scale == 2 and renderer.noise_shape(z0) == (32, 40)
    noise = torch.randn(2, 1, 32, 40)
    photo = renderer(z0, z1, noise)
    assert photo.shape == (2, 3, 64, 80) and torch.equal(photo, renderer(z0, z1, noise))
    noise[:, :, :8, :8] += 1  # detail in one corner
    changed = (renderer(z0, z1, noise) - photo).abs()
    assert changed[:, :, :16, :16].max() > 0 and changed[:, :, :, 79].max() == 0
    assert not torch.equal(renderer(z0, z1 + 1, None), renderer(z0, z1, None))
    with pytest.raises(TypeError, match="Linear is no renderer"):
        renderer_of(torch.nn.Linear(1, 1), Any)  # type: ignore[arg-type]


def test_a_renderer_gives_the_same_where_nothing_is_trained() -> None:
    torch.manual_seed(0)
    block = NoisyBlock(8)
    block.strength.data.fill_(0.5)
    x, noise = torch.randn(2, 8, 6, 6), torch.randn(2, 1, 6, 6)
    given = x.clone()
    trained = block(x, noise)
    with torch.no_grad():
        torch.testing.assert_close(block(x, noise), trained)
    assert torch.equal(x, given)


def test_what_satisfies_a_contract_passes_as_it_is_and_other_things_are_refused() -> None:
    def plain(z: torch.Tensor, t: Any) -> torch.Tensor:
        return -z

    class Halves:
        channels, factor = 3, 1

        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return x / 2

        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return 2 * z

    codec = Halves()
    assert velocity_of(plain) is plain and codec_of(codec) is codec and isinstance(codec, Codec)
    assert torch.equal(CodecRenderer(codec)(X / 2, X), X)
    with pytest.raises(TypeError, match="Linear is no velocity"):
        velocity_of(torch.nn.Linear(1, 1))
    with pytest.raises(TypeError, match="str is no codec"):
        codec_of("vae")
