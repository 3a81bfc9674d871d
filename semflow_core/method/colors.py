"""Colours of regions: written as #rrggbb by people, as regional offsets in requests (`method.appearance`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .appearance import Appearance, Offset, Rgb
from .palette import Palette

NOTICED = 8  # grey levels per channel: a colour farther from its request is worth a remark


@dataclass(frozen=True)
class RegionColors:
    """Between the colours of regions and a model's offsets. The two classes of a mirror pair are one region.

    Attributes:
        appearance: None where offsets are noise: then every colour is refused, and no offset asks for one.
    """

    palette: Palette
    appearance: Appearance | None

    def offsets(self, colors: Iterable[tuple[str, str]]) -> tuple[tuple[int, Offset], ...]:
        """The `offsets` of a request that ask for these colours.

        Args:
            colors: pairs of a class name and its mean colour, "#rrggbb".

        Raises:
            InputError: the model has no appearance, a name or a colour is unknown, or a class is to have two colours.
        """
        offsets: dict[int, Offset] = {}
        for name, color in colors:
            pair, index, appearance = self._known(name)
            offset = appearance.offset_of(index, read_color(color))
            if any(offsets.get(i, offset) != offset for i in pair):
                raise InputError(f"'{name}' or its mirror class is to have two colours; choose one")
            offsets |= dict.fromkeys(pair, offset)
        return tuple(sorted(offsets.items()))

    def out_of_reach(self, colors: Iterable[tuple[str, str]]) -> list[str]:
        """A sentence for each colour that its class never has in the training data. Raises as `offsets`."""
        remarks = []
        for name, color in colors:
            _, index, appearance = self._known(name)
            target = read_color(color)
            nearest = appearance.nearest(index, target)
            if max(abs(a - b) for a, b in zip(nearest, target)) > NOTICED:
                request, result = write_color(target), write_color(nearest)
                remarks.append(f"{name} is never {request} in the training data; it gets {result}")
        return remarks

    def regions(
        self, labels: np.ndarray, where: np.ndarray | bool, offsets: Mapping[int, Offset]
    ) -> list[tuple[np.ndarray, Rgb]]:
        """The mean colours that offsets ask for in a layout.

        Args:
            labels: class ids (H, W).
            where: (H, W) bool, the part of it that counts; or True for all of it.
            offsets: class id -> offset.

        Returns:
            (where (H, W) bool, the mean colour there) of all classes in the layout that have an offset.

        Raises:
            InputError: an offset is for no class.
        """
        if self.appearance is None:
            return []
        # a mirror pair of one offset is one region, of two it is two
        ids_of_region: dict[tuple[int, Offset], list[int]] = {}
        for class_id, offset in offsets.items():
            if class_id not in self.palette.ids:
                raise InputError(f"the offset for {class_id} names no class of {self.palette.name}")
            first = int(self.palette.first_of_pair[self.palette.index_of_id[class_id]])
            ids_of_region.setdefault((first, offset), []).append(class_id)
        regions = [(where & np.isin(labels, ids), index, offset) for (index, offset), ids in ids_of_region.items()]
        return [(region, self.appearance.color_of(index, offset)) for region, index, offset in regions if region.any()]

    def _known(self, name: str) -> tuple[list[int], int, Appearance]:
        """(ids of the class and its mirror class, class index of the first, the appearance)."""
        if self.appearance is None:
            raise InputError("this model takes no colours: its offsets are noise")
        ids = {c.name: c.id for c in self.palette.classes}
        if name not in ids:
            raise InputError(f"there is no class '{name}' to colour; the classes are {', '.join(ids)}")
        pair = sorted({ids[name], int(self.palette.mirror_of_id[ids[name]])})
        return pair, int(self.palette.index_of_id[pair[0]]), self.appearance


def read_color(text: str) -> Rgb:
    """A colour as people and colour pickers write it: "#rrggbb", or "rgb(r, g, b)" with fractions -> R, G, B in 0..255.

    Raises:
        InputError: it is neither.
    """
    hexadecimal = re.fullmatch(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text.strip())
    if hexadecimal:
        return Rgb(*(float(int(part, 16)) for part in hexadecimal.groups()))
    number = r" *(\d+(?:\.\d*)?) *"
    numbers = re.fullmatch(rf"rgba?\({number},{number},{number}(?:,[\d. ]*)?\)", text.strip())
    if not numbers or max(map(float, numbers.groups())) > 255:
        raise InputError(f"'{text}' is no colour; it must be written #rrggbb")
    return Rgb(*map(float, numbers.groups()))


def write_color(color: Rgb) -> str:
    """R, G, B in 0..255 -> "#rrggbb"."""
    return "#" + "".join(f"{round(c):02x}" for c in color)
