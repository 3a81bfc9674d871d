"""`semflow data`: pairs looked through before anything is trained on them, a configuration for them, and the paper's
data sets prepared."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import InputError, either
from .options import add_ids, positive

OFFICIAL = ("celebamask_hq", "cityscapes", "coco_stuff")  # data.official.OFFICIAL, without what it imports
HELP = "look through pairs of photo and mask, write their configuration, or prepare one of the paper's data sets"


def options(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    text = "read every pair of a folder and name all that is wrong: files without a partner, damaged ones, wrong ids"
    check = verbs.add_parser("check", help=text, description=text, allow_abbrev=False)
    check.add_argument(
        "name", nargs="?", metavar="NAME", help=f"a data set as its authors distribute it: {either(OFFICIAL)}"
    )
    check.add_argument(
        "folder", type=Path, metavar="DIR", help="its folder; without NAME, images/NAME.jpg (or png) and masks/NAME.png"
    )
    check.add_argument(
        "--palette",
        metavar="NAME",
        help="the label set, or its JSON file (DIR/palette.json, or the smallest that reads half of the masks)",
    )
    add_ids(check)
    check.add_argument("--partial", action="store_true", help="a part of the data set is enough: counts are no error")
    check.set_defaults(verb=run_check)
    text = "write DIR/train.yaml, the configuration that trains a model on a folder of pairs, and say how long it takes"
    configure = verbs.add_parser("configure", help=text, description=text, allow_abbrev=False)
    configure.add_argument("folder", type=Path, metavar="DIR", help="images/, masks/ and palette.json")
    configure.add_argument("--minutes", type=positive, default=60, metavar="N", help="of training (60)")
    configure.add_argument("--force", action="store_true", help="overwrite a train.yaml that was edited")
    configure.set_defaults(verb=run_configure)
    text = "write what training reads of one of the paper's data sets; goes on where it was stopped"
    prepare = verbs.add_parser("prepare", help=text, description=text, allow_abbrev=False)
    prepare.add_argument("name", metavar="NAME", help=either(OFFICIAL))
    prepare.add_argument("folder", type=Path, metavar="DIR", help="the data set as its authors distribute it")
    prepare.add_argument("out", type=Path, metavar="OUT", help="the folder of the shards")
    prepare.add_argument("--size", type=positive, default=512, metavar="PIXELS", help="height of the pairs (512)")
    prepare.add_argument("--skip", action="store_true", help="leave wrong files out, and list them in skipped.txt")
    prepare.set_defaults(verb=run_prepare)


def run(args: argparse.Namespace) -> None:
    args.verb(args)


def run_check(args: argparse.Namespace) -> None:
    """Print what is there and what is wrong; something wrong is an error."""
    if args.name is not None:
        return run_verify(args)
    from ..data.check import check_folder

    found = check_folder(args.folder, args.palette, args.ids)
    print("\n".join(found.lines()))
    if found.wrong:
        count = len(found.wrong)
        raise InputError(f"{args.folder} is not ready: {count} {'file' if count == 1 else 'files'} or pairs are wrong")


def run_configure(args: argparse.Namespace) -> None:
    from ..data.pairs import find_pairs
    from ..method.palette import load_palette
    from ..pictures.files import write_atomically
    from ..training.own import CONFIG_FILE, PALETTE_FILE, OwnSet, is_edited

    palette = load_palette(args.folder / PALETTE_FILE)
    own = OwnSet(args.folder.as_posix(), palette, len(find_pairs(args.folder)), args.minutes)
    text = own.configuration()
    if not args.force and is_edited(args.folder / CONFIG_FILE):
        raise InputError(
            f"{args.folder / CONFIG_FILE} is not as configure wrote it; edit its minutes there, or overwrite it with "
            "--force"
        )
    write_atomically(args.folder / CONFIG_FILE, lambda file: file.write_text(text, encoding="utf-8"))
    print(f"{own.explanation()}\n{own.command()}")


def run_verify(args: argparse.Namespace) -> None:
    """Print what a download holds and what it lacks; anything wrong is an error."""
    from ..data.verify import verify

    if args.palette:
        raise InputError(f"{args.name} has its own label set; leave --palette out")
    if args.ids:
        raise InputError(f"{args.name} has ids of its own; leave --ids out")
    verified = verify(args.name, args.folder)
    print("\n".join(verified.lines()))
    if verified.wrong:
        raise InputError(f"{args.folder} is not whole: {len(verified.wrong)} files or pairs are wrong")
    if verified.missing and not args.partial:
        raise InputError(f"{args.folder} is a part of {verified.title} only; --partial takes it as it is")


def run_prepare(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from ..data.prepare import Preparation, prepare

    what = Preparation(args.name, args.folder, args.size, args.skip)
    with tqdm(unit="pair", disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        splits = prepare(what, args.out, show)
    print(f"{args.out}: {', '.join(f'{n} {split}' for split, n in splits.items())}")
