"""Pairs in shards: tar files that training maps into memory, so that no more of them is there than a batch needs.

A shard holds NAME.jpg and NAME.png per pair, as webdataset's do; its index beside it (00000.json) says where each
begins, so that any pair can be read by itself.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import InputError
from .pairs import PairArrays

INDEX = "index.json"  # of a prepared data set
Encoded = tuple[str, bytes, bytes]  # name, JPEG of the photo, PNG of the class ids


def write_shard(file: Path, pairs: Iterable[Encoded]) -> None:
    """Write a tar file and then its index: a shard with an index is whole."""
    temporary, index = file.with_suffix(".part"), file.with_suffix(".json.part")
    try:
        with tarfile.open(temporary, "w") as tar:
            for name, photo, labels in pairs:
                for suffix, data in ((".jpg", photo), (".png", labels)):
                    member = tarfile.TarInfo(name + suffix)
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
        places: dict[str, list[int]] = {}
        with tarfile.open(temporary) as tar:
            for member in tar:
                places.setdefault(member.name[:-4], []).extend((member.offset_data, member.size))
        os.replace(temporary, file)
        index.write_text(json.dumps([[name, *place] for name, place in places.items()]), encoding="utf-8")
        os.replace(index, file.with_suffix(".json"))
    finally:
        for half in (temporary, index):
            half.unlink(missing_ok=True)


class ShardedPairs:
    """The pairs of one split of a prepared data set, read one at a time.

    Raises:
        InputError: the folder has no shards, or one of them is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self._places: list[tuple[int, int, int, int, int]] = []  # shard, then offset and size of photo and labels
        self._files = sorted(folder.glob("*.tar"))
        self._maps: dict[int, mmap.mmap] = {}
        for number, file in enumerate(self._files):
            try:
                rows = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
                places = [(number, *map(int, place)) for _, *place in rows]
            except (OSError, ValueError):
                raise InputError(f"the shard {file} has no whole index; prepare the data set again") from None
            if places and file.stat().st_size < sum(places[-1][3:]):
                raise InputError(f"the shard {file} is cut off; delete it and prepare the data set again")
            self.names += [str(row[0]) for row in rows]
            self._places += places  # type: ignore[arg-type]
        if not self.names:
            raise InputError(f"{folder} has no shards; semflow data prepare writes them")

    def __len__(self) -> int:
        return len(self.names)

    def pair(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Photo (H, W, 3) uint8 and class ids (H, W) uint8 of one pair.

        Raises:
            InputError: it is damaged.
        """
        shard, at, size, labels_at, labels_size = self._places[i]
        photo = self._decoded(shard, at, size, cv2.IMREAD_COLOR)
        labels = self._decoded(shard, labels_at, labels_size, cv2.IMREAD_UNCHANGED)
        if photo is None or labels is None or photo.shape[:2] != labels.shape:
            raise InputError(f"the pair {self.names[i]} in {self._files[shard]} is damaged; prepare the data set again")
        return cv2.cvtColor(photo, cv2.COLOR_BGR2RGB), labels

    def _decoded(self, shard: int, at: int, size: int, how: int) -> Any:
        if shard not in self._maps:
            with open(self._files[shard], "rb") as file:
                self._maps[shard] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return cv2.imdecode(np.frombuffer(self._maps[shard], np.uint8, size, at), how)


def is_prepared(folder: Path) -> bool:
    """Whether a folder is a prepared data set."""
    return (folder / INDEX).is_file()


def prepared_splits(folder: Path) -> dict[str, int]:
    """Pairs per split of a prepared data set.

    Raises:
        InputError: its index cannot be read, or it was not finished.
    """
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        splits, whole = dict(index["splits"]), index["whole"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{folder / INDEX} cannot be read; prepare the data set again") from None
    if not whole:
        raise InputError(f"the data set in {folder} was not prepared to its end; run semflow data prepare again")
    return splits


def load_prepared(folder: Path, split: str, size: int, width: int, limit: int | None = None) -> PairArrays:
    """Pairs of a prepared data set in memory, squeezed to (size, width).

    Args:
        split: "train", or "dev", which is the data set's own `val`.
        limit: at most so many pairs, from the start of the split.

    Raises:
        InputError: the data set is not whole, or has no such split.
    """
    name = "val" if split == "dev" else split
    if not prepared_splits(folder).get(name):
        raise InputError(f"the data set in {folder} has no pairs of the split {name}")
    pairs = ShardedPairs(folder / name)
    n = min(limit or len(pairs), len(pairs))
    loaded = [pairs.pair(i) for i in range(n)]
    photos = [cv2.resize(p, (width, size), interpolation=cv2.INTER_AREA) for p, _ in loaded]
    masks = [cv2.resize(m, (width, size), interpolation=cv2.INTER_NEAREST_EXACT) for _, m in loaded]
    return PairArrays(tuple(pairs.names[:n]), np.stack(photos), np.stack(masks))
