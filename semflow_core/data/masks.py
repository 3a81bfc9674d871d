"""What the masks of a folder have in common, and which way one lies whose photo carries a camera's turn.

One program wrote all masks of a folder, so that one that could be read in two ways is read as the others are.
A phone stores a photo as its sensor lies and an EXIF tag that turns it. Programs that read masks and photos differ in
whether they heed it, so that a mask may belong to the photo as it is stored or as it is shown.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from ..errors import InputError
from ..method.palette import Palette
from ..method.palette_file import OWN_KEY
from ..pictures.layouts import black_and_white, read_mask
from ..pictures.photos import Photo
from ..pictures.strips import turned
from .names import Pair

SAMPLE = 32  # masks that are read to learn whose ids a folder holds
CLEAR = 1.25  # by how much the photo must change more at the mask's borders the one way than the other


def usual_ids(pairs: Sequence[Pair], palette: Palette) -> str:
    """Whose ids most masks of a folder are, by a sample of them: one of `foreign.ids_keys`; "" if none says it.

    A mask that could be read in two ways counts where there are no others, and not for the palette's own, which is
    what such a mask is taken for. A damaged one, which loading names, says nothing.
    """
    if not palette.foreign.ids:
        return ""
    certain, leaning = Counter[str](), Counter[str]()
    for pair in pairs[:: max(1, len(pairs) // SAMPLE)]:
        with contextlib.suppress(InputError):
            layout = read_mask(pair.mask, palette)
            if not layout.uncertain:
                certain[layout.ids] += 1
            elif layout.ids != OWN_KEY:
                leaning[layout.ids] += 1
    ranked = (certain or leaning).most_common(1)
    return ranked[0][0] if ranked else ""


def without_classes(notes: Sequence[str], count: int, palette: Palette) -> str:
    """A sentence if none of so many masks has a class but the background, and white pixels instead; "" else."""
    said = black_and_white(palette)
    return f"of each mask: {said[0].lower()}{said[1:]}" if sum(said in note for note in notes) >= max(2, count) else ""


def summary(notes: Sequence[str], count: int) -> list[str]:
    """What was assumed of so many masks, each sentence once with the number of masks that it is about."""
    return [f"{n} of {count} masks: {note}" for note, n in Counter(map(_alike, notes)).most_common()]


def _alike(note: str) -> str:
    """A note without what differs between masks: numbers of pixels, and the reason, which names a region."""
    note = re.sub(r"^[\d,]+ of its pixels \([\d.]+ %\)", "Some pixels", note)
    return re.sub(r", for id \d+ (lies|is) .*", ".", note)


def lay_mask(mask: np.ndarray, photo: Photo, name: str) -> tuple[np.ndarray, str]:
    """A mask as its photo is shown, and a sentence if it was turned.

    Args:
        mask: class ids (H, W), as they are stored; its own file says of no turn.
        name: the pair's, for the message.

    Raises:
        InputError: nothing says which way it lies.
    """
    if photo.turn == 1:
        return mask, ""
    also = np.asarray(turned(Image.fromarray(mask), photo.turn))
    ways = [way for way in (mask, also) if way.shape == photo.pixels.shape[:2]]
    if len(ways) == 2:
        shown, stored = (_agreement(photo.pixels, way) for way in ways)
        ways = [mask] if shown > CLEAR * stored else [also] if stored > CLEAR * shown else []
        if not ways:
            raise InputError(
                f"the photo of the pair {name} carries a camera's turn and its mask does not, and nothing says which "
                "way the mask lies; turn both and save them without the tag"
            )
    if not ways or ways[0] is mask:
        return mask, ""  # where no way fits, the sizes differ
    return also, "It was turned as its photo's EXIF says."


def _agreement(photo: np.ndarray, labels: np.ndarray) -> float:
    """How much the photo changes at the borders of the labels, against all of it."""
    grey = cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    change = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)
    borders = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    return float(change[borders].mean() / (change.mean() + 1e-6)) if borders.any() else 0.0
