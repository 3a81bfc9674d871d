"""`semflow models`: a line per model, its name and its folder."""

from __future__ import annotations

import argparse

from .options import add_models
from .shared import extra_folders

HELP = "list the models that are installed"


def options(parser: argparse.ArgumentParser) -> None:
    add_models(parser)


def run(args: argparse.Namespace) -> None:
    from ..pipeline.registry import NO_MODELS, find_models

    models = find_models(extra_folders(args))
    for name, folder in models.items():
        print(f"{name}\t{folder}")
    if not models:
        print(NO_MODELS)
