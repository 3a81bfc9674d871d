"""The shared autoencoder of the small models: photos and pseudo masks through one latent space.

`diffusers.AutoencoderTiny` spends most of its time at full resolution, in one width for every
level. This one folds 2x2 pixels into channels first (nothing is lost) and widens as it shrinks:
`benchmarks/autoencoder.py` prints both, side by side. Its interface is AutoencoderTiny's.
"""

from __future__ import annotations

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTinyOutput
from diffusers.models.autoencoders.vae import DecoderOutput
from diffusers.models.modeling_utils import ModelMixin
from torch import nn
from torch.nn import functional as F

from .placement import in_channels_last


class Block(nn.Module):
    """Pre-activation residual block; the last convolution starts near zero so depth costs no stability."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            self.conv2.weight.mul_(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv2(F.relu(self.conv1(F.relu(x))))


class PyramidAutoencoder(ModelMixin, ConfigMixin):
    """Images (B, 3, H, W) in [-1, 1] <-> latents (B, latent_channels, H/8, W/8), about unit variance.

    H and W must be multiples of 8.

    Args:
        block_out_channels: widths at H/2, H/4 and H/8.
        encoder_blocks, decoder_blocks: residual blocks per level.
        latent_channels: the first four are distilled from Stable Diffusion 1.x's (TAESD).
        latent_mean, latent_std: statistics per channel, set after training; what callers get is normalised.
    """

    factor = 8  # pixels per latent cell and axis: three halvings

    @register_to_config
    def __init__(
        self,
        block_out_channels: tuple[int, int, int] = (32, 64, 128),
        encoder_blocks: int = 2,
        decoder_blocks: int = 3,
        latent_channels: int = 8,
        latent_mean: tuple[float, ...] = (),
        latent_std: tuple[float, ...] = (),
    ) -> None:
        super().__init__()
        a, b, c = block_out_channels

        def blocks(width: int, n: int) -> list[nn.Module]:
            return [Block(width) for _ in range(n)]

        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2),  # (B, 12, H/2, W/2)
            nn.Conv2d(12, a, 3, padding=1),
            *blocks(a, encoder_blocks),
            nn.Conv2d(a, b, 3, stride=2, padding=1),
            *blocks(b, encoder_blocks),
            nn.Conv2d(b, c, 3, stride=2, padding=1),
            *blocks(c, encoder_blocks),
            nn.Conv2d(c, latent_channels, 3, padding=1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(latent_channels, c, 3, padding=1),
            *blocks(c, decoder_blocks),
            nn.Conv2d(c, b * 4, 1),
            nn.PixelShuffle(2),
            *blocks(b, decoder_blocks),
            nn.Conv2d(b, a * 4, 1),
            nn.PixelShuffle(2),
            *blocks(a, decoder_blocks),
            nn.Conv2d(a, 12, 3, padding=1),
            nn.PixelShuffle(2),
        )
        mean = torch.tensor(latent_mean or [0.0] * latent_channels)
        std = torch.tensor(latent_std or [1.0] * latent_channels)
        self.register_buffer("mean", mean.view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", std.view(1, -1, 1, 1), persistent=False)

    def forward(self, x: torch.Tensor, noise: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode and decode, for training: (latents, images decoded from latents + noise)."""
        z = self.encode(in_channels_last(x)).latents
        return z, self.decode(z if noise is None else z + noise).sample

    def encode(self, x: torch.Tensor) -> AutoencoderTinyOutput:
        return AutoencoderTinyOutput(latents=(self.encoder(x) - self.mean) / self.std)

    def decode(self, z: torch.Tensor) -> DecoderOutput:
        return DecoderOutput(sample=self.decoder(z * self.std + self.mean))


def widen(model: PyramidAutoencoder, old: PyramidAutoencoder) -> None:
    """Copy `old` into `model`; new channels keep their fresh weights, a tenth of them in the decoder."""
    state, known = model.state_dict(), old.state_dict()
    for name, value in state.items():
        fresh = value * 0.1 if name == "decoder.0.weight" else value
        part = tuple(slice(0, n) for n in known[name].shape)
        fresh[part] = known[name]
        state[name] = fresh
    model.load_state_dict(state)
