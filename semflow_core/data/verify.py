"""A download of one of the paper's data sets, verified: counts, sizes and ids, file by file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..method.palette import load_palette
from ..pictures.photos import read_photo
from .official import MASK_SIZES, Item, Official, missing_classes, official

THREADS = 8  # files read at once: decoding releases Python's lock
AHEAD = 64  # items handed to the threads before the first is taken back


class Content(NamedTuple):
    """An item, read."""

    item: Item
    photo: np.ndarray  # (H, W, 3) uint8
    labels: np.ndarray  # (H', W') uint8 class ids


@dataclass(frozen=True)
class Verified:
    """What a download holds.

    Attributes:
        counts: whole pairs per split.
        missing: a sentence per number or class that is lower than in the whole data set.
        wrong: a sentence per file that is damaged, alone, or holds what it must not.
    """

    title: str
    counts: dict[str, int]
    missing: list[str]
    wrong: list[str]

    def lines(self) -> list[str]:
        """The report, a line per fact."""
        counts = ", ".join(f"{n} {split}" for split, n in self.counts.items())
        return [f"{self.title}: {counts}", *self.missing, *self.wrong]


def verify(name: str, root: Path) -> Verified:
    """Read every file of a download.

    Raises:
        InputError: there is no such data set or folder, or it has not its layout at all.
    """
    data = official(name)
    items, wrong = found(data, root)
    counts, present = dict.fromkeys(data.counts, 0), np.zeros(256, bool)
    for item, content in contents(data, name, items):
        if isinstance(content, InputError):
            wrong.append(f"{item.split}: {content}")
            continue
        counts[item.split] += 1
        present[np.unique(content.labels)] = True
    missing = [f"{split}: {n} of {data.counts[split]} pairs" for split, n in counts.items() if n < data.counts[split]]
    classes = missing_classes(np.flatnonzero(present).tolist(), load_palette(data.palette))
    if classes:
        missing.append(f"no mask has the class{'es' if len(classes) > 1 else ''} {', '.join(classes)}")
    return Verified(data.title, counts, missing, wrong)


def found(data: Official, root: Path) -> tuple[list[Item], list[str]]:
    """The items of a download, and a sentence per file without a partner.

    Raises:
        InputError: there is no such folder, or nothing of the data set in it.
    """
    if not root.is_dir():
        raise InputError(f"there is no folder {root}")
    items, wrong = data.find(root)
    if not items and not wrong:
        raise InputError(f"{root} has no pairs of {data.title}")
    return items, wrong


def contents(data: Official, name: str, items: Iterable[Item]) -> Iterator[tuple[Item, Content | InputError]]:
    """Each item with what it holds, in order, or with what is wrong with it; read by several threads."""

    def read(item: Item) -> tuple[Item, Content | InputError]:
        try:
            return item, read_item(data, name, item)
        except InputError as error:
            return item, error

    rest = iter(items)
    with ThreadPoolExecutor(THREADS) as threads:
        waiting = [threads.submit(read, item) for item in islice(rest, AHEAD)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [threads.submit(read, item) for item in islice(rest, 1)]


def read_item(data: Official, name: str, item: Item) -> Content:
    """An item's photo and class ids.

    Raises:
        InputError: a file is damaged, of another size, or its mask holds no ids of the data set.
    """
    photo, labels = read_photo(item.photo), data.read(item)
    size = photo.shape[1::-1]
    if data.size and size != data.size:
        raise InputError(f"{item.photo.name} is {size[0]}x{size[1]} pixels; it must be {data.size[0]}x{data.size[1]}")
    right = MASK_SIZES.get(name, size)
    if labels.shape[::-1] != right:
        mask = item.masks[0].name
        raise InputError(
            f"{mask} is {labels.shape[1]}x{labels.shape[0]} pixels; with {item.photo.name} it must be "
            f"{right[0]}x{right[1]}"
        )
    return Content(item, photo, labels)
