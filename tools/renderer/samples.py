"""The fixed samples of the checkpoints' grids: held-out layouts, and layouts that nobody annotated.

python -m tools.renderer.samples faces DATA OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from semflow_core import load_pipeline
from semflow_core.assets import asset
from semflow_core.data.augment import sloppy

from .latents import solve

SHOWN = ((0, 4), (5, 4), (11, 4), (17, 4), (23, 4), (30, 4), (36, 4), (42, 4), (3, 1), (47, 8))  # pair, steps
PAINTED = {"faces": ("glasses", "hat", "long_hair"), "streets": ("street",)}


def main(model: str, data: Path, out: Path) -> None:
    pipeline, found = load_pipeline(model), np.load(data / "dev.npz")
    ends = [(found[f"z0_{n}"][i], found["z1"][i]) for i, n in SHOWN]
    layouts = [np.asarray(Image.open(asset(f"layouts/{name}.png"))) for name in PAINTED[model]]
    layouts = [cv2.resize(m, (256, 256), interpolation=cv2.INTER_NEAREST_EXACT) for m in layouts]
    layouts += [sloppy(found["labels"][i].copy(), np.random.default_rng(i)) for i in (8, 20, 33)]
    for seed, layout in enumerate(layouts):
        z0, z1 = solve(pipeline, [layout], [{}], [seed + 3], 4)
        ends.append((z0[0].numpy(), z1[0].numpy()))
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / "samples.npz", z0=np.stack([a for a, _ in ends]), z1=np.stack([b for _, b in ends]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
