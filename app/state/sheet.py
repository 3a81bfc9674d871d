"""A canvas on its way: the class ids, and whose they are. What comes late is known by its number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semflow_core.requests.packing import unpack_labels


@dataclass(frozen=True)
class Sheet:
    """What is on the canvas.

    Attributes:
        labels: class ids, (H, W) uint8.
        number: of a photo that is labelled, as it was shown (`LabelSet.shown`); 0 for a layout of a model.
        landing: of what landed in the canvas (`ModelState.landing`), with all that was painted on it since.
    """

    labels: np.ndarray
    number: int = 0
    landing: int = 0


def read_sheet(text: str) -> Sheet:
    """What the browser sent, "W,H;base64(zlib(ids))", after which ";" and the photo's number, and ";" and that of the
    landing may follow. Whether its ids are classes is the palette's to say.

    Raises:
        InputError: it is damaged, or its size is out of bounds.
    """
    size, data, number, landing, *_ = [*text.split(";", 3), "", "", "", ""]
    return Sheet(unpack_labels(f"{size};{data}"), _number(number), _number(landing))


def _number(text: str) -> int:
    """A number that the browser sent; 0 for none, and for what is none."""
    return int(text) if text.isdecimal() and len(text) < 16 else 0
