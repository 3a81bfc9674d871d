"""The style handle: do a photo's own offsets carry its colours under another layout?

A region's offset is what `SemFlowPipeline.styles` finds in the photo: with appearance, what its colour says; without,
how far the mask in which the forward flow ended lies from the class's anchor. It is put under the layout of the next
picture, and the region is compared with the source's. Chance is the same comparison with the other pictures' offsets.
All this is about what the flow alone makes; with appearance a last table also shows the pipeline's final colours.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import InputError
from ..evaluation.bootstrap import bootstrap, bootstrap_mean
from ..evaluation.features import FeatureNetwork
from ..method.palette import PaletteClass
from ..requests.packing import pack_labels, pack_photo
from ..requests.requests import SegmentationRequest, SynthesisRequest
from .bench import Bench
from .table import Outcome, Table

STEPS = 8
LEAST_SHARE = 0.03  # of all pixels: smaller regions have no colour to speak of
LEAST_PIXELS = 50  # of a region in one picture

Offsets = dict[int, tuple[float, float, float]]


def run(bench: Bench) -> Outcome:
    if not bench.pipeline.perturbation.regional_amplitude:
        raise InputError(f"the model '{bench.pipeline.name}' was trained without a regional perturbation: no handle")
    harness = bench.harness
    photos, layouts, n = harness.photos, harness.layouts, len(harness.layouts)
    classes = [c for c in harness.palette.classes if (layouts == c.id).mean() >= LEAST_SHARE]
    ids = [c.id for c in classes]

    found = recovered(bench, photos, ids)
    onto = np.roll(layouts, -1, axis=0)  # the next picture's layout under each photo's offsets
    carried = with_offsets(bench, onto, found, as_asked=False)
    rng = np.random.default_rng(harness.seed)
    drawn: list[Offsets] = [{i: tuple(rng.uniform(-1, 1, 3).tolist()) for i in ids} for _ in range(n)]
    random = with_offsets(bench, layouts, drawn, as_asked=False)
    again = recovered(bench, random, ids)

    handle, transfer = [], []
    for c in classes:
        pairs = [(d[c.id], a[c.id]) for d, a in zip(drawn, again) if c.id in a]
        true, back = (np.array([p[k] for p in pairs]) for k in (0, 1))
        source, made, other = (lab(p, m, c.id) for p, m in ((photos, layouts), (carried, onto), (random, layouts)))
        handle.append(
            {
                "region": c.name,
                "n": len(pairs),
                "correlation of offset put in and read back": bootstrap(
                    lambda i, t=true, b=back: correlation(t[i], b[i]), len(pairs), harness.seed
                ),
                "spread of colour by random offsets / of real photos": spread(other) / spread(source),
            }
        )
        transfer.append({"region": c.name, "compared by": "colour (Lab)", **against_chance(source, made, harness.seed)})
        for network in bench.metrics.networks:
            source, made = (region_features(network, p, m, c.id) for p, m in ((photos, layouts), (carried, onto)))
            row = {"region": c.name, "compared by": network.distance, **against_chance(source, made, harness.seed)}
            transfer.append(row)
    tables = [
        Table(f"The handle on the model's own pictures, {STEPS} steps", handle),
        Table(f"From photos to other layouts, {STEPS} steps", transfer),
    ]
    if bench.pipeline.appearance is not None:
        theirs = [bench.pipeline.styles(p, None, m) for p, m in zip(photos, layouts)]
        missed = colours_missed(bench, onto, theirs, classes)
        tables.append(Table(f"Mean colours asked for and made, root mean square of 255, {STEPS} steps", missed))
    return Outcome(
        "Does a photo give a per-region offset that carries its colours to another layout?",
        bench.about,
        tables,
        bench.sheet([{"steps": STEPS, "offsets": offsets} for offsets in corners(ids)]),
        "no offset, then every region's offset at -1 and at +1 in all three channels",
    )


def recovered(bench: Bench, photos: Sequence[np.ndarray] | np.ndarray, ids: list[int]) -> list[Offsets]:
    """Each photo's offsets, of the regions that the flow itself finds in it."""
    pipeline, batch = bench.pipeline, bench.harness.batch
    offsets: list[Offsets] = []
    for start in range(0, len(photos), batch):
        part = photos[start : start + batch]
        requests = [SegmentationRequest(photo=pack_photo(p), steps=STEPS) for p in part]
        for photo, s in zip(part, pipeline.segment_many(requests)):
            offsets.append({i: o for i, o in pipeline.styles(photo, s, s.labels).items() if i in ids})
    return offsets


def with_offsets(bench: Bench, layouts: np.ndarray, offsets: list[Offsets], as_asked: bool = True) -> list[np.ndarray]:
    """Photos of the layouts, (S, S, 3): those that the pipeline makes, or what the flow alone does."""
    pipeline, seed, size = bench.pipeline, bench.harness.seed, layouts.shape[1:]
    photos = []
    for i, (m, o) in enumerate(zip(layouts, offsets)):
        made = pipeline.synthesize(
            SynthesisRequest(layout=pack_labels(m), seed=seed + i, steps=STEPS, offsets=tuple(o.items()))
        )
        photo = made.photo if as_asked else pipeline.decode_photos(made.z0)[0]
        photos.append(cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA))
    return photos


def colours_missed(
    bench: Bench, layouts: np.ndarray, offsets: list[Offsets], classes: Sequence[PaletteClass]
) -> list[dict[str, object]]:
    """How far regions are from the colours asked for: as the flow makes them, and as `as_asked` hands them on."""
    appearance, palette = bench.pipeline.appearance, bench.harness.palette
    assert appearance is not None
    ways = {
        "the flow": with_offsets(bench, layouts, offsets, as_asked=False),
        "the pipeline": with_offsets(bench, layouts, offsets),
    }
    rows = []
    for c in classes:
        index = int(palette.index_of_id[c.id])
        shown = [i for i, (m, o) in enumerate(zip(layouts, offsets)) if c.id in o and (m == c.id).sum() >= LEAST_PIXELS]
        asked = [appearance.color_of(index, offsets[i][c.id]) for i in shown]
        row: dict[str, object] = {"region": c.name, "n": len(shown)}
        for way, photos in ways.items():
            made = [photos[i][layouts[i] == c.id].mean(0) for i in shown]
            row[way] = round(float(np.sqrt(np.square(np.subtract(made, asked)).mean())), 1) if shown else "-"
        rows.append(row)
    return rows


def lab(photos: Sequence[np.ndarray] | np.ndarray, layouts: np.ndarray, class_id: int) -> np.ndarray:
    """Mean CIE Lab of a region in each photo, (N, 3); nan where the photo has too little of it."""
    rows = np.full((len(photos), 3), np.nan)
    for row, photo, labels in zip(rows, photos, layouts):
        if (labels == class_id).sum() >= LEAST_PIXELS:
            row[:] = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[labels == class_id].mean(0)
    return rows


def region_features(
    network: FeatureNetwork, photos: Sequence[np.ndarray] | np.ndarray, layouts: np.ndarray, class_id: int
) -> np.ndarray:
    """Features of a region, all else made grey, (N, d); nan where the photo has too little of it."""
    cut = [np.where((m == class_id)[..., None], p, np.uint8(128)) for p, m in zip(photos, layouts)]
    rows = network.features(cut).astype(float)
    rows[(layouts == class_id).sum((1, 2)) < LEAST_PIXELS] = np.nan
    return rows


def against_chance(source: np.ndarray, made: np.ndarray, seed: int) -> dict[str, object]:
    """Distance of each source to what its own offsets made, beside the mean over what the others' made."""
    d = np.linalg.norm(source[:, None] - made[None], axis=2)  # (source, made)
    keep = ~np.isnan(np.diag(d))
    d = d[keep][:, keep]
    n = len(d)
    if n < 2:
        return {"n": n}
    own, rest = np.diag(d), (d.sum(1) - np.diag(d)) / (n - 1)
    nearer = ((d > own[:, None]).sum(1)) / (n - 1)
    return {
        "n": n,
        "own offsets": bootstrap_mean(own, seed),
        "others' offsets (chance)": bootstrap_mean(rest, seed),
        "share of others that are farther (chance 0.5)": bootstrap_mean(nearer, seed),
    }


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's, over all numbers of both; nan where one does not vary."""
    a, b = a.ravel() - a.mean(), b.ravel() - b.mean()
    scale = np.sqrt(np.square(a).sum() * np.square(b).sum())
    return float((a * b).sum() / scale) if scale else float("nan")


def spread(colors: np.ndarray) -> float:
    """Root mean square distance of Lab colours from their mean."""
    colors = colors[~np.isnan(colors).any(1)]
    return float(np.sqrt(np.square(colors - colors.mean(0)).sum(1).mean())) if len(colors) else float("nan")


def corners(ids: list[int]) -> list[tuple[tuple[int, tuple[float, float, float]], ...]]:
    return [(), *(tuple((i, (v, v, v)) for i in ids) for v in (-1.0, 1.0))]
