"""The photos and masks that a model is evaluated on, found in folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..data.names import LOSSY, Pair, match, name_of, pictures_below, pictures_in
from ..errors import InputError
from ..pictures.photos import read_photo
from .frechet import subset


def match_folders(images: Path, masks: Path) -> list[Pair]:
    """Pairs of images/NAME.jpg|png and masks/NAME.png, sorted by name; photos without a mask are left out.

    Raises:
        InputError: a mask has no photo, or there is no mask.
    """
    found = match(images, masks)
    if found.wrong:
        raise InputError(f"{'; '.join(found.wrong)} (photos are looked for in {images}){pictures_below(images)}")
    if not found.pairs:
        lossy = next((p.name for p in pictures_in(masks) if p.suffix.lower() in LOSSY), "")
        if lossy:
            raise InputError(f"{masks} has {lossy}, and such masks cannot hold class ids exactly; write them as PNG")
        raise InputError(f"there are no masks (NAME.png) in {masks}{pictures_below(masks)}")
    return found.pairs


def load_others(folder: Path, split: Sequence[Pair], size: int, seed: int) -> list[np.ndarray]:
    """As many photos of a folder as the split has, none with a name of the split, (size, size, 3) uint8.

    Raises:
        InputError: there are too few, or one cannot be read.
    """
    names = {pair.name for pair in split}
    paths = [p for p in pictures_in(folder) if name_of(p) not in names]
    if len(paths) < len(split):
        raise InputError(
            f"{folder} has {len(paths)} photos beside the split's own; sets of photos are compared at equal size, "
            f"which needs {len(split)}"
        )
    photos = [read_photo(paths[i]) for i in subset(len(paths), len(split), seed)]
    return [cv2.resize(p, (size, size), interpolation=cv2.INTER_AREA) for p in photos]
