"""`semflow synthesize`: photos from layouts, many at once."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from .options import add_batch, add_ids, add_model, add_out, add_perturbation, add_ray, add_solver
from .shared import (
    check_classes,
    check_outputs,
    check_synthesis,
    load,
    on_driver,
    read_layout_of,
    report_colors,
    synthesis_settings,
)
from .work import Check, do, expand

HELP = "make photos from layouts"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs",
        type=Path,
        nargs="+",
        metavar="LAYOUT",
        help="index PNG, palette-coloured, folder of parts, or folder of such files",
    )
    add_out(parser)
    add_ids(parser)
    add_model(parser)
    add_solver(parser)
    add_perturbation(parser)
    add_batch(parser)
    add_ray(parser)


def run(args: argparse.Namespace) -> None:
    from ..pictures.parts import part_of
    from ..requests import SynthesisRequest

    how = synthesis_settings(args)
    check_synthesis(**how)
    check_outputs(args.inputs, args.out)
    work = Synthesize(on_driver(args))
    pipeline = work.pipeline
    check_classes(args, pipeline)
    report_colors(args, pipeline)
    args.inputs = expand(args.inputs, lambda folder: any(part_of(p, pipeline.palette) for p in folder.iterdir()))
    check_outputs(args.inputs, args.out)
    first = read_layout_of(args, args.inputs[0], pipeline).labels
    # refuses amplitudes and classes that the model cannot have
    pipeline.perturbed(SynthesisRequest(layout=first, **how, offsets=work.offsets), first)
    do(work, args)


class Synthesize:
    """Layouts -> photos (`work.Work`)."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.pipeline = args, load(args)
        self.offsets = self.pipeline.colors.offsets(args.color)

    def check(self) -> Check:
        from ..pictures.layouts import open_layout

        return partial(open_layout, palette=self.pipeline.palette, codebook=self.pipeline.codebook, ids=self.args.ids)

    def write(self, paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
        from ..pictures.photos import write_photo
        from ..requests import SynthesisRequest

        pipeline, how = self.pipeline, synthesis_settings(self.args)
        layouts = [read_layout_of(self.args, path, pipeline) for path in paths]
        requests = [SynthesisRequest(layout=layout.labels, **how, offsets=self.offsets) for layout in layouts]
        for path, layout, result in zip(paths, layouts, pipeline.synthesize_many(requests)):
            write_photo(self.args.out / f"{path.stem}.png", result.photo)
            yield path, layout.line(pipeline.palette)
