"""`semflow synthesize`: photos from layouts, many at once."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from .options import add_batch, add_model, add_out, add_perturbation, add_solver
from .shared import batches, check_classes, check_outputs, load, offsets, print_note, settings

HELP = "make photos from layouts"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs", type=Path, nargs="+", metavar="LAYOUT", help="index PNG, palette-coloured, or folder of parts"
    )
    add_out(parser)
    add_model(parser)
    add_solver(parser)
    add_perturbation(parser)
    add_batch(parser)


def run(args: argparse.Namespace) -> None:
    from ..pictures.layouts import open_layout, read_layout
    from ..pictures.photos import write_photo
    from ..requests.packing import pack_labels
    from ..requests.requests import SynthesisRequest

    template = SynthesisRequest(
        model=args.model,
        class_seeds=tuple(args.class_seed),
        **settings(args, "steps", "seed", "solver", "grid", "beta"),
    )
    check_outputs(args.inputs, args.out)
    pipeline = load(args)
    check_classes(args, pipeline)
    template = dataclasses.replace(template, offsets=offsets(args, pipeline))
    # every file is read twice: all errors come before any result, and thousands of layouts do not fit in memory
    for path in args.inputs:
        print_note(path, open_layout(path, pipeline.palette, pipeline.codebook).note)
    for paths in batches(args.inputs, args.batch):
        layouts = [read_layout(p, pipeline.palette, pipeline.codebook) for p in paths]
        requests = [dataclasses.replace(template, layout=pack_labels(m)) for m in layouts]
        for path, result in zip(paths, pipeline.synthesize_many(requests)):
            write_photo(args.out / f"{path.stem}.png", result.photo)
