"""`semflow convert`: published weights as a model folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from .options import positive

HELP = "make a model folder of Stable Diffusion's, SemFlow's or SymmFlow's published weights"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="a Stable Diffusion 1.5 folder or .safetensors file, SemFlow's face.pt, or SymmFlow's LatFM_*.pt",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model folder, which is made")
    parser.add_argument(
        "--base", type=Path, metavar="PATH", help="a Stable Diffusion folder or file with the parts that SOURCE lacks"
    )
    parser.add_argument("--vae", type=Path, metavar="PATH", help="another autoencoder, such as sd-vae-ft-mse's folder")
    parser.add_argument(
        "--prompt", type=Path, metavar="FILE", help="the embedding of the empty prompt, computed before"
    )
    parser.add_argument("--palette", metavar="NAME", help="the label set, a name or a .json file (celebamask_hq)")
    parser.add_argument("--size", type=positive, default=512, metavar="PIXELS", help="height of its pictures (512)")
    parser.add_argument("--width", type=positive, metavar="PIXELS", help="their width, if another than the height")
    parser.add_argument("--beta", type=float, help="amplitude of its perturbation in 0..255 units (the paper's)")
    parser.add_argument(
        "--in-parts", action="store_true", help="the autoencoder takes pictures one at a time, in tiles: less memory"
    )
    parser.add_argument(
        "--raw-ids", action="store_true", help="SymmFlow's COCO model paints COCO-Stuff's raw ids, with their gaps"
    )


def run(args: argparse.Namespace) -> None:
    from ..convert.convert import Conversion, convert

    values = {k: v for k, v in vars(args).items() if k in Conversion.__dataclass_fields__}
    print(convert(Conversion(**values), args.out))
