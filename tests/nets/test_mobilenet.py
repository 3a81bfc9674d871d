from __future__ import annotations

import torch

from semflow_core.nets.mobilenet import MobileNetV2Features


def test_mobilenet_is_the_published_network() -> None:
    """3.5 million parameters, 1.28 million of them in the classifier that is left out."""
    network = MobileNetV2Features().eval()
    assert sum(p.numel() for p in network.parameters()) == 3_504_872 - 1_281_000
    with torch.inference_mode():
        x = torch.rand(1, 3, 64, 96)
        assert network.features(x).shape == (1, 1280, 2, 3)
        assert torch.allclose(network(x), network.features(x).flatten(2).mean(2), atol=1e-6)
