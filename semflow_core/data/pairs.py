"""Pairs of a photo and its label map from a folder: `images/NAME.jpg|png` and `masks/NAME.png`.

The data of the shipped models and a user's own all have this one form; what differs (palette, number of held-out
pairs) stands in the training configuration. Which names belong together: names.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import InputError
from ..method.palette import Palette
from ..pictures.layouts import read_mask
from ..pictures.photos import open_photo
from .masks import lay_mask, summary, usual_ids, without_classes
from .names import Match, Pair, elsewhere, match, part_folders

MOST_NAMED = 20  # files in one message; `semflow data check` names all


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
        InputError: a photo without a mask or a mask without a photo (all are named), or no pair.
    """
    found = match_in(folder)
    if alone := found.unlabelled + found.wrong:
        raise InputError(f"{folder}: {in_one_line(alone, folder)}{'' if found.pairs else elsewhere(Path(folder))}")
    if not found.pairs:
        raise no_pairs(folder)
    return found.pairs


def no_pairs(folder: str | os.PathLike[str]) -> InputError:
    """The sentence on a folder without pairs, and where some are."""
    way_on = elsewhere(Path(folder)) or "; it needs images/NAME.jpg (or png) and masks/NAME.png"
    return InputError(f"{folder} has no pairs{way_on}")


def match_in(folder: str | os.PathLike[str]) -> Match:
    """The pairs of a folder, and what has no partner."""
    return match(*part_folders(Path(folder)))


def in_one_line(phrases: Sequence[str], folder: str | os.PathLike[str]) -> str:
    """Phrases about a folder's files, for a message."""
    more = len(phrases) - MOST_NAMED
    rest = f" and {more} more; semflow data check {folder} names all" if more > 0 else ""
    return "; ".join(phrases[:MOST_NAMED]) + rest


def read_pair(
    pair: Pair, palette: Palette, ids: str = "", usual: str = "", notes: list[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """One pair at its own size: photo (H, W, 3) uint8, class ids (H, W) uint8.

    The mask may be written as any layout (`pictures.layouts.read_mask`); pixels of no class have id 255.

    Args:
        ids: whose ids the mask's are, where the caller knows (`pictures.foreign.translate`).
        usual: whose ids the masks of the folder are (`usual_ids`).
        notes: gets a sentence for each thing that was assumed of the mask.

    Raises:
        InputError: a file cannot be read, the mask has ids or colours that are no class, the sizes differ, or nothing
            says which way the mask lies.
    """
    try:
        opened, layout = open_photo(pair.photo), read_mask(pair.mask, palette, ids, usual)
    except InputError as error:
        raise InputError(f"the pair {pair.name} cannot be read: {error}") from None
    photo, mask, said = opened.pixels, layout.labels, ""
    if not layout.turned:
        mask, said = lay_mask(mask, opened, pair.name)
    if photo.shape[:2] != mask.shape:
        across = "; one of them lies across" if photo.shape[1::-1] == mask.shape else ""
        raise InputError(
            f"the pair {pair.name} does not match: photo {photo.shape[1]}x{photo.shape[0]}, "
            f"mask {mask.shape[1]}x{mask.shape[0]}{across}"
        )
    if notes is not None:
        notes.extend(filter(None, (layout.translated, layout.uncertain, said)))
    return photo, mask


def load_pair(
    pair: Pair,
    palette: Palette,
    size: int,
    ids: str = "",
    usual: str = "",
    notes: list[str] | None = None,
    width: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """One pair squeezed to a square, or to another width: photo (size, width, 3) uint8, class ids (size, width) uint8.

    The photo is resized by area averaging, the label map by nearest neighbour only.

    Args:
        ids, usual, notes: as in `read_pair`.

    Raises:
        InputError: see `read_pair`.
    """
    photo, mask = read_pair(pair, palette, ids, usual, notes)
    photo = cv2.resize(photo, (width or size, size), interpolation=cv2.INTER_AREA)
    mask = cv2.resize(mask, (width or size, size), interpolation=cv2.INTER_NEAREST_EXACT)
    return photo, mask


def load_pairs(
    pairs: Sequence[Pair],
    palette: Palette,
    size: int,
    every: Sequence[Pair] = (),
    ids: str = "",
    notes: list[str] | None = None,
    width: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Several pairs as `load_pair` reads them: photos (N, size, size, 3), class ids (N, size, size).

    Args:
        every: the pairs of the folder, of which these may be some.
        ids, notes: as in `load_pair`.

    Raises:
        InputError: a pair is broken; the message names all broken ones, of `every` pair where there are others.
    """
    usual, notes = "" if ids else usual_ids(every or pairs, palette), [] if notes is None else notes
    try:
        photos, masks = zip(*(load_pair(pair, palette, size, ids, usual, notes, width) for pair in pairs))
    except InputError as error:  # a folder is mended at once, not file by file
        sentences = damaged(every or pairs, palette, ids, usual) or [str(error)]
        raise InputError(in_one_line(sentences, pairs[0].photo.parents[1])) from None
    if without_classes(notes, len(pairs), palette):
        raise InputError(f"{pairs[0].photo.parents[1]}: {without_classes(notes, len(pairs), palette)}")
    return np.stack(photos), np.stack(masks)


def damaged(
    pairs: Iterable[Pair], palette: Palette, ids: str = "", usual: str = "", notes: list[str] | None = None
) -> list[str]:
    """A sentence per pair that cannot be trained on.

    Args:
        ids, usual, notes: as in `read_pair`.
    """
    sentences = []
    for pair in pairs:
        try:
            load_pair(pair, palette, 16, ids, usual, notes)
        except InputError as error:
            sentences.append(str(error))
    return sentences


@dataclass(frozen=True)
class PairArrays:
    """The pairs of a split, in memory."""

    names: tuple[str, ...]
    photos: np.ndarray  # (N, S, S, 3) uint8
    masks: np.ndarray  # (N, S, S) uint8 class ids
    notes: tuple[str, ...] = ()  # what was assumed of the masks, in sentences

    def __len__(self) -> int:
        return len(self.names)


def load_split(
    folder: Path,
    palette: Palette,
    held_out: int,
    split: str,
    size: int,
    limit: int | None = None,
    ids: str = "",
    width: int | None = None,
) -> PairArrays:
    """The `dev` split of a folder (the last `held_out` pairs in sorted order) or the rest, `train`.

    Args:
        limit: at most so many pairs, from the start of the split.
        ids: whose ids the masks' are, where the caller knows (`pictures.foreign.translate`).

    Raises:
        InputError: pairs are broken or mismatched, or none is left to train on. The message names all broken pairs of
            the folder, those of the other split, too.
    """
    every = find_pairs(folder)
    if len(every) <= held_out:
        pairs = "1 pair" if len(every) == 1 else f"{len(every)} pairs"
        raise InputError(f"{folder} has {pairs}; with {held_out} held out nothing is left to train on")
    cut = len(every) - held_out
    pairs = (every[:cut] if split == "train" else every[cut:])[:limit]
    notes = list[str]()
    photos, masks = load_pairs(pairs, palette, size, every, ids, notes, width)
    return PairArrays(tuple(p.name for p in pairs), photos, masks, tuple(summary(notes, len(pairs))))
