"""`semflow edit`: one photo with a changed layout, changed colours, or both."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import InputError
from .options import add_model, add_out, add_perturbation, add_solver
from .shared import check_classes, check_outputs, load, offsets, settings

HELP = "change in a photo what was changed in its layout, and nothing else"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, metavar="PHOTO")
    parser.add_argument(
        "--layout", type=Path, metavar="FILE", help="the layout after the change (the one before it, with --color)"
    )
    parser.add_argument("--before", type=Path, metavar="FILE", help="the layout before it (what segment finds)")
    add_out(parser)
    add_model(parser)
    add_solver(parser)
    add_perturbation(parser)


def run(args: argparse.Namespace) -> None:
    from ..pictures.layouts import read_layout
    from ..pictures.photos import read_photo, write_photo
    from ..requests.packing import pack_labels, pack_photo
    from ..requests.requests import EditRequest, SegmentationRequest

    if not args.layout and not args.color:
        raise InputError("nothing is to change: name the changed layout with --layout, or a colour with --color")
    check_outputs([args.input], args.out)
    pipeline = load(args)
    check_classes(args, pipeline)
    photo, colors = pack_photo(read_photo(args.input)), offsets(args, pipeline)

    def layout(file: Path) -> str:
        return pack_labels(read_layout(file, pipeline.palette, pipeline.codebook))

    before = layout(args.before) if args.before else ""
    if not args.layout and not before:
        before = pack_labels(pipeline.segment(SegmentationRequest(photo=photo, **pipeline.reading)).labels)
    request = EditRequest(
        model=args.model,
        photo=photo,
        layout=layout(args.layout) if args.layout else before,
        before=before,
        class_seeds=tuple(args.class_seed),
        offsets=colors,
        **settings(args, "steps", "seed", "solver", "grid", "beta"),
    )
    write_photo(args.out / f"{args.input.stem}.png", pipeline.edit(request).photo)
