"""How far two photos are apart in the features of MobileNetV2."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ...nets.mobilenet import MobileNetLayers

DEPTHS = (1, 3, 6, 13)  # MobileNetV2's layers with 16, 24, 32 and 96 channels, at 1/2 to 1/16 of the picture's side


class FeatureDistance(nn.Module):
    """LPIPS's form (Zhang et al. 2018) without its learned weights, on MobileNetV2.

    At each of four depths the features of a place become a vector of length 1; the mean squared distance of those
    vectors is taken, and the mean over the depths. From 0 to 4.

    Raises:
        InputError: MobileNetV2's weights are not on this machine.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = MobileNetLayers(DEPTHS)

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) in [-1, 1] each -> their distance, a scalar. Gradients flow to `a` only."""
        with torch.no_grad():
            target = self._features(b)
        return torch.stack([(x - y).square().sum(1).mean() for x, y in zip(self._features(a), target)]).mean()

    def _features(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [F.normalize(features, dim=1) for features in self.network(x)]
