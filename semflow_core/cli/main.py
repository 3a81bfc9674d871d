"""The command line: models, synthesize, segment, edit, animate, evaluate, study, train.

Whatever is wrong with the input ends in status 2, one line on stderr and nothing written: requests and inputs
are checked, all of them, before the first result is computed. Heavy modules are imported inside the
commands, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ..errors import InputError

if TYPE_CHECKING:
    from ..pipeline.pipeline import SemFlowPipeline

T = TypeVar("T")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    # libraries' warnings about themselves: stderr is for what the user can mend
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        args = build_parser().parse_args(argv)
        args.command(args)
    except InputError as error:
        print(f"semflow: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(message)  # argparse would print its usage over several lines


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; options that are not given are None and leave the request's default."""
    parser = Parser(prog="python -m semflow_core", description="Photos from layouts, layouts from photos.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(run: Any, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(run.__name__, help=help, description=help, allow_abbrev=False)
        sub.set_defaults(command=run)
        return sub

    models_ = command(models, "list the models that are installed")
    models_.add_argument("--models", type=Path, metavar="DIR", help="also look for models in this folder")

    synthesize_ = command(synthesize, "make photos from layouts")
    synthesize_.add_argument(
        "inputs", type=Path, nargs="+", metavar="LAYOUT", help="index PNG, palette-coloured, or folder of parts"
    )
    segment_ = command(segment, "make layouts (index PNGs of the photo's own size) from photos")
    segment_.add_argument("inputs", type=Path, nargs="+", metavar="PHOTO")
    segment_.add_argument(
        "--no-align", action="store_true", help="do not look for a face, which models of faces do: take the whole photo"
    )
    segment_.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="read the mirror image, too, and decide by both, at twice the work (as the model reads best)",
    )
    segment_.add_argument(
        "--smooth",
        type=float,
        metavar="PIXELS",
        help="let neighbours decide together, 0 to 16 (as the model reads best)",
    )
    edit_ = command(edit, "change in a photo what was changed in its layout, and nothing else")
    edit_.add_argument("inputs", type=Path, nargs=1, metavar="PHOTO")
    edit_.add_argument(
        "--layout", type=Path, metavar="FILE", help="the layout after the change (the one before it, with --color)"
    )
    edit_.add_argument("--before", type=Path, metavar="FILE", help="the layout before it (what segment finds)")
    animate_ = command(animate, "show the path between a photo and its layout")
    animate_.add_argument("input", type=Path, metavar="PHOTO_OR_LAYOUT")
    animate_.add_argument("--frames", type=int, help="number of frames, 2 to 240 (25)")
    animate_.add_argument("--fps", type=float, default=12.0, help="frames a second (12)")
    animate_.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=".gif, .webp, .mp4, .zip, or a folder of PNGs"
    )
    evaluate_ = command(evaluate, "measure a model on pairs of photo and mask")
    evaluate_.add_argument("--images", type=Path, required=True, metavar="DIR")
    evaluate_.add_argument("--masks", type=Path, required=True, metavar="DIR")
    evaluate_.add_argument("--last", type=positive, metavar="N", help="only the last N pairs in sorted order")
    evaluate_.add_argument("--steps", type=step_list, default=[1, 2, 5, 8, 25], metavar="N,N,...")
    evaluate_.add_argument(
        "--train-images",
        type=Path,
        metavar="DIR",
        help="photos the model was trained on, to compare with the split's (those of the split itself are skipped)",
    )
    evaluate_.add_argument(
        "--diverse",
        type=count,
        default=8,
        metavar="N",
        help="measure diversity on N layouts, 8 seeds each; 0 leaves it out (8)",
    )
    evaluate_.add_argument(
        "--mirror", action="store_true", help="read mirror images, too, and decide by both (twice the work)"
    )
    evaluate_.add_argument(
        "--smooth", type=float, default=0.0, metavar="PIXELS", help="let neighbours decide together, 0 to 16 (0)"
    )
    evaluate_.add_argument("--reader", metavar="NAME", help="another model (or its folder) reads what is made, too")
    evaluate_.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")

    study_ = command(study, "compare settings at equal budgets: grids, solvers, beta, style; codebook, times, ...")
    study_.add_argument("name", metavar="NAME")
    study_.add_argument(
        "overrides",
        nargs="*",
        metavar="key=value",
        help="right after the name: settings of all variants of a study that trains",
    )
    study_.add_argument(
        "--config",
        type=Path,
        default=Path("configs/faces.yaml"),
        metavar="CONFIG",
        help="whose development split is used, and what studies that train start from (configs/faces.yaml)",
    )
    study_.add_argument("--n", type=positive, default=50, metavar="N", help="pairs of the development split (50)")
    study_.add_argument(
        "--diverse", type=count, default=4, metavar="N", help="layouts that are made with 8 seeds each (4)"
    )
    study_.add_argument("--seed", type=int, default=0, help="seed of perturbations and intervals (0)")
    study_.add_argument("--out", type=Path, default=Path("runs/studies"), metavar="DIR", help="(runs/studies)")

    for sub in (synthesize_, segment_, edit_, animate_, evaluate_, study_):
        sub.add_argument("--model", default="faces", metavar="NAME", help="a model's name or folder (faces)")
        sub.add_argument("--models", type=Path, metavar="DIR", help="also look for models in this folder")
        sub.add_argument("--device", default="cpu", help="cpu, cuda, mps (cpu)")
    for sub in (synthesize_, edit_, animate_, evaluate_):
        sub.add_argument("--seed", type=int, help="perturbation seed, 0 to 2**53 - 1 (0)")
    for sub in (synthesize_, segment_, edit_, animate_):
        sub.add_argument("--steps", type=int, help="solver steps, 1 to 1000 (8)")
        sub.add_argument("--solver", help="euler, ab2, midpoint, heun, rk4, rk45 or leapfrog (euler)")
        sub.add_argument("--grid", help="times: uniform, quadratic or cubic")
    for sub in (synthesize_, edit_, animate_):
        sub.add_argument("--beta", type=float, help="perturbation amplitude in 0..255 units (the model's own)")
        sub.add_argument(
            "--class-seed",
            type=class_seed,
            action="append",
            default=[],
            metavar="ID=SEED",
            help="re-roll one class",
        )
        sub.add_argument(
            "--color",
            type=class_color,
            action="append",
            default=[],
            metavar="CLASS=#RRGGBB",
            help="the mean colour of one class, such as hair=#b5651d (models that take colours)",
        )
    for sub in (synthesize_, segment_, edit_):
        sub.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for NAME.png")
    for sub in (synthesize_, segment_, evaluate_, study_):
        sub.add_argument("--batch", type=positive, default=4, metavar="N", help="pictures computed at once (4)")

    train_ = command(train, "train a model")
    train_.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file, see configs/")
    train_.add_argument("overrides", nargs="*", metavar="key=value", help="settings to use instead of the file's")
    return parser


# ---- commands ----------------------------------------------------------------------------------------------


def models(args: argparse.Namespace) -> None:
    from ..pipeline.registry import find_models

    found = find_models(extra_folders(args))
    for name, folder in found.items():
        print(f"{name}\t{folder}")
    if not found:
        print("no models are installed")


def synthesize(args: argparse.Namespace) -> None:
    from ..pictures.layouts import open_layout, read_layout
    from ..pictures.photos import write_photo
    from ..requests.packing import pack_labels
    from ..requests.requests import SynthesisRequest

    template = SynthesisRequest(
        model=args.model,
        class_seeds=tuple(args.class_seed),
        **given(args, "steps", "seed", "solver", "grid", "beta"),
    )
    pipeline = prepare(args)
    check_classes(args, pipeline)
    template = dataclasses.replace(template, offsets=colored(args, pipeline))
    for path in args.inputs:  # read twice, for every error comes before any result, and thousands do not fit in memory
        remark(path, open_layout(path, pipeline.palette, pipeline.codebook).note)
    for paths in batches(args.inputs, args.batch):
        layouts = [read_layout(p, pipeline.palette, pipeline.codebook) for p in paths]
        requests = [dataclasses.replace(template, layout=pack_labels(m)) for m in layouts]
        for path, result in zip(paths, pipeline.synthesize_many(requests)):
            write_photo(args.out / f"{path.stem}.png", result.photo)


def segment(args: argparse.Namespace) -> None:
    from ..pictures.align import align, is_of_faces, whole
    from ..pictures.layouts import write_layout
    from ..pictures.photos import read_photo
    from ..requests.packing import pack_photo
    from ..requests.requests import SegmentationRequest

    wanted = given(args, "steps", "solver", "grid", "mirror", "smooth")
    SegmentationRequest(model=args.model, **wanted)  # a wrong setting is said before a model is loaded
    pipeline = prepare(args)
    template = SegmentationRequest(model=args.model, **{**pipeline.reading, **wanted})
    for path in args.inputs:  # as in synthesize
        read_photo(path)
    frame = align if is_of_faces(pipeline.palette) and not args.no_align else whole
    for paths in batches(args.inputs, args.batch):
        crops = [frame(read_photo(p)) for p in paths]
        requests = [dataclasses.replace(template, photo=pack_photo(c.crop)) for c in crops]
        for path, crop, result in zip(paths, crops, pipeline.segment_many(requests)):
            if crop.note:
                print(f"semflow: {path.name}: {crop.note}", file=sys.stderr)
            labels = crop.back(result.labels, outside=pipeline.palette.background)
            write_layout(args.out / f"{path.stem}.png", labels, pipeline.palette)


def edit(args: argparse.Namespace) -> None:
    from ..pictures.layouts import read_layout
    from ..pictures.photos import read_photo, write_photo
    from ..requests.packing import pack_labels, pack_photo
    from ..requests.requests import EditRequest, SegmentationRequest

    if not args.layout and not args.color:
        raise InputError("nothing is to change: name the changed layout with --layout, or a colour with --color")
    pipeline = prepare(args)
    check_classes(args, pipeline)
    (path,) = args.inputs
    photo, offsets = pack_photo(read_photo(path)), colored(args, pipeline)

    def layout(file: Path) -> str:
        return pack_labels(read_layout(file, pipeline.palette, pipeline.codebook))

    before = layout(args.before) if args.before else ""
    if not args.layout and not before:
        before = pack_labels(pipeline.segment(SegmentationRequest(photo=photo, **pipeline.reading)).labels)
    request = EditRequest(
        model=args.model,
        photo=photo,
        layout=layout(args.layout) if args.layout else before,
        before=before,
        class_seeds=tuple(args.class_seed),
        offsets=offsets,
        **given(args, "steps", "seed", "solver", "grid", "beta"),
    )
    write_photo(args.out / f"{path.stem}.png", pipeline.edit(request).photo)


def animate(args: argparse.Namespace) -> None:
    from ..pictures.animations import check_animation_path, write_frames
    from ..pictures.files import check_writable
    from ..pictures.layouts import is_layout, open_layout
    from ..pictures.photos import read_photo
    from ..requests.packing import pack_labels, pack_photo
    from ..requests.requests import TrajectoryRequest

    check_animation_path(args.out)
    if not 0.1 <= args.fps <= 100:  # also refuses nan
        raise InputError(f"the frames a second are {args.fps:g}; they must be from 0.1 to 100")
    check_writable(args.out.parent)
    pipeline = load(args)
    check_classes(args, pipeline)
    if is_layout(args.input, pipeline.palette, pipeline.codebook):
        layout = open_layout(args.input, pipeline.palette, pipeline.codebook)
        remark(args.input, layout.note)
        start = {"layout": pack_labels(layout.labels)}
    elif args.color:
        raise InputError(f"{args.input.name} is a photo and has colours of its own; --color is for layouts")
    else:
        start = {"photo": pack_photo(read_photo(args.input))}
    request = TrajectoryRequest(
        model=args.model,
        class_seeds=tuple(args.class_seed),
        offsets=colored(args, pipeline),
        **start,
        **given(args, "steps", "seed", "solver", "grid", "beta", "frames"),
    )
    write_frames(args.out, pipeline.trajectory(request).frames, args.fps)


def evaluate(args: argparse.Namespace) -> None:
    import json

    import numpy as np

    from ..data.pairs import load_pair
    from ..evaluation.evaluate import evaluate, load_others, match_folders, tables
    from ..evaluation.features import find_networks
    from ..evaluation.harness import Harness
    from ..evaluation.lpips import find_lpips
    from ..evaluation.photos import PhotoMetrics
    from ..evaluation.report import plain
    from ..nets.mobilenet import HOW_TO_GET
    from ..pictures.files import check_writable, write_atomically
    from ..requests.requests import SynthesisRequest

    seed = args.seed or 0
    for steps in args.steps:
        SynthesisRequest(steps=steps, seed=seed)  # refuses what is out of bounds
    if args.json:
        if args.json.is_dir():
            raise InputError(f"{args.json} is a folder; --json names a file")
        check_writable(args.json.parent)
    found = match_folders(args.images, args.masks)
    pairs = found[-(args.last or 0) :]
    pipeline, other = load(args), load_reader(args)
    if other and (other.palette, other.size) != (pipeline.palette, pipeline.size):
        raise InputError(
            f"--reader {args.reader} has the classes of {other.palette.name} at {other.size} pixels; it must be "
            f"{pipeline.palette.name} at {pipeline.size}"
        )
    loaded = [load_pair(p, pipeline.palette, pipeline.size) for p in pairs]
    photos, masks = [p for p, _ in loaded], np.stack([m for _, m in loaded])
    others = args.train_images and load_others(args.train_images, pairs, pipeline.size, seed)
    networks = find_networks()
    metrics = PhotoMetrics(photos, networks, find_lpips(), seed) if len(photos) > 1 else None
    harness = Harness(pipeline, photos, masks, seed, args.batch, args.mirror, args.smooth)
    reader = other and Harness(other, photos, masks, seed, args.batch, args.mirror, args.smooth)
    report = evaluate(harness, args.steps, metrics, others, args.diverse, reader)
    split = f"the last {len(pairs)} of {len(found)} pairs in sorted order"
    report |= {"reader": args.reader} if other else {}
    about = {"model": pipeline.name, "seed": seed, "split": split, "mirror": args.mirror, "smooth": args.smooth}
    print(tables(about | report))
    if not metrics:
        print("\nPhotos are not compared: that needs at least 2 pairs.")
    elif not networks:
        print(f"\nPhotos are not compared with real ones: {HOW_TO_GET}.")
    elif others is None:
        print("\nTraining photos are not compared: --train-images names no folder of them.")
    if args.json:
        text = json.dumps(plain(about | report), indent=2) + "\n"
        write_atomically(args.json, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def study(args: argparse.Namespace) -> None:
    from ..pictures.files import check_writable
    from ..requests.requests import SynthesisRequest
    from ..studies.run import run_study

    SynthesisRequest(seed=args.seed)
    check_writable(args.out)
    shared = {name: getattr(args, name) for name in ("model", "device", "n", "seed", "batch", "diverse")}
    run_study(args.name, args.out, args.config, args.overrides, extra=extra_folders(args), **shared)


def train(args: argparse.Namespace) -> None:
    from ..training.run import run_training

    run_training(args.config, args.overrides)


# ---- what the commands share -------------------------------------------------------------------------------


def prepare(args: argparse.Namespace) -> SemFlowPipeline:
    """The model, once it is known that every input has a result of its own and a place for it."""
    from ..pictures.files import check_writable

    by_stem: dict[str, Path] = {}
    for path in args.inputs:
        if path.stem in by_stem:
            raise InputError(f"{by_stem[path.stem]} and {path} would both be written to {path.stem}.png")
        by_stem[path.stem] = path
    check_writable(args.out)
    return load(args)


def load(args: argparse.Namespace) -> SemFlowPipeline:
    from ..pipeline.registry import load_pipeline

    return load_pipeline(args.model, extra_folders(args), args.device)


def load_reader(args: argparse.Namespace) -> SemFlowPipeline | None:
    from ..pipeline.registry import load_pipeline

    return load_pipeline(args.reader, extra_folders(args), args.device) if args.reader else None


def extra_folders(args: argparse.Namespace) -> list[Path]:
    if args.models and not args.models.is_dir():
        raise InputError(f"the models' folder {args.models} does not exist")
    return [args.models] if args.models else []


def check_classes(args: argparse.Namespace, pipeline: SemFlowPipeline) -> None:
    """Raise InputError if a class seed names no class of the model."""
    for class_id, _ in args.class_seed:
        if not 0 <= class_id <= 255 or pipeline.palette.index_of_id[class_id] < 0:
            raise InputError(f"the class seed for {class_id} names no class of {pipeline.palette.name}")


def remark(path: Path, note: str) -> None:
    """What was assumed in reading a file."""
    if note:
        print(f"semflow: {path.name}: {note}", file=sys.stderr)


def given(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    """The options that the user gave; the request has the defaults of the others."""
    return {n: getattr(args, n) for n in names if getattr(args, n) is not None}


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Slices of `size`, under a progress bar where stderr is a terminal."""
    from tqdm import tqdm

    with tqdm(total=len(items), unit="picture", disable=None) as bar:
        for i in range(0, len(items), size):
            yield items[i : i + size]
            bar.update(len(items[i : i + size]))


def positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return int(text)


def step_list(text: str) -> list[int]:
    return [positive(part) for part in text.split(",")]


def colored(args: argparse.Namespace, pipeline: Any) -> Any:
    """The offsets of --color; what a class cannot be is said, with the nearest colour that it can."""
    offsets = pipeline.colors.offsets(args.color)
    for sentence in pipeline.colors.out_of_reach(args.color):
        print(f"semflow: {sentence}", file=sys.stderr)
    return offsets


def class_color(text: str) -> tuple[str, str]:
    name, equals, color = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"'{text}' must be written CLASS=#RRGGBB")
    return name, color


def class_seed(text: str) -> tuple[int, int]:
    class_id, equals, seed = text.partition("=")
    if not equals or not class_id.isdigit() or not seed.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not written ID=SEED, as in 13=7")
    return int(class_id), int(seed)
