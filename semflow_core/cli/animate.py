"""`semflow animate`: the path between a photo and its layout as a moving picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import InputError
from ..method.limits import DEFAULT_FRAMES, MAX_FRAMES, MIN_FRAMES
from .options import add_align, add_ids, add_model, add_perturbation, add_solver
from .shared import check_classes, load, offsets, print_note, read_layout_of, settings, synthesis_settings

HELP = "show the path between a photo and its layout"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, metavar="PHOTO_OR_LAYOUT")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=".gif, .webp, .mp4, .zip, or a folder of PNGs"
    )
    parser.add_argument("--frames", type=int, help=f"number of frames, {MIN_FRAMES} to {MAX_FRAMES} ({DEFAULT_FRAMES})")
    parser.add_argument("--fps", type=float, default=12.0, help="frames per second (12)")
    add_align(parser)
    add_ids(parser)
    add_model(parser)
    add_solver(parser)
    add_perturbation(parser)


def run(args: argparse.Namespace) -> None:
    from ..pictures.animations import check_animation_path, write_frames
    from ..pictures.files import check_writable
    from ..pictures.frames import part_for
    from ..pictures.layouts import is_layout
    from ..pictures.photos import open_photo
    from ..requests import TrajectoryRequest

    check_animation_path(args.out)
    if not 0.1 <= args.fps <= 100:  # also refuses nan
        raise InputError(f"the frames per second are {args.fps:g}; they must be from 0.1 to 100")
    check_writable(args.out.parent)
    pipeline = load(args)
    check_classes(args, pipeline)
    if args.ids or is_layout(args.input, pipeline.palette, pipeline.codebook):
        layout = read_layout_of(args, args.input, pipeline)
        note, start = layout.line(pipeline.palette), {"layout": layout.labels}
    elif args.color:
        raise InputError(f"{args.input.name} is a photo and has colours of its own; --color is for layouts")
    else:
        photo = open_photo(args.input)
        part = part_for(photo.pixels, pipeline.palette, not args.no_align)
        note, start = f"{photo.note} {part.note}".strip(), {"photo": part.crop}
    how = synthesis_settings(args) | settings(args, "frames")
    request = TrajectoryRequest(offsets=offsets(args, pipeline), **start, **how)
    write_frames(args.out, pipeline.trajectory(request).frames, args.fps)
    print_note(args.input, note)
