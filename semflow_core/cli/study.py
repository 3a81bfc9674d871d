"""`semflow study`: one study of settings at equal budgets; docs/experiments has what came out of them."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..method.limits import DEFAULT_STEPS
from .options import add_batch, add_model, count, positive
from .shared import check_synthesis, extra_folders

HELP = "compare settings at equal budgets: grids, solvers, beta, style; codebook, times, ...; preference, nearest"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="key=value",
        help="right after the name: settings of all variants of a study that trains",
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path("configs/faces.yaml"),
        metavar="CONFIG",
        help="whose development split is used, and what studies that train start from (configs/faces.yaml)",
    )
    parser.add_argument("--n", type=positive, default=50, metavar="N", help="pairs of the development split (50)")
    parser.add_argument(
        "--diverse", type=count, default=4, metavar="N", help="layouts that are made with 8 seeds each (4)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of perturbations and intervals (0)")
    parser.add_argument("--out", type=Path, default=Path("runs/studies"), metavar="DIR", help="(runs/studies)")
    photos = parser.add_argument_group("preference and nearest, which show photos")
    photos.add_argument(
        "--steps",
        type=positive,
        default=DEFAULT_STEPS,
        metavar="N",
        help=f"solver steps of the photos ({DEFAULT_STEPS})",
    )
    photos.add_argument(
        "--against",
        default="real",
        metavar="NAME",
        help="what preference compares the model's photos with: another model (name or folder), 'decoded' (the same "
        "without the renderer) or 'real' (real)",
    )
    photos.add_argument(
        "--answers",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="print the share that answers give which the page of preference saved",
    )
    add_model(parser)
    add_batch(parser)


def run(args: argparse.Namespace) -> None:
    from ..pictures.files import check_writable
    from ..studies.run import run_study
    from ..studies.settings import StudySettings

    check_writable(args.out)
    shared = ("config", "out", "model", "device", "n", "seed", "batch", "diverse", "steps", "against")
    check_synthesis(steps=args.steps)
    settings = StudySettings(
        overrides=tuple(args.overrides),
        answers=tuple(args.answers),
        extra=tuple(extra_folders(args)),
        **{name: getattr(args, name) for name in shared},
    )
    run_study(args.name, settings)
