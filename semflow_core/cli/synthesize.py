"""`semflow synthesize`: photos from layouts, many at once."""

from __future__ import annotations

import argparse
from pathlib import Path

from .options import add_batch, add_ids, add_model, add_out, add_perturbation, add_solver
from .shared import (
    check_classes,
    check_outputs,
    check_synthesis,
    load,
    offsets,
    print_note,
    read_layout_of,
    synthesis_settings,
    unfinished_batches,
)

HELP = "make photos from layouts"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs", type=Path, nargs="+", metavar="LAYOUT", help="index PNG, palette-coloured, or folder of parts"
    )
    add_out(parser)
    add_ids(parser)
    add_model(parser)
    add_solver(parser)
    add_perturbation(parser)
    add_batch(parser)


def run(args: argparse.Namespace) -> None:
    from ..pictures.photos import write_photo
    from ..requests import SynthesisRequest

    how = synthesis_settings(args)
    check_synthesis(**how)
    check_outputs(args.inputs, args.out)
    pipeline = load(args)
    check_classes(args, pipeline)
    how["offsets"] = offsets(args, pipeline)
    # every file is read twice: all errors come before any result, and thousands of layouts do not fit in memory
    for i, path in enumerate(args.inputs):
        layout = read_layout_of(args, path, pipeline).labels
        if i == 0:  # refuses amplitudes and classes that the model cannot have
            pipeline.perturbed(SynthesisRequest(layout=layout, **how), layout)
    for paths in unfinished_batches(args):
        layouts = [read_layout_of(args, path, pipeline) for path in paths]
        requests = [SynthesisRequest(layout=layout.labels, **how) for layout in layouts]
        for path, layout, result in zip(paths, layouts, pipeline.synthesize_many(requests)):
            print_note(path, layout.line(pipeline.palette))
            write_photo(args.out / f"{path.stem}.png", result.photo)
