"""A palette, class ids and a feature network that the tests of several modules share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semflow_core.evaluation.features import FeatureNetwork
from semflow_core.method.palette import parse_palette

# ids that are not indices, so that a mix-up of the two cannot pass
ABC = parse_palette(
    {
        "classes": [
            {"id": 3, "name": "a", "color": "#ff0000", "group": "g"},
            {"id": 5, "name": "b", "color": "#00ff00", "group": "g"},
            {"id": 9, "name": "c", "color": "#0000ff", "group": "g"},
        ]
    },
    "abc.json",
)


def parse_void():
    """ABC with void as a class that can be painted, as in Cityscapes."""
    classes = [{"id": c.id, "name": c.name, "color": "#" + bytes(c.color).hex(), "group": "g"} for c in ABC.classes]
    return parse_palette({"classes": [*classes, {"id": 255, "name": "v", "color": "#ffffff", "group": "g"}]}, "v.json")


def mean_color(photos: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack([p.mean((0, 1)) for p in photos])


COLOR = FeatureNetwork("color", "Fréchet distance (color)", "kernel distance ×1000 (color)", mean_color)


def pictures(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    photos = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    masks = np.kron(rng.integers(0, 19, (n, 4, 4)), np.ones((8, 8))).astype(np.uint8)
    return photos, masks
