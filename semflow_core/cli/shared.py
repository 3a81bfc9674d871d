"""What several commands do: check where results go, load the model, turn options into a request's values."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from ..pictures.layout import Layout
    from ..pipeline.pipeline import SemFlowPipeline


def check_outputs(inputs: Sequence[Path], out: Path) -> None:
    """Raise InputError unless every input has a result NAME.png of its own in `out`, and `out` can be written to."""
    from ..pictures.files import check_writable

    by_stem: dict[str, Path] = {}
    for path in inputs:
        if path.stem in by_stem:
            raise InputError(f"{by_stem[path.stem]} and {path} would both be written to {path.stem}.png")
        by_stem[path.stem] = path
    check_writable(out)


def load(args: argparse.Namespace, model: str = "") -> SemFlowPipeline:
    """The model of --model, or another one, from wherever --models and --device say.

    Raises:
        InputError: there is no such model, folder or device.
    """
    from ..pipeline.registry import load_pipeline

    return load_pipeline(model or args.model, extra_folders(args), args.device)


def on_driver(args: argparse.Namespace) -> argparse.Namespace:
    """The options for this process, which with --ray computes little and may have no GPU."""
    return argparse.Namespace(**{**vars(args), "device": "cpu"}) if args.ray else args


def model_folder(args: argparse.Namespace) -> Path:
    """The folder of --model, which `load` has found."""
    from ..pipeline.registry import find_models

    return find_models(extra_folders(args)).get(args.model, Path(args.model))


def extra_folders(args: argparse.Namespace) -> list[Path]:
    """The folders of --models: none or one."""
    if args.models and not args.models.is_dir():
        raise InputError(f"the models' folder {args.models} does not exist")
    return [args.models] if args.models else []


def check_classes(args: argparse.Namespace, pipeline: SemFlowPipeline) -> None:
    """Raise InputError if a class seed names no class of the model."""
    for class_id, _ in args.class_seed:
        if not 0 <= class_id <= 255 or pipeline.palette.index_of_id[class_id] < 0:
            raise InputError(f"the class seed for {class_id} names no class of {pipeline.palette.name}")


def offsets(args: argparse.Namespace, pipeline: SemFlowPipeline) -> Any:
    """The offsets that stand for the colours of --color; a colour that its class cannot have is reported."""
    result = pipeline.colors.offsets(args.color)
    report_colors(args, pipeline)
    return result


def report_colors(args: argparse.Namespace, pipeline: SemFlowPipeline) -> None:
    """Print which colours of --color their classes cannot have."""
    for sentence in pipeline.colors.out_of_reach(args.color):
        print(f"semflow: {sentence}", file=sys.stderr)


def settings(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    """The options that the user set; the request has the defaults of the others."""
    return {n: getattr(args, n) for n in names if getattr(args, n) is not None}


def synthesis_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What the options say of a SynthesisRequest, but for its layout and offsets."""
    names = ("model", "steps", "seed", "solver", "grid", "beta")
    return {"class_seeds": tuple(args.class_seed), **settings(args, *names)}


def check_synthesis(**values: Any) -> None:
    """Raise InputError unless a SynthesisRequest may have these values; asked before a model is loaded."""
    import numpy as np

    from ..requests import SynthesisRequest

    SynthesisRequest(layout=np.zeros((16, 16), np.uint8), **values)


def read_layout_of(args: argparse.Namespace, path: Path, pipeline: SemFlowPipeline) -> Layout:
    """The layout in a file, as --ids says.

    Raises:
        InputError: it cannot be read.
    """
    from ..pictures.layouts import open_layout

    return open_layout(path, pipeline.palette, pipeline.codebook, args.ids)


def print_note(path: Path, note: str) -> None:
    """Report what was read of a file, or assumed of it."""
    if note:
        print(f"semflow: {path.name}: {note}", file=sys.stderr)
