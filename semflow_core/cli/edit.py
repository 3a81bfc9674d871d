"""`semflow edit`: one photo with a changed layout, changed colours, or both."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import InputError
from .options import add_model, add_out, add_perturbation, add_solver
from .shared import check_classes, check_outputs, load, offsets, synthesis_settings

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
    from ..requests import EditRequest

    if not args.layout and not args.color:
        raise InputError("nothing is to change: name the changed layout with --layout, or a colour with --color")
    check_outputs([args.input], args.out)
    pipeline = load(args)
    check_classes(args, pipeline)
    photo, colors = read_photo(args.input), offsets(args, pipeline)
    before = read_layout(args.before, pipeline.palette, pipeline.codebook) if args.before else None
    if args.layout:
        layout = read_layout(args.layout, pipeline.palette, pipeline.codebook)
    else:
        layout = before = pipeline.segment(pipeline.read_request(photo)).labels if before is None else before
    request = EditRequest(photo=photo, layout=layout, before=before, offsets=colors, **synthesis_settings(args))
    write_photo(args.out / f"{args.input.stem}.png", pipeline.edit(request).photo)
