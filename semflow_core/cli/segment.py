"""`semflow segment`: layouts from photos, many at once."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..method.limits import MAX_SMOOTH, MIN_SMOOTH
from .options import add_align, add_batch, add_model, add_out, add_ray, add_solver
from .shared import check_outputs, load, on_driver, settings
from .work import Check, do, expand

AS_THE_MODEL = "as the model segments best"
HELP = "make layouts (index PNGs of the photo's own size) from photos"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", type=Path, nargs="+", metavar="PHOTO", help="a file, or a folder of files")
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
    add_ray(parser)


def run(args: argparse.Namespace) -> None:
    import numpy as np

    from ..requests import SegmentationRequest

    SegmentationRequest(photo=np.zeros((16, 16, 3), np.uint8), **how(args))  # refuses settings before a model is loaded
    args.inputs = expand(args.inputs)
    check_outputs(args.inputs, args.out)
    do(Segment(on_driver(args)), args)


def how(args: argparse.Namespace) -> dict[str, Any]:
    """What the options say of a SegmentationRequest; the model has the defaults of the others."""
    return settings(args, "model", "steps", "solver", "grid", "mirror", "smooth")


class Segment:
    """Photos -> layouts (`work.Work`)."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.pipeline = args, load(args)

    def check(self) -> Check:
        from ..pictures.photos import read_photo

        return read_photo

    def write(self, paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
        from ..pictures.frames import part_for
        from ..pictures.layouts import write_layout
        from ..pictures.photos import open_photo

        pipeline, args = self.pipeline, self.args
        photos = [open_photo(p) for p in paths]
        crops = [part_for(photo.pixels, pipeline.palette, not args.no_align) for photo in photos]
        requests = [pipeline.read_request(c.crop, **how(args)) for c in crops]
        for path, photo, crop, result in zip(paths, photos, crops, pipeline.segment_many(requests)):
            labels = crop.back(result.labels, outside=pipeline.palette.background)
            write_layout(args.out / f"{path.stem}.png", labels, pipeline.palette)
            yield path, f"{photo.note} {crop.note}".strip()
