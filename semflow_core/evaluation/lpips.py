"""LPIPS (AlexNet) by torchmetrics, where its weights are on this machine. Nothing is downloaded.

The literature uses it in two ways, and both are reported by name: the distance of a synthesis to the photo whose layout
it was made from (lower is nearer), and the distance between syntheses of one layout (higher is more diverse).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

ALEXNET_FILE = "alexnet-owt-7be5be79.pth"

Distance = Callable[[Sequence[np.ndarray], Sequence[np.ndarray]], np.ndarray]  # N photos, N photos -> (N,)


def find_lpips(size: int = 16) -> Distance | None:
    """LPIPS of pairs of photos of one size, or None where torchvision or AlexNet's weights are missing."""
    weights = Path(torch.hub.get_dir(), "checkpoints", ALEXNET_FILE)
    if importlib.util.find_spec("torchvision") is None or not weights.is_file():
        return None
    from torchmetrics.functional.image.lpips import _NoTrainLpips

    network = _NoTrainLpips(net="alex")  # the public function builds it anew at each call

    @torch.inference_mode()
    def distance(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> np.ndarray:
        parts = []
        for i in range(0, len(a), size):
            x, y = (torch.from_numpy(np.stack(p[i : i + size])).permute(0, 3, 1, 2).float() / 255 for p in (a, b))
            parts.append(network(x, y, normalize=True).flatten())
        return torch.cat(parts).numpy()

    return distance
