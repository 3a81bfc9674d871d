"""A data set of the paper, prepared for training: at its size, merged and translated, in shards."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ..errors import InputError
from ..pictures.files import check_writable, write_atomically
from .official import Item, Official, official
from .shards import INDEX, Encoded, write_shard
from .verify import Content, contents, found

PER_SHARD = 256  # pairs
QUALITY = 95  # of JPEG
NAMED = 5  # wrong files that a message names


@dataclass(frozen=True)
class Preparation:
    """What is prepared.

    Attributes:
        name: of the data set.
        root: its download.
        size: height in pixels; where photos differ in shape, their shorter side, which training crops to a square.
        skip: leave wrong files out, instead of stopping at them.
    """

    name: str
    root: Path
    size: int = 512
    skip: bool = False


def prepare(what: Preparation, out: Path, progress: Callable[[int, int], None] | None = None) -> dict[str, int]:
    """Write `out/SPLIT/00000.tar`, … and `out/index.json`, or go on where this was stopped; pairs per split.

    Args:
        progress: called with (pairs done, pairs in all) after each shard.

    Raises:
        InputError: the download has not its layout, a file is wrong, or `out` holds something else.
    """
    data = official(what.name)
    items, alone = found(data, what.root)
    if alone and not what.skip:
        raise InputError(f"{what.root} is not whole: {listed(alone)}; --skip leaves them out")
    check_writable(out)
    about = {"dataset": what.name, "palette": data.palette, "size": what.size, "pairs": len(items)}
    begin(out, about)
    splits, skipped, done = dict.fromkeys(data.counts, 0), list(alone), 0
    for split in data.counts:
        own = [item for item in items if item.split == split]
        for start in range(0, len(own), PER_SHARD):
            file = out / split / f"{start // PER_SHARD:05d}.tar"
            part = own[start : start + PER_SHARD]
            wrong = shard(data, what, part, file)
            skipped += wrong
            splits[split] += len(part) - len(wrong)
            done += len(part)
            if progress is not None:
                progress(done, len(items))
    if skipped:
        write_text(out / "skipped.txt", "\n".join(skipped) + "\n")
    write_text(out / INDEX, json.dumps({**about, "splits": splits, "whole": True}, indent=1))
    return splits


def begin(out: Path, about: dict[str, object]) -> None:
    """Mark a folder as one that is being prepared.

    Raises:
        InputError: it holds something else.
    """
    file = out / INDEX
    if file.is_file():
        before = json.loads(file.read_text(encoding="utf-8"))
        if {k: before.get(k) for k in about} != about:
            raise InputError(f"{out} holds another preparation ({before.get('dataset')}); choose another folder")
    elif out.is_dir() and any(out.iterdir()):
        raise InputError(f"{out} is not empty; choose another folder")
    write_text(file, json.dumps({**about, "splits": {}, "whole": False}, indent=1))


def shard(data: Official, what: Preparation, items: Sequence[Item], file: Path) -> list[str]:
    """Write one shard, unless it is there; a sentence per item that was left out.

    Raises:
        InputError: an item is wrong and wrong ones are not to be skipped.
    """
    note = file.with_suffix(".skipped")
    if file.with_suffix(".json").is_file():
        return note.read_text(encoding="utf-8").splitlines() if note.is_file() else []
    pairs, wrong = [], []
    for item, content in contents(data, what.name, items):
        if isinstance(content, InputError):
            wrong.append(f"{item.split}: {content}")
        else:
            pairs.append(encoded(content, what.size))
    if wrong and not what.skip:
        raise InputError(f"{what.root} is not whole: {listed(wrong)}; --skip leaves them out")
    file.parent.mkdir(parents=True, exist_ok=True)
    if wrong:
        write_text(note, "\n".join(wrong) + "\n")
    write_shard(file, pairs)
    return wrong


def encoded(content: Content, size: int) -> Encoded:
    """A pair at its size, as it stands in a shard: the shorter side is `size`, unless the photo is smaller."""
    h, w = content.photo.shape[:2]
    share = min(1.0, size / min(h, w))
    shape = round(w * share), round(h * share)
    photo = cv2.resize(content.photo, shape, interpolation=cv2.INTER_AREA)
    labels = cv2.resize(content.labels, shape, interpolation=cv2.INTER_NEAREST_EXACT)
    return content.item.name, jpeg(photo), png(labels)


def jpeg(photo: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=QUALITY, subsampling=0)
    return file.getvalue()


def png(labels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(labels).save(file, "PNG")
    return file.getvalue()


def write_text(file: Path, text: str) -> None:
    write_atomically(file, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def listed(wrong: list[str]) -> str:
    """The first few sentences, and how many more there are."""
    more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
    return "; ".join(wrong[:NAMED]) + more
