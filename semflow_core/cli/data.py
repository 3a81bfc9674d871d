"""`semflow data check`: a folder of pairs, looked through before anything is trained on it."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import InputError

HELP = "look through a folder of pairs of photo and mask"


def options(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    text = "read every pair of a folder and name all that is wrong: files without a partner, damaged ones, wrong ids"
    check = verbs.add_parser("check", help=text, description=text, allow_abbrev=False)
    check.add_argument("folder", type=Path, metavar="DIR", help="holds images/NAME.jpg (or png) and masks/NAME.png")
    check.add_argument(
        "--palette", metavar="NAME", help="the label set, or its JSON file (the smallest that reads half of the masks)"
    )
    check.set_defaults(verb=run_check)


def run(args: argparse.Namespace) -> None:
    args.verb(args)


def run_check(args: argparse.Namespace) -> None:
    """Print what is there and what is wrong; something wrong is an error."""
    from ..data.check import check_folder

    found = check_folder(args.folder, args.palette)
    print("\n".join(found.lines()))
    if found.wrong:
        count = len(found.wrong)
        raise InputError(f"{args.folder} is not ready: {count} {'file' if count == 1 else 'files'} or pairs are wrong")
