"""The layout reader: a photo's pixels -> class scores. EfficientNet-Lite0 (ImageNet), and a pyramid of its depths.

The velocity gets what it reads as the predicted layout of a photo (`backbone`), in place of what a backbone can see in
latents: latents are an eighth of the photo's side, and small things are no longer in them.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn
from torch.nn import functional as F

from .placement import in_channels_last

# the first 13 blocks of EfficientNet-Lite0: expansion, channels, blocks, stride of the first, kernel (Tan and Le 2019,
# Table 1); the last three, half of all weights, are left out
BLOCKS = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 2, 2, 5),
)
STEM = 32
TAPS = {2: 24, 4: 40, 10: 112, 12: 192}  # channels after the blocks whose outputs are at 1/4, 1/8, 1/16 and 1/32
FINE = 2  # rows and columns of class scores per feature of the finest depth
CELL = 32  # pixels by which photos are divisible


class InvertedResidual(nn.Module):
    """EfficientNet-Lite's block, its batch normalisation folded into the convolutions."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int, kernel: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = [nn.Conv2d(inputs, hidden, 1), nn.ReLU6()] if expansion > 1 else []
        each = convolution(hidden, hidden, kernel, stride, groups=hidden)
        self.layers = nn.Sequential(*layers, each, nn.ReLU6(), nn.Conv2d(hidden, outputs, 1))
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x) if self.skip else self.layers(x)


def convolution(inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> nn.Module:
    """A convolution padded as TensorFlow's "same": at stride 2 a row and a column less above and to the left."""
    pad = kernel // 2
    if stride == 1:
        return nn.Conv2d(inputs, outputs, kernel, padding=pad, groups=groups)
    plain = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups)
    return nn.Sequential(nn.ZeroPad2d((pad - 1, pad, pad - 1, pad)), plain)


class LayoutReader(ModelMixin, ConfigMixin):
    """Photos (B, 3, H, W) in [-1, 1] -> class scores (B, classes, H/2, W/2). H and W are multiples of 32.

    Args:
        classes: of the label set.
        height, width: of the photos that it is trained on, and reads best.
        features: channels of the pyramid.
    """

    @register_to_config
    def __init__(self, classes: int = 19, height: int = 384, width: int = 384, features: int = 96) -> None:
        super().__init__()
        self.height, self.width, self.classes = height, width, classes
        self.stem = convolution(3, STEM, 3, 2)
        blocks, inputs = [], STEM
        for expansion, outputs, count, stride, kernel in BLOCKS:
            for i in range(count):
                blocks.append(InvertedResidual(inputs, outputs, stride if i == 0 else 1, expansion, kernel))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.context = nn.Linear(inputs, features)
        self.laterals = nn.ModuleList(nn.Conv2d(n, features, 1) for n in TAPS.values())
        self.joined = nn.ModuleList(nn.Conv2d(features, features, 3, padding=1) for _ in TAPS)
        self.out = nn.Conv2d(features, features, 3, padding=1)
        self.head = nn.Conv2d(features, FINE**2 * classes, 1)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        # what EfficientNet-Lite was trained on: (pixel - 127) / 128
        x = F.relu6(self.stem(in_channels_last((photos * 0.5 + 0.5 - 0.498) / 0.502)))
        taps = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in TAPS:
                taps.append(x)
        x = self.context(taps[-1].mean((2, 3)))[:, :, None, None]
        layers: Any = list(zip(self.laterals, self.joined, taps))
        for lateral, join, tap in reversed(layers):
            x = F.interpolate(x, tap.shape[-2:], mode="nearest") + lateral(tap)
            x = x + join(F.silu(x))
        return F.pixel_shuffle(self.head(F.silu(self.out(F.silu(x)))), FINE)

    def start_from_imagenet(self, state: dict[str, torch.Tensor]) -> None:
        """Take over the encoder's weights, `efficientnet.LiteFeatures(0)`'s."""
        own = {k for k in self.state_dict() if k.startswith(("stem.", "blocks."))}
        self.load_state_dict({k: state[k] for k in own}, strict=False)
