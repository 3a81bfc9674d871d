"""The photo renderer: where the flow ended and the layout it started from -> the photo, at twice the codec's size.

The flow of a small network ends near a photo's latents, not at one: at an average of the photos that a layout allows.
The codec's decoder is trained on encoded photos and shows such latents as a blur. The renderer is trained on the flow's
own results, with perceptual and adversarial losses, so it invents the detail (docs/method.md, "Renderer").
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn
from torch.nn import functional as F

from .placement import in_channels_last

MARGIN = 1  # cells by which latents are continued and photos cropped: the effects of zero padding stay inside


class NoisyBlock(nn.Module):
    """Pre-activation residual block; noise is added with one strength per channel, as in StyleGAN.

    The last convolution starts near zero, so that depth costs no stability.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.strength = nn.Parameter(torch.zeros(1, width, 1, 1))
        with torch.no_grad():
            self.conv2.weight.mul_(0.1)

    def forward(self, x: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """x (B, width, H, W), noise (B, 1, H, W) of unit variance."""
        h = torch.addcmul(self.conv1(F.silu(x)), self.strength, noise)
        if torch.is_grad_enabled():
            return x + self.conv2(F.silu(h))
        return self.conv2(F.silu(h, inplace=True)).add_(x)  # in place: fewer passes through memory


class PhotoRenderer(ModelMixin, ConfigMixin):
    """z0, z1 (B, C, h, w) and noise -> photos (B, 3, H, W) in about [-1, 1].

    Levels of residual blocks, from h x w cells upwards. Between levels features are resized bilinearly and then
    convolved, which leaves no grid; pixel shuffle does. The network draws nothing: the same arguments give the same
    photo.

    Args:
        latent_channels: of z0 and of z1.
        widths: channels per level.
        blocks: residual blocks per level; the last level, that of pixels, has a plain convolution in any case.
        factors: (vertical, horizontal) enlargement from each level to the next; four times (2, 2) make 16 pixels of
            a cell.
    """

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 16,
        widths: tuple[int, ...] = (160, 128, 64, 32, 16),
        blocks: tuple[int, ...] = (4, 4, 2, 2, 0),
        factors: tuple[tuple[int, int], ...] = ((2, 2), (2, 2), (2, 2), (2, 2)),
    ) -> None:
        super().__init__()
        if not len(widths) == len(blocks) == len(factors) + 1:
            raise ValueError("a renderer needs as many widths as blocks, and one factor less")
        self.factors = [(int(y), int(x)) for y, x in factors]
        self.latent_channels = latent_channels
        self.stem = nn.Conv2d(2 * latent_channels, widths[0], 3, padding=1)
        self.levels = nn.ModuleList(nn.ModuleList(NoisyBlock(w) for _ in range(n)) for w, n in zip(widths, blocks))
        self.narrow = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(widths, widths[1:]))
        self.smooth = nn.Conv2d(widths[-1], widths[-1], 3, padding=1)
        self.out = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def cell(self, levels: int | None = None) -> tuple[int, int]:
        """Height and width of a cell in a photo's pixels, or after so many enlargements."""
        y = x = 1
        for fy, fx in self.factors[:levels]:
            y, x = y * fy, x * fx
        return y, x

    def noise_shape(self, z: torch.Tensor) -> tuple[int, int, int, int]:
        """The shape of the noise that goes with latents: one map, of the last level but one (faces: 8 h x 8 w)."""
        y, x = self.cell(-1)
        return len(z), 1, z.shape[2] * y, z.shape[3] * x

    def forward(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Render photos.

        Args:
            z0: (B, C, h, w), where the flow ended.
            z1: (B, C, h, w), the perturbed layout it started from.
            noise: standard normal, of `noise_shape`; without, the photo has none.
        """
        if noise is None:
            noise = z0.new_zeros(self.noise_shape(z0))
        y, x = self.cell(-1)
        noise = F.pad(noise, (MARGIN * x, MARGIN * x, MARGIN * y, MARGIN * y), "reflect")
        z = F.pad(torch.cat([z0, z1], 1), (MARGIN,) * 4, "replicate")
        h = self.stem(in_channels_last(z))
        for i, level in enumerate(self.levels):
            blocks: Any = level
            if i:
                size = [n * f for n, f in zip(h.shape[2:], self.factors[i - 1])]
                h = F.interpolate(self.narrow[i - 1](h), size=size, mode="bilinear", align_corners=False)
            level_noise = pooled(noise, h) if len(blocks) else noise
            for block in blocks:
                h = block(h, level_noise)
        h = self.out(F.silu(self.smooth(F.silu(h))))
        y, x = (MARGIN * n for n in self.cell())
        return h[..., y : h.shape[2] - y, x : h.shape[3] - x]


def pooled(noise: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Noise (B, 1, H, W) averaged down to the size of `like`, its variance kept: (B, 1, h, w)."""
    fy, fx = (a // b for a, b in zip(noise.shape[2:], like.shape[2:]))
    if fy * fx > 1:
        noise = F.avg_pool2d(noise, (fy, fx)) * (fy * fx) ** 0.5
    return noise.to(like.dtype)
