"""Options that several commands share, and the texts that they take."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import either
from ..method.grids import GRIDS
from ..method.limits import DEFAULT_MODEL, DEFAULT_SEED, DEFAULT_SOLVER, DEFAULT_STEPS, MAX_STEPS, MIN_STEPS
from ..method.solvers import SOLVERS
from ..nets.devices import DEVICES


def add_model(parser: argparse.ArgumentParser) -> None:
    """Which model computes, and where."""
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="NAME", help=f"a model's name or folder ({DEFAULT_MODEL})"
    )
    add_models(parser)
    parser.add_argument("--device", default="cpu", help=f"{', '.join(DEVICES)} (cpu)")


def add_models(parser: argparse.ArgumentParser) -> None:
    """Where models are looked for."""
    parser.add_argument(
        "--models",
        type=Path,
        metavar="DIR",
        help="also look for models in this folder, as in those of the variable SEMFLOW_MODELS",
    )


def add_solver(parser: argparse.ArgumentParser, usual_steps: object = DEFAULT_STEPS) -> None:
    """How the flow is integrated.

    Args:
        usual_steps: what the help names as the number of steps without the option.
    """
    parser.add_argument("--steps", type=int, help=f"solver steps, {MIN_STEPS} to {MAX_STEPS} ({usual_steps})")
    parser.add_argument("--solver", help=f"{either(SOLVERS)} ({DEFAULT_SOLVER})")
    parser.add_argument("--grid", help=f"times: {either(GRIDS)}")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """The randomness of a photo."""
    parser.add_argument("--seed", type=int, help=f"perturbation seed, 0 to 2**53 - 1 ({DEFAULT_SEED})")


def add_perturbation(parser: argparse.ArgumentParser) -> None:
    """What varies between photos of one layout, and the colours that are asked for."""
    add_seed(parser)
    parser.add_argument("--beta", type=float, help="perturbation amplitude in 0..255 units (the model's own)")
    parser.add_argument(
        "--class-seed", type=class_seed, action="append", default=[], metavar="ID=SEED", help="re-roll one class"
    )
    parser.add_argument(
        "--color",
        type=class_color,
        action="append",
        default=[],
        metavar="CLASS=#RRGGBB",
        help="the mean colour of one class, such as hair=#b5651d (models that take colours)",
    )


def add_ids(parser: argparse.ArgumentParser) -> None:
    """Whose ids the pixel values of layouts are."""
    parser.add_argument(
        "--ids",
        default="",
        metavar="NAME",
        help="what the pixel values of the layouts are: own, the name of another order (faces: bisenet, farl, lapa, "
        "facesynthetics, makeup, scgan, mediapipe; streets: label-ids, carla, synthia, camvid; COCO: raw, categories), "
        "or pairs such as 17=hair,14=neck (found out, and reported)",
    )


def add_align(parser: argparse.ArgumentParser) -> None:
    """Whether a face is looked for in a photo."""
    parser.add_argument(
        "--no-align", action="store_true", help="do not look for a face, which models of faces do: take the whole photo"
    )


def add_out(parser: argparse.ArgumentParser) -> None:
    """The folder of the results."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for NAME.png")


def add_batch(parser: argparse.ArgumentParser) -> None:
    """How many pictures are computed at once."""
    parser.add_argument("--batch", type=positive, default=4, metavar="N", help="pictures computed at once (4)")


def add_ray(parser: argparse.ArgumentParser) -> None:
    """Where many pictures are computed."""
    parser.add_argument(
        "--ray", type=positive, metavar="N", help="compute with N workers of Ray (package ray[data]): docs/scale.md"
    )


# ---- texts of options; what is wrong with one becomes the parser's message -----------------------------------


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def count(text: str) -> int:
    """A whole number from 0."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return int(text)


def step_list(text: str) -> list[int]:
    """`1,2,8`."""
    return [positive(part) for part in text.split(",")]


def class_color(text: str) -> tuple[str, str]:
    """`hair=#b5651d` -> (class name, colour)."""
    name, equals, color = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"'{text}' must be written CLASS=#RRGGBB")
    return name, color


def class_seed(text: str) -> tuple[int, int]:
    """`13=7` -> (class id, seed)."""
    class_id, equals, seed = text.partition("=")
    if not equals or not class_id.isdigit() or not seed.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not written ID=SEED, as in 13=7")
    return int(class_id), int(seed)
