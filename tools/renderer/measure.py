"""Distances of the held-out layouts' photos to the real ones, codec-decoded and rendered, by number of steps.

    python -m tools.renderer.measure faces DATA [RENDERER.pt | FOLDER ...] [--steps 1 2 4 8]

Two networks, neither of which a loss or critic of the renderer uses: MobileNetV2 (as `semflow_core.evaluation` does, on
photos at 256 x 256) and EfficientNet-Lite2 (the same photos at 256 x 256). Layout i is perturbed with seed i; the
renderer's noise has seed i, too. Real photos are compared with as many training photos, five times.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from semflow_core import load_pipeline
from semflow_core.evaluation.features import mobilenet
from semflow_core.evaluation.frechet import frechet_distance, kernel_distance
from semflow_core.nets.placement import channels_last
from semflow_core.nets.renderer import PhotoRenderer

from .features import LiteFeatures
from .latents import DEV_STEPS
from .train import enlargements, render

PIXELS = 256
Extract = Callable[[Sequence[np.ndarray]], np.ndarray]


def networks() -> dict[str, Extract]:
    """Name -> features (N, d) float32 of N photos (H, W, 3) uint8."""
    judge, lite = mobilenet(), LiteFeatures(2)
    assert judge is not None

    @torch.inference_mode()
    def lite2(photos: Sequence[np.ndarray]) -> np.ndarray:
        parts = []
        for i in range(0, len(photos), 10):
            x = torch.from_numpy(np.stack(photos[i : i + 10])).permute(0, 3, 1, 2).float() / 127.5 - 1
            parts.append(lite.pooled(x.contiguous(memory_format=torch.channels_last)))
        return torch.cat(parts).numpy()

    return {"MobileNetV2": judge.features, "Lite2": lite2}


def shrunk(photos: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [cv2.resize(p, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA) for p in photos]


def load_renderer(path: Path, factors: tuple[tuple[int, int], ...]) -> PhotoRenderer:
    """From a diffusers folder, or from a checkpoint's average, whose enlargements are `factors`."""
    if path.is_dir():
        return channels_last(PhotoRenderer.from_pretrained(path).float().eval())
    weights = torch.load(path)
    net = PhotoRenderer(factors=factors)
    net.load_state_dict(weights)
    return channels_last(net.eval())


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure renderers on the held-out pairs.")
    parser.add_argument("model")
    parser.add_argument("data", type=Path)
    parser.add_argument("renderers", type=Path, nargs="*")
    parser.add_argument("--steps", type=int, nargs="*", default=list(DEV_STEPS))
    parser.add_argument("--no-base", action="store_true", help="leave out the codec and the real photos")
    args = parser.parse_args()
    found, judges, pipeline = np.load(args.data / "dev.npz"), networks(), load_pipeline(args.model)
    height = found["photos"].shape[1]
    factors = enlargements((height, round(height * pipeline.aspect)), found["z1"].shape[2:])
    n = len(found["labels"])
    real = {k: f(shrunk(found["photos"])) for k, f in judges.items()}

    def figures(photos: Sequence[np.ndarray]) -> list[float]:
        values = []
        for k, f in judges.items():
            features = f(shrunk(photos))
            values += [1000 * kernel_distance(real[k], features), frechet_distance(real[k], features)]
        return values

    def line(name: str, steps: int | str, values: Sequence[float]) -> None:
        print(f"{name:32} {steps:>5}  " + "  ".join(f"{v:10.1f}" for v in values), flush=True)

    header = [f"{k[:5]} {m}" for k in judges for m in ("kd", "fd")]
    print(f"{'photo made by':32} steps  " + "  ".join(f"{h:>10}" for h in header))
    if not args.no_base:
        rng, photos = np.random.default_rng(0), np.load(args.data / "photos.npy", mmap_mode="r")
        sets = [np.sort(rng.choice(len(photos), n, replace=False)) for _ in range(5)]
        line("other real photos", "-", np.mean([figures(photos[i]) for i in sets], axis=0))
        for steps in args.steps:
            z0 = torch.from_numpy(found[f"z0_{steps}"])
            made = np.concatenate([pipeline.decode_photos(part) for part in z0.split(10)])
            line("codec", steps, figures(made))  # type: ignore
    for path in args.renderers:
        net = load_renderer(path, factors)
        for steps in args.steps:
            z0, z1 = found[f"z0_{steps}"], found["z1"]
            made = [render(net, z0[i : i + 1], z1[i : i + 1], seed=i)[0] for i in range(n)]
            line(path.stem, steps, figures(made))


if __name__ == "__main__":
    main()
