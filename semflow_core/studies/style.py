"""Regional offsets: do a photo's offsets carry its colours to another layout?

A region's offset is what `SemFlowPipeline.region_offsets` computes from the photo: with an appearance, from its colour;
without, from the distance between the class's anchor and the mask in which the forward flow ended. It is used under the
next picture's layout, and the region is compared with the source's. Chance is the same comparison with the other
pictures' offsets. All of this is measured on the flow alone; with an appearance a last table has the pipeline's final
colours, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import InputError
from ..evaluation.bootstrap import bootstrap, bootstrap_mean
from ..evaluation.diversity import LEAST_PIXELS, lab, spread
from ..evaluation.features import FeatureNetwork
from ..method.appearance import Offset
from ..method.palette import PaletteClass
from ..requests import SegmentationRequest, SynthesisRequest
from .bench import Bench
from .table import Outcome, Table

STEPS = 8
LEAST_SHARE = 0.03  # share of all pixels below which a class is left out

Offsets = dict[int, Offset]  # class id -> offset


def run(bench: Bench) -> Outcome:
    """Figures of the offsets' effect on the model's own pictures, and of their transfer between photos.

    Raises:
        InputError: the model has no regional offsets.
    """
    if not bench.pipeline.perturbation.regional_amplitude:
        raise InputError(f"the model '{bench.pipeline.name}' was trained without a regional perturbation: no offsets")
    harness = bench.harness
    photos, layouts = harness.photos, harness.layouts
    classes = [c for c in harness.palette.classes if (layouts == c.id).mean() >= LEAST_SHARE]
    ids = [c.id for c in classes]
    next_layouts = np.roll(layouts, -1, axis=0)  # the next picture's layout under each photo's offsets
    transferred = with_offsets(bench, next_layouts, read_offsets(bench, photos, ids), match_colors=False)
    tables = [
        Table(f"Offsets on the model's own pictures, {STEPS} steps", effect(bench, classes)),
        Table(f"From photos to other layouts, {STEPS} steps", transfer(bench, transferred, next_layouts, classes)),
    ]
    if bench.pipeline.appearance is not None:
        offsets = [bench.pipeline.region_offsets(p, None, m) for p, m in zip(photos, layouts)]
        rows = color_errors(bench, next_layouts, offsets, classes)
        tables.append(Table(f"Mean colours asked for and made, root mean square of 255, {STEPS} steps", rows))
    return Outcome(
        "Does a photo give a per-region offset that carries its colours to another layout?",
        bench.about,
        tables,
        # no offset, then every region's offset at -1 and at +1 in all three channels
        bench.sheet([{"steps": STEPS, "offsets": offsets} for offsets in corners(ids)]),
    )


def effect(bench: Bench, classes: Sequence[PaletteClass]) -> list[dict[str, object]]:
    """Per region: how random offsets are read back from the syntheses, and how far they spread its colours."""
    harness, seed = bench.harness, bench.harness.seed
    layouts, ids, rng = harness.layouts, [c.id for c in classes], np.random.default_rng(seed)
    offsets: list[Offsets] = [{i: tuple(rng.uniform(-1, 1, 3).tolist()) for i in ids} for _ in layouts]
    photos = with_offsets(bench, layouts, offsets, match_colors=False)
    offsets_back = read_offsets(bench, photos, ids)
    rows: list[dict[str, object]] = []
    for c in classes:
        pairs = [(before[c.id], after[c.id]) for before, after in zip(offsets, offsets_back) if c.id in after]
        put, back = (np.array([p[k] for p in pairs]) for k in (0, 1))
        real, synthetic = (lab(p, layouts, c.id) for p in (harness.photos, photos))
        rows.append(
            {
                "region": c.name,
                "n": len(pairs),
                "correlation of offset put in and read back": bootstrap(
                    lambda i, a=put, b=back: correlation(a[i], b[i]), len(pairs), seed
                ),
                "spread of colour by random offsets / of real photos": spread(synthetic) / spread(real),
            }
        )
    return rows


def transfer(
    bench: Bench, photos: list[np.ndarray], layouts: np.ndarray, classes: Sequence[PaletteClass]
) -> list[dict[str, object]]:
    """Per region and distance: how near syntheses are to the photos whose offsets they have.

    Args:
        photos: (S, S, 3) uint8, photo i with the offsets of the split's photo i.
        layouts: (N, S, S), the layouts that they were made from.
    """
    harness, rows = bench.harness, []
    sets = ((harness.photos, harness.layouts), (photos, layouts))
    for c in classes:
        source, target = (lab(p, m, c.id) for p, m in sets)
        rows.append({"region": c.name, "compared by": "colour (Lab)", **against_chance(source, target, harness.seed)})
        for network in bench.metrics.networks:
            source, target = (region_features(network, p, m, c.id) for p, m in sets)
            figures = against_chance(source, target, harness.seed)
            rows.append({"region": c.name, "compared by": network.distance, **figures})
    return rows


def read_offsets(bench: Bench, photos: Sequence[np.ndarray], ids: list[int]) -> list[Offsets]:
    """The offsets of each photo (H, W, 3) uint8, for those of the classes `ids` that the flow segments in it."""
    pipeline, batch = bench.pipeline, bench.harness.batch
    offsets: list[Offsets] = []
    for start in range(0, len(photos), batch):
        part = photos[start : start + batch]
        segmentations = pipeline.segment_many([SegmentationRequest(photo=p, steps=STEPS) for p in part])
        for photo, s in zip(part, segmentations):
            of_photo = pipeline.region_offsets(photo, s, s.labels)
            offsets.append({i: offset for i, offset in of_photo.items() if i in ids})
    return offsets


def with_offsets(
    bench: Bench, layouts: np.ndarray, offsets: list[Offsets], match_colors: bool = True
) -> list[np.ndarray]:
    """Photos (S, S, 3) uint8 of layouts (N, S, S) with these offsets.

    Args:
        match_colors: whether regions get the mean colours that the offsets ask for, as the pipeline does it, or those
            that the flow alone gives them.
    """
    pipeline, seed, size = bench.pipeline, bench.harness.seed, layouts.shape[1:]
    photos = []
    for i, (labels, of_layout) in enumerate(zip(layouts, offsets)):
        request = SynthesisRequest(layout=labels, seed=seed + i, steps=STEPS, offsets=tuple(of_layout.items()))
        synthesis = pipeline.synthesize(request)
        photo = synthesis.photo if match_colors else pipeline.render(synthesis.z0, synthesis.z1)[0]
        photos.append(cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA))
    return photos


def color_errors(
    bench: Bench, layouts: np.ndarray, offsets: list[Offsets], classes: Sequence[PaletteClass]
) -> list[dict[str, object]]:
    """Per region: the distance of its mean colour from the one asked for, by the flow and by the whole pipeline."""
    appearance, palette = bench.pipeline.appearance, bench.harness.palette
    assert appearance is not None
    photos_by = {
        "the flow": with_offsets(bench, layouts, offsets, match_colors=False),
        "the pipeline": with_offsets(bench, layouts, offsets),
    }
    rows = []
    for c in classes:
        index, large = int(palette.index_of_id[c.id]), (layouts == c.id).sum((1, 2)) >= LEAST_PIXELS
        use = [i for i, of_layout in enumerate(offsets) if c.id in of_layout and large[i]]
        targets = [appearance.color_of(index, offsets[i][c.id]) for i in use]
        row: dict[str, object] = {"region": c.name, "n": len(use)}
        for name, photos in photos_by.items():
            means = [photos[i][layouts[i] == c.id].mean(0) for i in use]
            row[name] = round(float(np.sqrt(np.square(np.subtract(means, targets)).mean())), 1) if use else "-"
        rows.append(row)
    return rows


def region_features(
    network: FeatureNetwork, photos: Sequence[np.ndarray] | np.ndarray, layouts: np.ndarray, class_id: int
) -> np.ndarray:
    """Features of a region, with all other pixels grey, (N, d); nan where it has too few pixels."""
    cut = [np.where((m == class_id)[..., None], p, np.uint8(128)) for p, m in zip(photos, layouts)]
    rows = network.features(cut).astype(float)
    rows[(layouts == class_id).sum((1, 2)) < LEAST_PIXELS] = np.nan
    return rows


def against_chance(source: np.ndarray, target: np.ndarray, seed: int) -> dict[str, object]:
    """Distance of each source to the target with its offsets, beside the mean distance to the other targets.

    Args:
        source, target: (N, d), a row per picture; nan leaves a picture out.
    """
    d = np.linalg.norm(source[:, None] - target[None], axis=2)  # (source, target)
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
    """Pearson's correlation over all numbers of two arrays of one shape; nan where one is empty or does not vary."""
    if not len(a):
        return float("nan")
    a, b = a.ravel() - a.mean(), b.ravel() - b.mean()
    scale = np.sqrt(np.square(a).sum() * np.square(b).sum())
    return float((a * b).sum() / scale) if scale else float("nan")


def corners(ids: list[int]) -> list[tuple[tuple[int, Offset], ...]]:
    """The `offsets` of three requests: none, then -1 and +1 in all channels of all classes."""
    return [(), *(tuple((i, (v, v, v)) for i in ids) for v in (-1.0, 1.0))]
