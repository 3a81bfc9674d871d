"""The photo that a visitor opened, and how far its edits have come."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from semflow_core.errors import InputError
from semflow_core.pictures.align import Aligned
from semflow_core.pictures.photos import Photo


@dataclass(frozen=True)
class OriginalFile:
    """How to know a photo's file again: its bytes, their CRC-32, and its name where it ships with the studio."""

    size: int
    crc: int
    example: str = ""


@dataclass(frozen=True)
class Source:
    """Where an opened photo was cut out of.

    Attributes:
        photo: the whole of it, and its file's colour space.
        way: from it to what was opened, and back.
        file: the file that it was read from.
    """

    photo: Photo
    way: Aligned
    file: OriginalFile | None = None


@dataclass
class Opened:
    """The visitor's photo, and how far its edits have come.

    Attributes:
        photo, layout: as opened: (H, W, 3) uint8, and what the model segmented it into, (h, w) uint8 class ids.
        margin: how certain that layout is, (h, w) float32 in 0..1.
        base, before: what the next edit starts from: the photo with all accepted edits, and its layout.
        source: the whole photo, if it is there; a project keeps only what is edited.
        corrections: (layout, before) pairs that were right while the base was this one; one more with each correction.
    """

    photo: np.ndarray
    layout: np.ndarray
    margin: np.ndarray
    base: np.ndarray
    before: np.ndarray
    source: Source | None = None
    corrections: list[tuple[np.ndarray, np.ndarray]] = field(init=False)

    def __post_init__(self) -> None:
        self.corrections = [(self.layout, self.before)]

    def accept(self, photo: np.ndarray, layout: np.ndarray) -> None:
        """Go on from an edited photo."""
        self.base, self.before = photo, layout
        self.corrections = [(self.layout, layout)]

    def reset(self) -> None:
        """Go back to the photo as it was opened, and to its layout with the corrections."""
        self.accept(self.photo, self.layout)

    def correct(self, layout: np.ndarray) -> None:
        """The base was misread: it shows `layout`, and so does the opened photo where no edit was accepted."""
        self.layout, self.before = np.where(self.layout == self.before, layout, self.layout), layout
        self.corrections.append((self.layout, self.before))

    def shows(self, layout: np.ndarray) -> bool:
        """Whether the base as it is belongs to a layout.

        It may be one from before a correction, or from after one that was undone: that one counts again, or an undo
        would paint the misreading into the photo.
        """
        for pair in self.corrections:
            if np.array_equal(layout, pair[1]):
                self.layout, self.before = pair
                return True
        return False

    def pictures(self) -> list[np.ndarray]:
        """What it has in memory; the same array may be in several."""
        pictures = [self.photo, self.margin, self.base, *(layout for pair in self.corrections for layout in pair)]
        if self.source is not None:
            pictures += [self.source.photo.pixels, self.source.way.crop]
            pictures += [] if self.source.photo.own is None else [self.source.photo.own]
        return pictures

    def whole(self) -> Source:
        """The whole photo that this one was cut out of.

        Raises:
            InputError: it is not there, for the photo comes from a project.
        """
        if self.source is None:
            raise InputError("a project keeps only the part of the photo that is edited; open the photo itself again")
        return self.source
