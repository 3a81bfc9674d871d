"""`semflow segment`: layouts from photos, many at once."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..method.limits import MAX_SMOOTH, MIN_SMOOTH
from .options import add_align, add_batch, add_model, add_out, add_solver
from .shared import check_outputs, load, print_note, settings, unfinished_batches

AS_THE_MODEL = "as the model segments best"
HELP = "make layouts (index PNGs of the photo's own size) from photos"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", type=Path, nargs="+", metavar="PHOTO")
    add_out(parser)
    add_align(parser)
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help=f"segment the mirror image, too, and decide by both, at twice the work ({AS_THE_MODEL})",
    )
    parser.add_argument(
        "--smooth",
        type=float,
        metavar="PIXELS",
        help=f"let neighbours decide together, {MIN_SMOOTH} to {MAX_SMOOTH} ({AS_THE_MODEL})",
    )
    add_model(parser)
    add_solver(parser, AS_THE_MODEL)
    add_batch(parser)


def run(args: argparse.Namespace) -> None:
    import numpy as np

    from ..pictures.frames import part_for
    from ..pictures.layouts import write_layout
    from ..pictures.photos import open_photo, read_photo
    from ..requests import SegmentationRequest

    how = settings(args, "model", "steps", "solver", "grid", "mirror", "smooth")
    SegmentationRequest(photo=np.zeros((16, 16, 3), np.uint8), **how)  # refuses settings before a model is loaded
    check_outputs(args.inputs, args.out)
    pipeline = load(args)
    for path in args.inputs:  # twice, as in synthesize.py
        read_photo(path)
    for paths in unfinished_batches(args):
        photos = [open_photo(p) for p in paths]
        crops = [part_for(photo.pixels, pipeline.palette, not args.no_align) for photo in photos]
        requests = [pipeline.read_request(c.crop, **how) for c in crops]
        for path, photo, crop, result in zip(paths, photos, crops, pipeline.segment_many(requests)):
            print_note(path, f"{photo.note} {crop.note}".strip())
            labels = crop.back(result.labels, outside=pipeline.palette.background)
            write_layout(args.out / f"{path.stem}.png", labels, pipeline.palette)
