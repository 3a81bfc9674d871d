"""Label maps of other people: which of our class ids their pixel values are.

Three conventions differ from ours (class ids of the palette as pixel values): Cityscapes' label ids, of which 19 are
classes that are trained on; COCO-Stuff's raw ids, 0..181 with 11 gaps; and CelebAMask-HQ's parts, one black and white
picture a class. The first two look like ours, so a file name's ending decides (`_labelIds`, `_labelTrainIds`), else
the ids that occur; what was assumed comes back as a sentence. Coloured ones may be painted in the data set's colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..method.palette import UNLABELLED, Palette

# Cityscapes' label id -> train id; its other label ids (ego vehicle, bridge, caravan, ...) are void
CITYSCAPES = {
    7: 0,
    8: 1,
    11: 2,
    12: 3,
    13: 4,
    17: 5,
    19: 6,
    20: 7,
    21: 8,
    22: 9,
    23: 10,
    24: 11,
    25: 12,
    26: 13,
    27: 14,
    28: 15,
    31: 16,
    32: 17,
    33: 18,
}
CITYSCAPES_LAST = 33
# colours of Cityscapes' `_color` pictures that are void: dynamic, ground, parking, rail track, guard rail, bridge,
# tunnel, caravan, trailer
CITYSCAPES_VOID_COLORS = (
    (111, 74, 0),
    (81, 0, 81),
    (250, 170, 160),
    (230, 150, 140),
    (180, 165, 180),
    (150, 100, 100),
    (150, 120, 90),
    (0, 0, 90),
    (0, 0, 110),
)
# what CelebAMask-HQ's own script paints ids 0..18 in; the palette's display colours are softer ones
CELEBAMASK_COLORS = (
    (0, 0, 0),
    (204, 0, 0),
    (76, 153, 0),
    (204, 204, 0),
    (51, 51, 255),
    (204, 0, 204),
    (0, 255, 255),
    (255, 204, 204),
    (102, 51, 0),
    (255, 0, 0),
    (102, 204, 0),
    (255, 255, 0),
    (0, 0, 153),
    (0, 0, 204),
    (255, 51, 153),
    (0, 204, 204),
    (0, 51, 0),
    (255, 153, 51),
    (0, 204, 0),
)
COCO_GAPS = (11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90)  # raw ids that no class has
COCO_LAST = 181


def translate(ids: np.ndarray, palette: Palette, stem: str) -> tuple[np.ndarray, str]:
    """Pixel values of a label map as class ids of the palette, and what was assumed ("" if nothing was).

    Args:
        ids: (H, W) uint8 pixel values.
        stem: the file's name without its suffix; its ending may name the convention.
    """
    present = {int(i) for i in np.unique(ids)} - {UNLABELLED}
    train = stem.endswith(("_labelTrainIds", "_trainIds"))
    if palette.name == "cityscapes" and not train:
        if stem.endswith("_labelIds"):
            return _table(CITYSCAPES)[ids], "Its ids were taken for Cityscapes' label ids, as its name says."
        foreign = {i for i in present if palette.index_of_id[i] < 0}
        if foreign and max(foreign) <= CITYSCAPES_LAST:
            why = _some(foreign)
            return _table(CITYSCAPES)[ids], f"Its ids were taken for Cityscapes' label ids, for {why} is no train id."
    if palette.name == "coco_stuff" and not train:
        raw = [i for i in range(COCO_LAST + 1) if i not in COCO_GAPS]
        above = {i for i in present if i >= len(raw)}
        if present <= set(raw) and (above or re.fullmatch(r"\d{12}", stem)):
            why = f"{_some(above)} is beyond ours" if above else "its name is COCO's"
            table = _table({r: i for i, r in enumerate(raw)})
            return palette.paintable(table[ids]), f"Its ids were taken for COCO-Stuff's raw ids, for {why}."
    return ids, ""


@dataclass(frozen=True)
class Colors:
    """What a coloured layout may be painted in."""

    colors: np.ndarray  # (n, 3) uint8
    ids: np.ndarray  # (n,) uint8, the class of each; classes may have several
    note: str = ""  # what is assumed of a picture that has these colours
    black: bool = False  # whether black is one, which says nothing: the dark parts of photos have it, too


def known_colors(palette: Palette) -> list[Colors]:
    """The palette's display colours, and those of the data set where they are others."""
    if palette.name == "cityscapes":
        void = np.array(CITYSCAPES_VOID_COLORS, np.uint8)
        ids = np.concatenate([palette.ids, np.full(len(void), UNLABELLED, np.uint8)])
        return [Colors(np.concatenate([palette.colors, void]), ids)]
    own = Colors(palette.colors, palette.ids)
    if palette.name != "celebamask_hq":
        return [own]
    note = "Its colours were taken for CelebAMask-HQ's own."
    return [own, Colors(np.array(CELEBAMASK_COLORS, np.uint8), palette.ids, note, black=True)]


def part_of(path: Path, palette: Palette) -> tuple[str, str] | None:
    """("00012", "hair") for a CelebAMask part such as 00012_hair.png, None for any other file name."""
    number, underscore, name = path.stem.partition("_")
    known = name in {c.name for c in palette.classes}
    return (number, name) if underscore and number.isdigit() and known else None


def same_face(paths: Iterable[Path], palette: Palette) -> None:
    """Raise InputError unless all parts belong to one picture."""
    numbers = sorted({part[0] for p in paths if (part := part_of(p, palette))})
    if len(numbers) > 1:
        raise InputError(
            f"these are parts of {len(numbers)} pictures ({', '.join(numbers[:3])}{', …' if numbers[3:] else ''}); "
            "give the parts of one"
        )


def merge_parts(parts: Mapping[str, np.ndarray], palette: Palette) -> np.ndarray:
    """Black and white parts, class name -> (H, W) bool, as one label map (H, W) uint8.

    Where parts overlap the later class of the palette lies on top, as in the data set's own script.

    Raises:
        InputError: the parts differ in size.
    """
    shapes = {mask.shape for mask in parts.values()}
    if len(shapes) > 1:
        sizes = " and ".join(f"{w}x{h}" for h, w in sorted(shapes)[:2])
        raise InputError(f"the parts have different sizes ({sizes}); parts of one picture have one")
    labels = np.full(shapes.pop(), palette.background, np.uint8)
    for c in palette.classes:
        if c.name in parts:
            labels[parts[c.name]] = c.id
    return labels


def _table(mapping: Mapping[int, int]) -> np.ndarray:
    table = np.full(256, UNLABELLED, np.uint8)
    for foreign, ours in mapping.items():
        table[foreign] = ours
    return table


def _some(ids: set[int]) -> str:
    return f"id {min(ids)}"
