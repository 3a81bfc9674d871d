"""`semflow edit`: one photo with a changed layout, changed colours, or both."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import InputError
from .options import add_align, add_ids, add_model, add_out, add_perturbation, add_solver
from .shared import check_classes, check_outputs, load, offsets, print_note, read_layout_of, synthesis_settings

HELP = "change in a photo what was changed in its layout, and nothing else"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, metavar="PHOTO")
    parser.add_argument(
        "--layout",
        type=Path,
        metavar="FILE",
        help="the layout after the change (the one before it, with --color): of the photo's shape, as segment writes "
        "it, or of the face's part of it",
    )
    parser.add_argument("--before", type=Path, metavar="FILE", help="the layout before it (what segment finds)")
    add_out(parser)
    add_align(parser)
    add_ids(parser)
    add_model(parser)
    add_solver(parser)
    add_perturbation(parser)


def run(args: argparse.Namespace) -> None:
    import numpy as np

    from ..pictures.frames import layout_in_part, part_for
    from ..pictures.photos import open_photo, write_edited
    from ..requests import EditRequest

    if not args.layout and not args.color:
        raise InputError("nothing is to change: name the changed layout with --layout, or a colour with --color")
    check_outputs([args.input], args.out)
    pipeline = load(args)
    check_classes(args, pipeline)
    photo, colors = open_photo(args.input), offsets(args, pipeline)
    part = part_for(photo.pixels, pipeline.palette, not args.no_align)
    notes = [(args.input, f"{photo.note} {part.note}".strip())]

    def read(path: Path) -> np.ndarray:
        layout = read_layout_of(args, path, pipeline)
        labels, note = layout_in_part(layout.labels, part, path.name)
        notes.append((path, f"{layout.line(pipeline.palette)} {note}".strip()))
        return labels

    before = read(args.before) if args.before else None
    if args.layout:
        layout = read(args.layout)
    else:
        layout = before = pipeline.segment(pipeline.read_request(part.crop)).labels if before is None else before
    request = EditRequest(photo=part.crop, layout=layout, before=before, offsets=colors, **synthesis_settings(args))
    edited = part.put_back(photo.pixels, part.crop, pipeline.edit(request).photo)
    write_edited(args.out / f"{args.input.stem}.png", photo, edited)
    for path, note in notes:
        print_note(path, note)
