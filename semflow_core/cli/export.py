"""`semflow export`: compile models for this machine's processor, and say what that brings."""

from __future__ import annotations

import argparse

from ..errors import InputError
from .options import add_models
from .shared import extra_folders

HELP = "compile models with OpenVINO for this machine's processor"
NOT_INSTALLED = "exports need OpenVINO, which is not installed: pip install openvino"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="MODEL", help="names or folders (all models that are installed)")
    add_models(parser)


def run(args: argparse.Namespace) -> None:
    from ..nets.compiled import is_installed

    if not is_installed():
        raise InputError(NOT_INSTALLED)
    from ..pipeline.registry import NO_MODELS, find_models, load_as_torch
    from ..pipeline.runtime import on_exports, pipeline_exports, remember, self_test

    extra = extra_folders(args)
    names = args.names or list(find_models(extra))
    if not names:
        raise InputError(NO_MODELS)
    for name in names:
        pipeline = load_as_torch(name, extra)
        exports = pipeline_exports(pipeline)
        if not exports:
            print(f"{name}\tPyTorch: its network is of a kind that is not compiled")
            continue
        for export in exports:
            export.write()
        trial = self_test(pipeline, on_exports(pipeline, exports))
        remember(exports, trial)
        print(
            f"{name}\t{'OpenVINO' if trial.accepted else 'PyTorch'}: a network call by OpenVINO is "
            f"{trial.times_faster:.2f} times as fast, 99 of 100 values differ by at most {trial.levels:g} grey levels"
        )
