"""MobileNetV2 (Sandler et al. 2018), its feature layers only: the offline eye of the metrics that compare photos.

Written out because torchvision, which has it, must be built for the very torch beside it, and a metric is no reason to
exchange a user's torch. Names and shapes are torchvision's, so its weights load as they are.
"""

from __future__ import annotations

import torch
from torch import nn

# expansion, channels, blocks, stride of the first: the paper's Table 2
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
WIDTH = 1280  # numbers a picture


def unit(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU6."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU6())


class InvertedResidual(nn.Module):
    """Widen, filter each channel by itself, project back without a non-linearity."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        widen = [unit(inputs, hidden, 1)] if expansion > 1 else []
        project = [nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.conv = nn.Sequential(*widen, unit(hidden, hidden, 3, stride, groups=hidden), *project)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2Features(nn.Module):
    """(B, 3, H, W), normalised as ImageNet's -> (B, 1280), averaged over the picture."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [unit(3, 32, 3, stride=2)]
        inputs = 32
        for expansion, outputs, blocks, stride in BLOCKS:
            for i in range(blocks):
                layers.append(InvertedResidual(inputs, outputs, stride if i == 0 else 1, expansion))
                inputs = outputs
        self.features = nn.Sequential(*layers, unit(inputs, WIDTH, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.features(x).mean((2, 3))
