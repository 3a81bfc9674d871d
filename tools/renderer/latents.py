"""The renderer's training set: where the shipped flow ends, of layouts whose photo is known.

    python -m tools.renderer.latents faces DATA_DIR OUT_DIR
    python -m tools.renderer.latents streets DATA_DIR OUT_DIR --held-out 200 --pixels 256 --results 3000

Training pairs and their mirror images are solved with a few numbers of steps, from three kinds of layout:

- own: the annotated layout, its regional offsets those of the photo's own colours, so that what comes out should be
  near the photo;
- sloppy: the same offsets, the layout as a hand with a broad brush would paint it; the photo is still the target;
- drawn: the annotated layout with the colours of a random seed, as the product uses it; there is no photo of it, so
  only the critic and the coarse colours of the flow's own result are its losses.

OUT_DIR gets photos.npy (N, pixels, pixels, 3) uint8, squeezed to squares; labels.npy (N, 256, 256) uint8 class ids;
real.npy (2N, C, h, w) float16, the photos' own latents, of which the second half is of the mirror images; KIND.npz with
z0, z1 (M, C, h, w) float16, steps (M,) and rows (M,) into those 2N; and dev.npz, the held-out pairs: labels, photos and
z0, z1 by number of steps.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from semflow_core import SemFlowPipeline, load_pipeline
from semflow_core.data.augment import sloppy
from semflow_core.data.pairs import Pair, find_pairs, load_pair
from semflow_core.method.flow import times_to_image
from semflow_core.method.perturbation import Draw, perturb

KINDS = ("own", "sloppy", "drawn")
STEPS = {1: 0.15, 2: 0.25, 4: 0.3, 6: 0.15, 8: 0.15}  # numbers of steps of synthesis, and how often each is used
DEV_STEPS = (1, 2, 4, 8)
BATCH = 10  # solved at once


def read(pairs: Sequence[Pair], pipeline: SemFlowPipeline, pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """Photos (N, pixels, pixels, 3) and class ids (N, S, S), S = pipeline.size, both uint8."""
    photos, labels = [], []
    for pair in pairs:
        photo, mask = load_pair(pair, pipeline.palette, pixels)
        photos.append(photo)
        labels.append(cv2.resize(mask, (pipeline.size, pipeline.size), interpolation=cv2.INTER_NEAREST_EXACT))
    return np.stack(photos), np.stack(labels)


def own_offsets(
    pipeline: SemFlowPipeline, photo: np.ndarray, labels: np.ndarray
) -> dict[int, tuple[float, float, float]]:
    """The regional offsets that ask for the photo's own colours, by class id.

    Args:
        photo: (H, W, 3) uint8.
        labels: class ids (S, S).
    """
    return pipeline.region_offsets(photo, None, labels)


@torch.inference_mode()
def solve(
    pipeline: SemFlowPipeline,
    layouts: Sequence[np.ndarray],
    offsets: Sequence[dict[int, tuple[float, float, float]]],
    seeds: Sequence[int],
    steps: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where the flow ends and starts, z0 and z1 (B, C, h, w) float32, of layouts (S, S) in class ids."""
    spec = pipeline.perturbation
    colors = [
        perturb(pipeline.codebook, m, spec, Draw(s, {}, o), pipeline.appearance, spec.regional_amplitude)
        for m, o, s in zip(layouts, offsets, seeds)
    ]
    z1 = pipeline.encode_colors(torch.cat(colors))
    return pipeline.solve(z1, times_to_image(steps), "euler"), z1


def make(
    pipeline: SemFlowPipeline,
    kind: str,
    photos: np.ndarray,
    labels: np.ndarray,
    rng: np.random.Generator,
    results: int | None = None,
) -> dict[str, np.ndarray]:
    """Results of one kind of layout.

    Args:
        results: of so many photos, drawn at random from these and their mirror images; the default is all of them.

    Returns:
        z0, z1 (M, C, h, w) float16, steps (M,), rows (M,): photo row, or N + row for its mirror image.
    """
    n = len(labels)
    rows = np.sort(rng.permutation(2 * n)[:results])
    steps = rng.choice(list(STEPS), p=list(STEPS.values()), size=len(rows))
    side = pipeline.size // pipeline.codec.factor
    z0 = np.empty((len(rows), pipeline.codec.channels, side, side), np.float16)
    z1 = np.empty_like(z0)
    for count in STEPS:
        which = np.flatnonzero(steps == count)
        for part in np.array_split(which, -(-len(which) // BATCH)):
            layouts, offsets = [], []
            for i in rows[part]:
                photo, mask = photos[i % n], labels[i % n]
                if i >= n:
                    photo, mask = photo[:, ::-1], pipeline.palette.flip(mask)
                offsets.append({} if kind == "drawn" else own_offsets(pipeline, photo, mask))
                layouts.append(sloppy(np.ascontiguousarray(mask), rng) if kind == "sloppy" else mask)
            ends, starts = solve(pipeline, layouts, offsets, rng.integers(1 << 30, size=len(part)).tolist(), count)
            z0[part], z1[part] = ends.numpy(), starts.numpy()
    return {"z0": z0, "z1": z1, "steps": steps, "rows": rows}


def held_out(pipeline: SemFlowPipeline, photos: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """The held-out pairs: layout i drawn with seed i, as in evaluation, solved with each of DEV_STEPS."""
    found = {"photos": photos, "labels": labels}
    for count in DEV_STEPS:
        ends = []
        for first in range(0, len(labels), BATCH):
            part = range(first, min(first + BATCH, len(labels)))
            ends.append(solve(pipeline, [labels[i] for i in part], [{}] * len(part), list(part), count))
        z0, z1 = (torch.cat(z).numpy() for z in zip(*ends))
        found |= {f"z0_{count}": z0, "z1": z1}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the renderer's training set.")
    parser.add_argument("model")
    parser.add_argument("data", help="folder with images/ and masks/")
    parser.add_argument("out")
    parser.add_argument("--pixels", type=int, default=512, help="height of the rendered photo")
    parser.add_argument("--held-out", type=int, default=50, help="pairs at the end that are not trained on")
    parser.add_argument("--results", type=int, help="of each kind of layout; the default is two per pair")
    args = parser.parse_args()
    out, pipeline = Path(args.out), load_pipeline(args.model)
    out.mkdir(parents=True, exist_ok=True)
    pairs, start = find_pairs(args.data), time.time()
    photos, labels = read(pairs[: -args.held_out], pipeline, args.pixels)
    np.save(out / "photos.npy", photos)
    np.save(out / "labels.npy", labels)
    real = [pipeline.encode_photo(p) for p in (*photos, *photos[:, :, ::-1])]
    np.save(out / "real.npy", torch.cat(real).half().numpy())
    print(f"{len(photos)} photos read and encoded, {time.time() - start:.0f} s", flush=True)
    np.savez(out / "dev.npz", **held_out(pipeline, *read(pairs[-args.held_out :], pipeline, args.pixels)))  # type: ignore
    for k, kind in enumerate(KINDS):
        found = make(pipeline, kind, photos, labels, np.random.default_rng(k), args.results)
        np.savez(out / f"{kind}.npz", **found)  # type: ignore
        print(f"{kind}: {len(found['z0'])} results, {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
