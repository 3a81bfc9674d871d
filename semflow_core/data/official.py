"""The paper's three data sets as their authors distribute them: which file is whose partner, and what each holds.

CelebAMask-HQ   CelebA-HQ-img/0.jpg, CelebAMask-HQ-mask-anno/0/00000_skin.png, CelebA-HQ-to-CelebA-mapping.txt
Cityscapes      leftImg8bit/train/CITY/NAME_leftImg8bit.png, gtFine/train/CITY/NAME_gtFine_labelIds.png
COCO-Stuff      train2017/000000000009.jpg, stuffthingmaps_trainval2017/train2017/000000000009.png
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..method.palette import UNLABELLED, Palette, load_palette
from ..pictures.files import open_picture
from ..pictures.parts import merge_parts

Size = tuple[int, int]  # width, height

# CelebA's own partition, by a photo's index in it: train below the first, validation below the second, then test
CELEBA_SPLIT = (162771, 182638)
CELEBA_PER_FOLDER = 2000  # photos whose parts lie in one folder
CITYSCAPES_PHOTO, CITYSCAPES_MASK = "_leftImg8bit.png", "_gtFine_labelIds.png"


@dataclass(frozen=True)
class Item:
    """A photo and the files of its layout."""

    name: str
    split: str
    photo: Path
    masks: tuple[Path, ...]


@dataclass(frozen=True)
class Official:
    """A data set.

    Attributes:
        palette: name of its label set.
        counts: its pairs per split.
        size: of its photos; None where they differ.
        prepared: the size to which its pairs are scaled for training; None for one square per pair.
        find: the items below a folder, and a sentence per file that lacks its partner.
        read: an item's class ids (H, W) uint8, 255 where it has none; raises InputError.
    """

    title: str
    palette: str
    counts: Mapping[str, int]
    size: Size | None
    find: Callable[[Path], tuple[list[Item], list[str]]]
    read: Callable[[Item], np.ndarray]


def folder(root: Path, *names: str) -> Path:
    """The first of the folders below `root` that is there.

    Raises:
        InputError: none is.
    """
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise InputError(f"{root} has no folder {' or '.join(names)}")


def pixel_values(path: Path) -> np.ndarray:
    """The values of a mask of one channel, (H, W) uint8.

    Raises:
        InputError: it cannot be read, or it is a coloured picture.
    """
    image = open_picture(path, "mask")
    if image.mode not in ("L", "P", "1"):
        raise InputError(f"{path.name} is a picture of colours ({image.mode}); it must have one channel of ids")
    return np.asarray(image.convert("L") if image.mode == "1" else image).astype(np.uint8)


def translated(values: np.ndarray, palette: Palette, name: str) -> np.ndarray:
    """Values of a data set's own ids as class ids of its palette.

    Args:
        name: of the file, as the data set names its files.

    Raises:
        InputError: there are values that are none of its ids; 0 and 255 alone are a black and white mask.
    """
    stem = name.rpartition(".")[0]
    conventions = [c for c in palette.foreign.ids if c.files and re.search(c.files, stem)]
    convention = conventions[0] if conventions else palette.foreign.ids[0]
    present = set(np.flatnonzero(np.bincount(values.ravel(), minlength=256)).tolist())
    if present == {0, UNLABELLED}:
        raise InputError(f"{name} is black and white (0 and 255 only); it must hold {convention.name}")
    unknown = sorted(present - convention.values - {UNLABELLED})
    if unknown:
        shown = ", ".join(map(str, unknown[:5]))
        raise InputError(f"{name} has the values {shown}, which are none of {convention.name}")
    table = np.full(256, UNLABELLED, np.uint8)
    for foreign, class_id in convention.classes:
        table[foreign] = class_id
    return table[values]


# ---- CelebAMask-HQ ---------------------------------------------------------------------------------------------


def find_celeba(root: Path) -> tuple[list[Item], list[str]]:
    photos, parts = folder(root, "CelebA-HQ-img"), folder(root, "CelebAMask-HQ-mask-anno")
    splits = celeba_splits(root / "CelebA-HQ-to-CelebA-mapping.txt")
    by_number: dict[int, list[Path]] = {}
    wrong = []
    for path in sorted(parts.glob("*/*.png")):
        number = path.stem.partition("_")[0]
        if not number.isdigit():
            wrong.append(f"{path.name} is named as no part, such as 00000_skin.png")
        elif path.parent.name != str(int(number) // CELEBA_PER_FOLDER):
            wrong.append(f"{path.parent.name}/{path.name} lies in the wrong folder")
        else:
            by_number.setdefault(int(number), []).append(path)
    items = []
    numbers = {int(p.stem): p for p in photos.glob("*.jpg") if p.stem.isdigit()}
    for number, photo in sorted(numbers.items()):
        if number not in by_number:
            wrong.append(f"{photo.name} has no parts {number:05d}_*.png")
        elif number not in splits:
            wrong.append(f"{photo.name} is not in CelebA-HQ-to-CelebA-mapping.txt")
        else:
            items.append(Item(f"{number:05d}", splits[number], photo, tuple(by_number[number])))
    wrong += [f"the parts {n:05d}_*.png have no photo {n}.jpg" for n in sorted(by_number.keys() - numbers.keys())]
    return items, wrong


def celeba_splits(file: Path) -> dict[int, str]:
    """Number of a photo -> its split, by the number that it has in CelebA.

    Raises:
        InputError: there is no such file, or a line of it is no pair of numbers.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()[1:]
        rows = [(int(a), int(b)) for a, b, *_ in (line.split() for line in lines if line.strip())]
    except FileNotFoundError:
        raise InputError(f"there is no {file.name} in {file.parent}; it says which photo is of which split") from None
    except (OSError, ValueError):
        raise InputError(f"{file} is damaged: each line must begin with two numbers") from None
    first, second = CELEBA_SPLIT
    return {a: "train" if b < first else "val" if b < second else "test" for a, b in rows}


def read_celeba(item: Item) -> np.ndarray:
    """The parts merged in the authors' order; where none is, the background."""
    palette = load_palette("celebamask_hq")
    names = {c.name for c in palette.classes}
    masks = {}
    for path in item.masks:
        name = path.stem.partition("_")[2]
        if name not in names:
            raise InputError(f"{path.name} is a part of no class of {palette.name}")
        image = open_picture(path, "part")
        values = np.asarray(image.convert("RGB"))
        if (values != values[..., :1]).any():
            raise InputError(f"{path.name} is a picture of colours; a part is white where its class is")
        if not set(np.unique(values).tolist()) <= {0, 255}:
            raise InputError(f"{path.name} has values beside 0 and 255; a part is white where its class is")
        masks[name] = values[..., 0] > 0
    return merge_parts(masks, palette)


# ---- Cityscapes ------------------------------------------------------------------------------------------------


def find_cityscapes(root: Path) -> tuple[list[Item], list[str]]:
    photos, masks = folder(root, "leftImg8bit"), folder(root, "gtFine")
    items: list[Item] = []
    wrong: list[str] = []
    for split in ("train", "val"):  # the layouts of `test` are not published
        found = {p.name.removesuffix(CITYSCAPES_PHOTO): p for p in photos.glob(f"{split}/*/*{CITYSCAPES_PHOTO}")}
        theirs = {p.name.removesuffix(CITYSCAPES_MASK): p for p in masks.glob(f"{split}/*/*{CITYSCAPES_MASK}")}
        match_names(found, theirs, split, items, wrong)
    return items, wrong


def read_ids(palette: str) -> Callable[[Item], np.ndarray]:
    """Reads an item of one mask that holds the data set's own ids."""

    def read(item: Item) -> np.ndarray:
        (path,) = item.masks
        return translated(pixel_values(path), load_palette(palette), path.name)

    return read


# ---- COCO-Stuff ------------------------------------------------------------------------------------------------


def find_coco(root: Path) -> tuple[list[Item], list[str]]:
    items: list[Item] = []
    wrong: list[str] = []
    masks = folder(root, "stuffthingmaps_trainval2017", "stuffthingmaps", "annotations")
    for split in ("train", "val"):
        photos = folder(root, f"{split}2017", f"images/{split}2017")
        found = {p.stem: p for p in photos.glob("*.jpg")}
        theirs = {p.stem: p for p in folder(masks, f"{split}2017").glob("*.png") if p.stem.isdigit()}
        match_names(found, theirs, split, items, wrong)
    return items, wrong


def match_names(
    photos: Mapping[str, Path], masks: Mapping[str, Path], split: str, items: list[Item], wrong: list[str]
) -> None:
    """Add the pairs of a split to `items`, and a sentence per file without a partner to `wrong`."""
    items += [Item(n, split, photos[n], (masks[n],)) for n in sorted(photos.keys() & masks.keys())]
    wrong += [f"{split}: {photos[n].name} has no mask" for n in sorted(photos.keys() - masks.keys())]
    wrong += [f"{split}: {masks[n].name} has no photo" for n in sorted(masks.keys() - photos.keys())]


OFFICIAL: dict[str, Official] = {
    "celebamask_hq": Official(
        "CelebAMask-HQ",
        "celebamask_hq",
        {"train": 24183, "val": 2993, "test": 2824},
        (1024, 1024),
        find_celeba,
        read_celeba,
    ),
    "cityscapes": Official(
        "Cityscapes", "cityscapes", {"train": 2975, "val": 500}, (2048, 1024), find_cityscapes, read_ids("cityscapes")
    ),
    "coco_stuff": Official(
        "COCO-Stuff-164k", "coco_stuff", {"train": 118287, "val": 5000}, None, find_coco, read_ids("coco_stuff")
    ),
}
MASK_SIZES: dict[str, Size] = {"celebamask_hq": (512, 512)}  # where masks have another size than their photos


def official(name: str) -> Official:
    """A data set by name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in OFFICIAL:
        raise InputError(f"there is no data set '{name}'; it is one of {', '.join(OFFICIAL)}")
    return OFFICIAL[name]


def missing_classes(present: Sequence[int], palette: Palette) -> list[str]:
    """The names of the classes whose ids are not among those that occur."""
    return [c.name for c in palette.classes if c.id not in present and c.id != UNLABELLED]
