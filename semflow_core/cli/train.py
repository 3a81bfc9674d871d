"""`semflow train`: what a configuration file describes."""

from __future__ import annotations

import argparse
from pathlib import Path

from .options import positive

HELP = "train a model"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file, see configs/")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="settings to use instead of the file's")
    parser.add_argument(
        "--dry-run", action="store_true", help="print samples, memory and time, estimated from a few measured steps"
    )
    parser.add_argument("--ray", type=positive, metavar="N", help="train with N workers of Ray (package ray[train])")


def run(args: argparse.Namespace) -> None:
    if args.dry_run:
        from ..training.dry import dry_run

        print("\n".join(dry_run(args.config, args.overrides)))
        return
    if args.ray:
        from ..training.on_ray import train_on_ray

        return train_on_ray(args.config, args.overrides, args.ray)
    from ..training.run import run_training

    run_training(args.config, args.overrides)
