"""A model's figures by solver steps: both directions, their cycle, the photos beside real ones, and diversity."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from tqdm import tqdm

from ..data.pairs import PHOTO_SUFFIXES, Pair, match
from ..errors import InputError
from ..method.palette import Palette
from ..pictures.photos import read_photo
from .bootstrap import Estimate, bootstrap
from .diversity import SEEDS
from .frechet import subset
from .harness import Harness
from .photos import PhotoMetrics
from .report import markdown, shown
from .segmentation import accuracy_of, confusions, iou, miou_of

Report = dict[str, Any]
READER_STEPS = 2  # with which another model reads


def evaluate(
    harness: Harness,
    steps: Sequence[int],
    metrics: PhotoMetrics | None = None,
    others: Sequence[np.ndarray] | None = None,
    diverse: int = 8,
    reader: Harness | None = None,
) -> Report:
    """Measure with Euler steps on the requests' default grids.

    Args:
        harness: the model and the split.
        steps: numbers of steps, a row of figures each.
        metrics: of photos, or None to leave them out.
        others: as many photos that the model was trained on, to compare with the split's.
        diverse: layouts that are made with 8 seeds each; 0 leaves diversity out.
        reader: another model with the same split and classes, which reads the made photos, too: a model may flatter
            itself, the more so if it was trained on what it reads.

    Returns:
        n, resolution; rows by steps, each with `segmentation` and `cycle` (miou and accuracy, Estimates in
        0..100, iou a class, None where it does not occur), `photos` and `diversity` (Estimates by name),
        `seconds` an image, and `read_by_other` (as `cycle`) with a reader; and what stands beside them:
        `codec_miou`, `train_photos` and `codec_photos` as `photos`, `real_diversity`, `one_step_share` of the best
        segmentation mIoU, `reader` and `reader_miou` of the split's own photos.
    """
    masks, palette, seed = harness.masks, harness.palette, harness.seed
    report: Report = {
        "n": len(masks),
        "resolution": harness.pipeline.size,
        "codec_miou": miou(confusions(harness.codec_labels(), masks, palette), seed),
        "train_photos": {},
        "codec_photos": {},
        "real_diversity": {},
        "diversity_layouts": min(diverse, len(masks)),
    }
    if metrics:
        report["codec_photos"] = metrics.against(harness.codec_photos(), paired=True)
        report["real_diversity"] = metrics.between_real()
        if others is not None:
            report["train_photos"] = metrics.against(others, paired=False)
    if reader:
        read = reader.segment(reader.photos, steps=READER_STEPS)
        report["reader"] = reader.pipeline.name
        report["reader_miou"] = miou(confusions(read, masks, palette), seed)
    # the first call of a process is slow and would be charged to row 1
    harness.segment(harness.photos[: harness.batch], steps=1)
    rows, counts = [], {}
    for count in tqdm(steps, desc="evaluate", unit="number of steps", disable=None):
        start = time.perf_counter()
        labels = harness.segment(harness.photos, steps=count)
        middle = time.perf_counter()
        made = harness.synthesize(steps=count)
        end = time.perf_counter()
        counts[count] = confusions(labels, masks, palette)
        cycled = confusions(harness.segment(made, steps=count), masks, palette)
        rows.append(
            {
                "steps": count,
                "n": len(masks),
                "resolution": harness.pipeline.size,
                "segmentation": figures(counts[count], palette, seed),
                "cycle": figures(cycled, palette, seed),
                "photos": metrics.against(made, paired=True) if metrics else {},
                "diversity": metrics.between(harness.by_seed(diverse, steps=count)) if metrics and diverse else {},
                "seconds": {"segment": (middle - start) / len(masks), "synthesize": (end - middle) / len(masks)},
            }
        )
        if reader:
            read = reader.segment(made, steps=READER_STEPS)
            rows[-1]["read_by_other"] = figures(confusions(read, masks, palette), palette, seed)
    report["rows"] = rows
    if 1 in counts:
        report["one_step_share"] = share_of_best(counts, seed)
    return report


def miou(counts: torch.Tensor, seed: int) -> Estimate:
    """mIoU of confusion counts a picture, (N, n, n); the bootstrap resamples pictures and sums anew."""
    return bootstrap(lambda i: miou_of(counts[i].sum(0)), len(counts), seed)


def share_of_best(counts: dict[int, torch.Tensor], seed: int) -> Estimate:
    """mIoU at one step over the best mIoU of all numbers of steps, on the same resampled pictures."""

    def share(i: np.ndarray) -> float:
        best = max(miou_of(c[i].sum(0)) for c in counts.values())
        return miou_of(counts[1][i].sum(0)) / best if best else float("nan")

    return bootstrap(share, len(counts[1]), seed)


def figures(counts: torch.Tensor, palette: Palette, seed: int) -> Report:
    """Confusion counts a picture -> mIoU over the classes of the truth, pixel accuracy and IoU a class, 0..100."""
    each = (100 * iou(counts.sum(0))).tolist()
    return {
        "miou": miou(counts, seed),
        "accuracy": bootstrap(lambda i: accuracy_of(counts[i].sum(0)), len(counts), seed),
        "iou": {c.name: None if v != v else v for c, v in zip(palette.classes, each)},
    }


def match_folders(images: Path, masks: Path) -> list[Pair]:
    """Pairs of images/NAME.jpg|png and masks/NAME.png, sorted by name; photos without a mask are left out.

    Raises:
        InputError: a mask has no photo, or there is no mask.
    """
    pairs, alone = match(images, masks)
    for phrase in alone:
        if phrase.endswith("has no photo"):
            raise InputError(f"{phrase} in {images}")
    if not pairs:
        raise InputError(f"there are no masks (NAME.png) in {masks}")
    return pairs


def load_others(folder: Path, split: Sequence[Pair], size: int, seed: int) -> list[np.ndarray]:
    """As many photos of a folder as the split has, none of the split's names, (size, size, 3) uint8.

    Raises:
        InputError: there are too few, or one cannot be read.
    """
    names = {pair.name for pair in split}
    paths = sorted(p for p in folder.glob("*") if p.suffix.lower() in PHOTO_SUFFIXES and p.stem not in names)
    if len(paths) < len(split):
        raise InputError(
            f"{folder} has {len(paths)} photos beside the split's own; sets of photos are compared at equal size, "
            f"which needs {len(split)}"
        )
    photos = [read_photo(paths[i]) for i in subset(len(paths), len(split), seed)]
    return [cv2.resize(p, (size, size), interpolation=cv2.INTER_AREA) for p in photos]


def tables(report: Report) -> str:
    """The report as text, in markdown."""
    rows = report["rows"]
    about = f"n = {report['n']}, {report['resolution']}x{report['resolution']}, [95 % bootstrap interval over pictures]"
    if report.get("mirror"):
        about += ", photos read with their mirror images"
    if report.get("smooth"):
        about += f", neighbours deciding together (smooth {report['smooth']:g})"
    heads = ("steps", "segmentation mIoU", "pixel accuracy", "cycle mIoU", "s to segment", "s to synthesise")
    other = [report["reader"]] if report.get("reader") else []
    heads += tuple(f"cycle mIoU, read by {name}" for name in other)
    both = [
        (
            r["steps"],
            shown(r["segmentation"]["miou"]),
            shown(r["segmentation"]["accuracy"]),
            shown(r["cycle"]["miou"]),
            f"{r['seconds']['segment']:.2f}",
            f"{r['seconds']['synthesize']:.2f}",
            *(shown(r["read_by_other"]["miou"]) for _ in other),
        )
        for r in rows
    ]
    lines = [f"Layouts: {report.get('split', 'pairs')}, {about}", "", markdown(heads, both), ""]
    lines.append(f"Codec alone, on perturbed layouts: {shown(report['codec_miou'])} mIoU")
    for name in other:
        real = shown(report["reader_miou"])
        lines.append(f"{name} reads in {READER_STEPS} steps, the split's own photos with {real} mIoU")
    if "one_step_share" in report:
        lines.append(f"1 step keeps {report['one_step_share']:.3f} of the best segmentation mIoU")
    lines += ["", "IoU by class:", "", class_table(report)]
    if report["codec_photos"]:
        lines += ["", f"Photos: against the same split's, {about}", "", photo_table(report)]
    if report["rows"][0]["diversity"]:
        seeds = f"Diversity: {report['diversity_layouts']} layouts of the same split, {SEEDS} seeds each"
        lines += ["", seeds, "", diversity_table(report)]
    return "\n".join(lines)


def class_table(report: Report) -> str:
    """IoU of each class that occurs, by steps: of the layouts read, and of the cycle's."""
    ways = [(f"{way}, {steps_of(r)}", r[way]["iou"]) for way in ("segmentation", "cycle") for r in report["rows"]]
    names = [name for name in ways[0][1] if any(found[name] is not None for _, found in ways)]
    cells = [[name, *("-" if found[name] is None else f"{found[name]:.1f}" for _, found in ways)] for name in names]
    return markdown(["class", *(way for way, _ in ways)], cells)


def photo_table(report: Report) -> str:
    """Synthesis by steps; beside it the codec alone, and real photos against real ones."""
    names = list(report["codec_photos"])
    named = [(steps_of(r), r["photos"]) for r in report["rows"]]
    named += [("codec alone", report["codec_photos"])]
    if report["train_photos"]:
        named += [("real training photos", report["train_photos"])]
    return markdown(["photos", *names], [[name, *(shown(f.get(k)) for k in names)] for name, f in named])


def diversity_table(report: Report) -> str:
    """Differences among one layout's photos, and among real photos."""
    names = list(report["real_diversity"])
    named = [(steps_of(r), r["diversity"]) for r in report["rows"]]
    named += [("real photos, each of its own layout", report["real_diversity"])]
    table = markdown(["photos", *names], [[name, *(shown(f.get(k)) for k in names)] for name, f in named])
    few, many = (pick(report["rows"], key=lambda r: r["steps"]) for pick in (min, max))
    lines = [table, ""]
    for name in names:
        real, one, other = (f[name].value for f in (report["real_diversity"], few["diversity"], many["diversity"]))
        lines.append(
            f"{name}: {steps_of(many)} reach {other / real:.2f} of real photos; "
            f"{steps_of(few)} have {one / other:.2f} of {steps_of(many)}"
        )
    return "\n".join(lines)


def steps_of(row: Report) -> str:
    return f"{row['steps']} step{'s' if row['steps'] > 1 else ''}"
