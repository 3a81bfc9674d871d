"""`semflow evaluate`: figures of a model on pairs of photo and mask; docs/metrics.md says what they mean."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..errors import InputError
from ..method.limits import DEFAULT_SEED, DEFAULT_SMOOTH, MAX_SMOOTH, MIN_SMOOTH
from .options import add_batch, add_ids, add_model, add_ray, add_seed, count, positive, step_list
from .shared import check_synthesis, load, on_driver

HELP = "measure a model on pairs of photo and mask"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", type=Path, required=True, metavar="DIR")
    parser.add_argument("--masks", type=Path, required=True, metavar="DIR")
    parser.add_argument("--last", type=positive, metavar="N", help="only the last N pairs in sorted order")
    parser.add_argument("--steps", type=step_list, default=[1, 2, 5, 8, 25], metavar="N,N,...")
    parser.add_argument(
        "--train-images",
        type=Path,
        metavar="DIR",
        help="photos the model was trained on, to compare with the split's (those of the split itself are skipped)",
    )
    parser.add_argument(
        "--diverse",
        type=count,
        default=8,
        metavar="N",
        help="measure diversity on N layouts, 8 seeds each; 0 leaves it out (8)",
    )
    parser.add_argument(
        "--mirror", action="store_true", help="segment mirror images, too, and decide by both (twice the work)"
    )
    parser.add_argument(
        "--smooth",
        type=float,
        default=DEFAULT_SMOOTH,
        metavar="PIXELS",
        help=f"let neighbours decide together, {MIN_SMOOTH} to {MAX_SMOOTH} ({DEFAULT_SMOOTH:g})",
    )
    parser.add_argument(
        "--reader", metavar="NAME", help="another model (or its folder) segments the synthesised photos, too"
    )
    parser.add_argument(
        "--no-renderer", action="store_true", help="photos as the codec decodes them, without the model's renderer"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    add_ids(parser)
    add_model(parser)
    add_seed(parser)
    add_batch(parser)
    add_ray(parser)


def run(args: argparse.Namespace) -> None:
    from contextlib import nullcontext
    from dataclasses import replace
    from functools import partial

    from ..data.masks import summary, usual_ids
    from ..data.pairs import load_pairs, read_pair
    from ..evaluation.evaluate import evaluate
    from ..evaluation.features import HOW_TO_GET, find_networks, installation_hints
    from ..evaluation.harness import Harness
    from ..evaluation.inputs import load_others, match_folders
    from ..evaluation.lpips import find_lpips
    from ..evaluation.photos import PhotoMetrics
    from ..evaluation.tables import tables
    from ..pictures.files import check_writable, write_atomically
    from .on_ray import Solvers

    seed = args.seed or DEFAULT_SEED
    for steps in args.steps:
        check_synthesis(steps=steps, seed=seed)
    if args.json:
        if args.json.is_dir():
            raise InputError(f"{args.json} is a folder; --json names a file")
        check_writable(args.json.parent)
    matches = match_folders(args.images, args.masks)
    pairs = matches[-(args.last or 0) :]
    pipeline = load(on_driver(args))
    if args.no_renderer:
        pipeline = pipeline.without_renderer()
    other = load(on_driver(args), args.reader) if args.reader else None
    if other and (other.palette, other.size) != (pipeline.palette, pipeline.size):
        raise InputError(
            f"--reader {args.reader} has the classes of {other.palette.name} at {other.size} pixels; it must be "
            f"{pipeline.palette.name} at {pipeline.size}"
        )
    notes = list[str]()
    loaded, masks = load_pairs(pairs, pipeline.palette, pipeline.size, ids=args.ids, notes=notes)
    for note in summary(notes, len(pairs)):
        print(f"semflow: {args.masks}: {note}", file=sys.stderr)
    photos = list(loaded)
    others = args.train_images and load_others(args.train_images, pairs, pipeline.size, seed)
    networks = find_networks()
    metrics = PhotoMetrics(photos, networks, find_lpips(), seed, masks) if len(photos) > 1 else None
    how = (photos, masks, seed, args.batch, args.mirror, args.smooth)
    split = f"the last {len(pairs)} of {len(matches)} pairs in sorted order"
    usual = "" if args.ids else usual_ids(pairs, pipeline.palette)
    whole = [partial(read_pair, pair, pipeline.palette, args.ids, usual) for pair in pairs]
    with Solvers(args) if args.ray else nullcontext() as there:
        harness = Harness(pipeline, *how, there and there.of(args.model, args.no_renderer))
        reader = other and Harness(other, *how, there and there.of(args.reader))
        report = evaluate(harness, args.steps, metrics, others, args.diverse, reader, whole)
    report = replace(report, split=split, reader=args.reader if other else None)
    if args.json:  # before anything is printed: a console may be gone by now
        write_atomically(args.json, lambda temporary: temporary.write_text(report.to_json(), encoding="utf-8"))
    print(tables(report))
    if not metrics:
        print("\nPhotos are not compared: that needs at least 2 pairs.")
    elif not networks:
        print(f"\nPhotos are not compared with real ones: {HOW_TO_GET}.")
    else:
        if others is None:
            print("\nTraining photos are not compared: --train-images names no folder of them.")
        for sentence in installation_hints(networks):
            print(f"\n{sentence}")
