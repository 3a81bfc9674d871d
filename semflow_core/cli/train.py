"""`semflow train`: what a configuration file describes."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "train a model"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file, see configs/")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="settings to use instead of the file's")
    parser.add_argument(
        "--dry-run", action="store_true", help="print samples, memory and time, estimated from a few measured steps"
    )


def run(args: argparse.Namespace) -> None:
    if args.dry_run:
        from ..training.dry import dry_run

        print("\n".join(dry_run(args.config, args.overrides)))
        return
    from ..training.run import run_training

    run_training(args.config, args.overrides)
