"""Palettes: the names, display colours, groups and mirror pairs of a label set.

A palette is what a person sees. Which RGB *anchor* stands for a class inside the model is the
codebook's business (`codebook.py`): display colours may change freely, anchors may not.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from ..assets import asset
from ..errors import InputError
from ..texts import read_text
from .palette_file import Foreign, PaletteClass, PaletteFields, format_fields, parse_fields

UNLABELLED = 255  # the id of pixels that belong to no class (Cityscapes' void, COCO's ignore)
PALETTE_DIR = asset("palettes")


@dataclass(frozen=True)
class Palette:
    """A label set. Class *ids* are pixel values; a class's *index* is its position in `classes`."""

    name: str
    title: str
    classes: tuple[PaletteClass, ...]
    mirror: tuple[tuple[int, int], ...] = ()  # id pairs that a left-right flip exchanges
    background: int = 0  # the id that an eraser paints
    foreign: Foreign = Foreign()  # ids and colours of other tools for the same classes
    # (class id, its share in parts per thousand of each cell of a grid over a layout, row by row): where classes
    # usually lie, by which ids in another order are recognised; may be empty
    typical: tuple[tuple[int, tuple[int, ...]], ...] = ()

    @cached_property
    def ids(self) -> np.ndarray:
        """Class ids in index order, (n,) uint8."""
        return np.array([c.id for c in self.classes], dtype=np.uint8)

    @cached_property
    def colors(self) -> np.ndarray:
        """Display colours in index order, (n, 3) uint8."""
        return np.array([c.color for c in self.classes], dtype=np.uint8)

    @cached_property
    def index_of_id(self) -> np.ndarray:
        """(256,) int64: id -> index, -1 where the palette has no such class."""
        table = np.full(256, -1, dtype=np.int64)
        table[self.ids] = np.arange(len(self.classes))
        return table

    @cached_property
    def color_of_id(self) -> np.ndarray:
        """(256, 3) uint8: id -> display colour (white where there is no class)."""
        table = np.full((256, 3), 255, dtype=np.uint8)
        table[self.ids] = self.colors
        return table

    @cached_property
    def mirror_of_id(self) -> np.ndarray:
        """(256,) uint8: the id that each id becomes in a left-right flip."""
        table = np.arange(256, dtype=np.uint8)
        for left, right in self.mirror:
            table[left], table[right] = right, left
        return table

    @cached_property
    def first_of_pair(self) -> np.ndarray:
        """(n,) int64, by class index: the index of the class, or of its mirror class if that has the lower id."""
        return self.index(np.minimum(self.ids, self.mirror_of_id[self.ids]))

    def index(self, labels: np.ndarray) -> np.ndarray:
        """Class ids -> class indices, any shape, int64.

        Raises:
            InputError: a pixel has an id that is no class of this palette.
        """
        index = self.index_of_id[labels]
        if index.min(initial=0) < 0:
            unknown = sorted({int(i) for i in np.unique(labels)} - {int(i) for i in self.ids})
            shown = ", ".join(map(str, unknown[:5])) + (", …" if len(unknown) > 5 else "")
            raise InputError(
                f"the layout has ids that are no class of {self.name}: {shown}; its ids are {describe_ids(self.ids)}"
            )
        return index

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Class ids (H, W) -> display colours (H, W, 3) uint8."""
        return self.color_of_id[labels]

    def paintable(self, labels: np.ndarray) -> np.ndarray:
        """Ids (…) with 255 painted as the background where the palette has no such class."""
        return labels if UNLABELLED in self.ids else np.where(labels == UNLABELLED, self.background, labels)

    def to_json(self) -> str:
        """The palette as its file's text; `parse_palette` reads it back."""
        fields = PaletteFields(
            name=self.name,
            title=self.title,
            classes=self.classes,
            mirror=self.mirror,
            background=self.background,
            foreign=self.foreign,
            typical=self.typical,
        )
        return format_fields(fields)

    def exchanged(self, labels: np.ndarray) -> list[tuple[int, int]]:
        """Mirror pairs (left, right) that stand the wrong way round in labels (H, W): a person's left side is on the
        picture's right. A network that was trained without such layouts makes implausible faces of them.
        """
        columns = {i: np.nonzero(labels == i)[1] for pair in self.mirror for i in pair}
        both = [pair for pair in self.mirror if all(len(columns[i]) for i in pair)]
        return [(left, right) for left, right in both if columns[left].mean() < columns[right].mean()]

    def flip(self, labels: np.ndarray) -> np.ndarray:
        """Mirror a label map (..., H, W) left to right and exchange the mirror pairs' ids."""
        return self.mirror_of_id[labels[..., ::-1]]


def describe_ids(ids: np.ndarray) -> str:
    """`[0, 1, 2, 255]` -> "0-2, 255"."""
    runs: list[list[int]] = []
    for i in sorted(int(i) for i in ids):
        if runs and i == runs[-1][1] + 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def palette_names() -> list[str]:
    """The palettes that ship with the project, sorted."""
    return sorted(p.stem for p in PALETTE_DIR.glob("*.json"))


def load_palette(source: str | os.PathLike[str]) -> Palette:
    """Load a palette by name (`celebamask_hq`) or from a JSON file's path, and validate it.

    Raises:
        InputError: there is no such palette, or the file breaks a rule; the message says which.
    """
    path = Path(source)
    if path.suffix != ".json":
        path = PALETTE_DIR / f"{source}.json"
    try:
        state = path.stat()
        return _load_palette(path, (state.st_mtime_ns, state.st_size, state.st_ino))
    except FileNotFoundError:
        known = ", ".join(palette_names())
        raise InputError(f"there is no palette '{source}'; name one of {known} or a .json file") from None
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"the palette {path.name} cannot be read as JSON: {error}") from None


@lru_cache
def _load_palette(path: Path, state: tuple[int, ...]) -> Palette:
    """The palette of a file in this state: one that was edited is read again."""
    return parse_palette(json.loads(read_text(path)), path.name)


def parse_palette(raw: object, where: str) -> Palette:
    """A palette from its file's JSON (`palette_file` documents the format).

    Raises:
        InputError: names the file (`where`), the class and the rule that is broken.
    """
    return Palette(**parse_fields(raw, where))
