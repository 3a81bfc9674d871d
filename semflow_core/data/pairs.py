"""Pairs of a photo and its label map from a folder: `images/NAME.jpg|png` and `masks/NAME.png`.

The data of the shipped models and a user's own all have this one form; what differs (palette, number of held-out
pairs) stands in the training configuration.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import InputError
from ..method.palette import Palette
from ..pictures.layouts import read_mask
from ..pictures.photos import read_photo

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Pair:
    name: str
    photo: Path
    mask: Path


def data_root(folder: str | os.PathLike[str] | None = None) -> Path:
    """The folder that holds the training data: `folder`, or the variable SEMFLOW_DATA.

    Raises:
        InputError: neither is set, or the folder is not there.
    """
    root = folder or os.environ.get("SEMFLOW_DATA")
    if not root:
        raise InputError("training data is looked for in the folder named by the variable SEMFLOW_DATA or data=DIR")
    if not Path(root).is_dir():
        raise InputError(f"the data folder {root} does not exist")
    return Path(root)


def find_pairs(folder: str | os.PathLike[str]) -> list[Pair]:
    """All pairs of a folder, sorted by name.

    Raises:
        InputError: a photo without a mask or a mask without a photo (the first few are named), or no pair.
    """
    folder = Path(folder)
    pairs, alone = match(folder / "images", folder / "masks")
    if alone:
        more = f" and {len(alone) - 3} more" if len(alone) > 3 else ""
        raise InputError(f"{folder}: {'; '.join(alone[:3])}{more}")
    if not pairs:
        raise InputError(f"{folder} has no pairs; it needs images/NAME.jpg (or png) and masks/NAME.png")
    return pairs


def match(images: Path, masks: Path) -> tuple[list[Pair], list[str]]:
    """Pairs of a photo and a mask with the same name, sorted, and a phrase per file without a partner.

    Raises:
        InputError: two photos have one name.
    """
    photos: dict[str, Path] = {}
    for path in sorted(p for p in images.glob("*") if p.suffix.lower() in PHOTO_SUFFIXES):
        if path.stem in photos:
            raise InputError(f"{images} has both {photos[path.stem].name} and {path.name}; one photo per mask")
        photos[path.stem] = path
    labels = {p.stem: p for p in masks.glob("*.png")}
    alone = [f"{images.name}/{photos[n].name} has no mask" for n in sorted(photos.keys() - labels)]
    alone += [f"{masks.name}/{n}.png has no photo" for n in sorted(labels.keys() - photos)]
    return [Pair(n, photos[n], labels[n]) for n in sorted(photos.keys() & labels)], alone


def load_pair(pair: Pair, palette: Palette, size: int) -> tuple[np.ndarray, np.ndarray]:
    """One pair squeezed to a square: photo (size, size, 3) uint8, class ids (size, size) uint8.

    The photo is resized by area averaging, the label map by nearest neighbour only. The mask may be written as any
    layout (`pictures.layouts.read_mask`); pixels of no class have id 255.

    Raises:
        InputError: a file cannot be read, the mask has ids or colours that are no class, or the sizes differ.
    """
    try:
        photo, mask = read_photo(pair.photo), read_mask(pair.mask, palette)
    except InputError as error:
        raise InputError(f"the pair {pair.name} cannot be read: {error}") from None
    if photo.shape[:2] != mask.shape:
        raise InputError(
            f"the pair {pair.name} does not match: photo {photo.shape[1]}x{photo.shape[0]}, "
            f"mask {mask.shape[1]}x{mask.shape[0]}"
        )
    photo = cv2.resize(photo, (size, size), interpolation=cv2.INTER_AREA)
    mask = cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)
    return photo, mask


@dataclass(frozen=True)
class PairArrays:
    """The pairs of a split, in memory."""

    names: tuple[str, ...]
    photos: np.ndarray  # (N, S, S, 3) uint8
    masks: np.ndarray  # (N, S, S) uint8 class ids

    def __len__(self) -> int:
        return len(self.names)


def load_split(
    folder: Path, palette: Palette, held_out: int, split: str, size: int, limit: int | None = None
) -> PairArrays:
    """The `dev` split of a folder (the last `held_out` pairs in sorted order) or the rest, `train`.

    Args:
        limit: at most so many pairs, from the start of the split.

    Raises:
        InputError: a pair is broken or mismatched, or none is left to train on; the message names it.
    """
    pairs = find_pairs(folder)
    if len(pairs) <= held_out:
        raise InputError(f"{folder} has {len(pairs)} pairs and {held_out} are held out; nothing is left to train on")
    cut = len(pairs) - held_out
    pairs = (pairs[:cut] if split == "train" else pairs[cut:])[:limit]
    loaded = [load_pair(p, palette, size) for p in pairs]
    return PairArrays(tuple(p.name for p in pairs), np.stack([x for x, _ in loaded]), np.stack([m for _, m in loaded]))
