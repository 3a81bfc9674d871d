"""Masks that come with photos: which pictures are masks, whose they are, and their class ids.

They are read as the masks of a folder to train on are: ids, colours and names of other tools are taken, and what was
assumed is said. Browsers hand over the files of a folder without their folders: names and contents must do then.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from PIL import Image

from semflow_core.data.masks import lay_mask, summary, usual_ids
from semflow_core.data.names import (
    EXACT,
    MASK_ENDING,
    MASK_FOLDERS,
    PHOTO_FOLDERS,
    Pair,
    mask_key,
    name_of,
    photo_key,
)
from semflow_core.errors import InputError
from semflow_core.method.palette import Palette
from semflow_core.pictures.layouts import is_layout, read_mask
from semflow_core.pictures.photos import open_photo

from .label_item import Item, pack
from .names import in_words, readable

DRAFT, TO_DO = ".draft", "to_do"
FOLDERS = (*PHOTO_FOLDERS, *MASK_FOLDERS, TO_DO)  # of photos or masks only
LONGEST_NAME = 60  # characters that any file system takes, also of four bytes each
Picture = tuple[PurePosixPath, bytes]


@dataclass(frozen=True)
class Labelled:
    """A photo of the set with its mask's file.

    Attributes:
        photo: the photo's own file.
        path, mask: the mask's.
    """

    item: Item
    photo: bytes
    path: PurePosixPath
    mask: bytes


def told_apart(pictures: Sequence[Picture], palette: Palette) -> tuple[list[Picture], list[Picture]]:
    """Photos and masks."""
    stems: dict[str, int] = defaultdict(int)
    keys: dict[str, set[str]] = defaultdict(set)
    for path, _ in pictures:
        stems[stem_of(path)] += 1
        keys[photo_key(stem_of(path))].add(stem_of(path))
    photos: list[Picture] = []
    masks: list[Picture] = []
    for path, data in pictures:
        stem = stem_of(path)
        named = bool(MASK_ENDING.search(stem.lower())) and bool(keys[mask_key(stem)[0]] - {stem})
        (masks if _is_mask(path, data, stems[stem] > 1 or named, palette) else photos).append((path, data))
    return photos, masks


def match_masks(photos: list[PurePosixPath], masks: list[PurePosixPath]) -> tuple[dict[int, int], list[str]]:
    """Which mask a photo has, both by their places, and the names of the masks without a photo.

    Of one photo are those that have its name in its folder, apart from the folders that hold photos or masks only; the
    others by name alone, where it is that of one photo. Then names count without the endings that tools give them, and
    of several masks of one photo the first version is taken. A mask outranks the draft of one.

    Raises:
        InputError: two masks or two photos have one name.
    """
    mask_of: dict[int, int] = {}
    masks_left = dict(enumerate(masks))
    ways: list[tuple[Callable[[PurePosixPath], str], Callable[[PurePosixPath], str]]] = [
        (_place, _place),
        (stem_of, stem_of),
        (lambda p: _folder(p) + photo_key(stem_of(p)), lambda p: _folder(p) + mask_key(stem_of(p))[0]),
        (lambda p: photo_key(stem_of(p)), lambda p: mask_key(stem_of(p))[0]),
    ]
    for number, (of_photo, of_mask) in enumerate(ways):
        by_place, by_ending = number == 0, number > 1
        of_key = _grouped(of_photo, {i: path for i, path in enumerate(photos) if i not in mask_of})
        rest, masks_left = masks_left, dict[int, PurePosixPath]()
        for name, group in _grouped(of_mask, rest).items():
            finished = [i for i in group if not masks[i].stem.endswith(DRAFT)] or group
            if by_ending:
                ranks = {i: mask_key(stem_of(masks[i]))[1] for i in finished}
                finished = [i for i in finished if ranks[i] == min(ranks.values())]
            candidates = of_key.get(name, [])
            unsure = not by_place and (len(finished) > 1 or len(candidates) > 1)
            if not candidates or unsure:
                masks_left |= {i: masks[i] for i in group}
                continue
            for files, kind in (([masks[i] for i in finished], "masks"), ([photos[i] for i in candidates], "photos")):
                if len(files) > 1:
                    raise InputError(
                        f"there are two {kind} for one name, {files[0]} and {files[1]}; leave one, or rename it"
                    )
            mask_of[candidates[0]] = finished[0]
    return mask_of, [path.name for path in masks_left.values()]


def read_masks(pairs: Sequence[Labelled], palette: Palette) -> list[str]:
    """Each photo gets its mask; one with pixels of no class, which the canvas cannot show, is begun, not accepted.

    Returns:
        What was assumed, in sentences.

    Raises:
        InputError: a mask cannot be read, or does not fit its photo.
    """
    notes: list[str] = []
    void = 0
    with TemporaryDirectory() as folder:
        files: list[Pair] = []
        for i, pair in enumerate(pairs):  # a file's name says whose ids it holds
            file = Path(folder, str(i), pair.path.name[-LONGEST_NAME:])
            file.parent.mkdir()
            file.write_bytes(pair.mask)
            files.append(Pair(pair.item.name, file, file))
        usual = usual_ids(files, palette)
        for pair, file in zip(pairs, files):
            labels, said = _mask_for(pair, file.mask, palette, usual)
            shown = palette.paintable(labels)
            holes = not np.array_equal(labels, shown)
            pair.item.labels = pack(shown)
            pair.item.accepted = not holes and not pair.path.stem.endswith(DRAFT)
            void += holes
            notes += filter(None, said)
    sentences = [in_words(text) for text in summary(notes, len(pairs))]
    if void:
        name = next(readable(c.name)["name"] for c in palette.classes if c.id == palette.background)
        has, waits = ("has", "it waits") if void == 1 else ("have", "they wait")
        sentences.append(
            f"{void} of {len(pairs)} masks {has} pixels of no class, shown as {name}: {waits} to be accepted."
        )
    return sentences


def _mask_for(pair: Labelled, file: Path, palette: Palette, usual: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """A mask at its photo's size, 255 where it has no class, and what was assumed."""
    item, turn = pair.item, ""
    try:
        layout = read_mask(file, palette, usual=usual)
        labels = layout.labels
        if not layout.turned:
            labels, turn = lay_mask(labels, open_photo(pair.photo), item.name)
    except InputError as error:
        raise InputError(f"the mask of {item.name}: {error}") from None
    height, width = item.shape
    if abs(np.log(labels.shape[1] / labels.shape[0]) - np.log(width / height)) > 0.02:
        raise InputError(
            f"the mask of {item.name} is {labels.shape[1]}x{labels.shape[0]} pixels and its photo {width}x{height}; "
            "they must have one shape"
        )
    if labels.shape != item.shape:
        labels = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return labels, (layout.translated, layout.uncertain, turn)


def _is_mask(path: PurePosixPath, data: bytes, shared: bool, palette: Palette) -> bool:
    """Whether a picture is a mask: by its folder, or without one as a file of ids or classes' colours.

    Args:
        shared: whether its name is a photo's, too, or that of its mask.
    """
    if path.stem.endswith(DRAFT):
        return True
    for folder in reversed([part.lower() for part in path.parts[:-1]]):
        if folder in FOLDERS:
            return folder in MASK_FOLDERS
    if not shared or path.suffix.lower() not in EXACT:
        return False
    try:
        with Image.open(io.BytesIO(data)) as image:
            if path.suffix.lower() == ".png" and image.mode in ("P", "L", "1"):
                return True
        return is_layout(data, palette)
    except Exception:  # whoever reads it says what is wrong with it
        return False


def stem_of(path: PurePosixPath) -> str:
    """A file's name without a suffix, that of its photo for a draft."""
    return name_of(Path(path.name)).removesuffix(DRAFT)


def _folder(path: PurePosixPath) -> str:
    """A file's folder, the same for a photo and its mask, with a slash after it."""
    return "".join(f"{part}/" for part in path.parts[:-1] if part.lower() not in FOLDERS)


def _place(path: PurePosixPath) -> str:
    """A file's folder and name, the same for a photo and its mask."""
    return _folder(path) + stem_of(path)


def _grouped(key: Callable[[PurePosixPath], str], paths: dict[int, PurePosixPath]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for i, path in paths.items():
        groups[key(path)].append(i)
    return groups
