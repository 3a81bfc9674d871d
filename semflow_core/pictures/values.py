"""What the pixels of a layout file hold: class ids, or colours.

A picture program keeps what a picture looks like, not which number a pixel has: an index PNG that was saved again may
have other indices, grey ids may come back as three equal channels, with alpha, or in 16 bits. So the looks decide
wherever they say what a pixel is, and the index counts only where it says the same or where the looks say nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np

from ..method.palette import UNLABELLED, Palette
from .colours import FLAT, ColorTable, color_tables, looked_up, nearest_colors, packed
from .foreign import fits_any
from .pixels import equal_channels, histogram, is_blended, kind, mapped, only_channel, unstretched
from .planes import read_planes
from .strips import rows

VOID_COLOR = (224, 224, 192)  # of id 255 in PASCAL VOC's masks
ALMOST_ALL = 0.95  # share of the pixels whose colour must be one of a table's for an indexed picture to be read by it


@dataclass
class Values:
    """What the pixels hold.

    Attributes:
        form: what kind of file it is, such as "8-bit grey PNG".
        ids: (H, W) whole numbers, in the smallest type that holds them; None where the picture holds colours.
        rgb: (H, W, 3) uint8.
        opaque: (H, W) bool.
        certain: the ids are the palette's own, for the colours say so too.
        grey: (H, W), what the channels of a coloured picture hold if they are equal.
        pages: of the file, or frames; the first is read.
        lossy: the file's format changes pixel values.
        turned: whether the file's EXIF turned it.
        packed: an indexed picture whose table may have been packed anew and has no known colours.
        translated, uncertain: sentences on what was assumed.
    """

    form: str
    rgb: np.ndarray
    opaque: np.ndarray
    pages: int = 1
    lossy: bool = False
    packed: bool = False
    turned: bool = False
    ids: np.ndarray | None = None
    grey: np.ndarray | None = None
    certain: bool = False
    translated: list[str] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)

    def masked(self, pixels: np.ndarray) -> np.ndarray:
        """Those of (H, W) that are opaque, of any shape."""
        return pixels if self.opaque.all() else pixels[self.opaque]


def read_values(
    source: str | os.PathLike[str] | bytes, palette: Palette, ids: str = "", sample: bool = False
) -> Values:
    """What a layout file holds, turned as its EXIF says.

    Args:
        ids: what the caller says its values are; with it they are ids, whatever they look like.
        sample: of a large picture take every n-th pixel of every n-th row, and of one out of bounds, too.

    Raises:
        InputError: not a picture, damaged, or its size is out of bounds.
    """
    planes = read_planes(source, sample)
    mode, form, alpha = planes.mode, f"{kind(planes.mode, planes.is_deep)} {planes.format}", planes.alpha
    opaque = np.ones(planes.rgb.shape[:2], bool) if alpha is None else alpha >= 128
    values = Values(form, planes.rgb, opaque, planes.pages, planes.lossy, turned=planes.turned)
    if planes.turned:
        values.translated.append("It was turned as its EXIF says.")
    if alpha is not None and not values.lossy and _are_in_alpha(values.rgb, alpha, palette):
        values.ids, values.opaque = alpha, np.ones_like(values.opaque)
        values.translated.append("Its opacity was taken for the ids, for it has one colour throughout.")
        return values
    if not values.opaque.any():
        values.opaque = np.ones_like(values.opaque)
        values.translated.append("It is transparent everywhere, which was ignored.")
    if planes.only is not None and planes.table is not None:
        _read_indexed(values, planes.only, planes.table, palette, ids)
    elif planes.only is not None:
        values.grey = equal_channels(planes.only) if values.lossy else None
        values.ids = None if values.lossy else equal_channels(planes.only)
        if mode == "1" and not ids:
            names = {c.id: c.name for c in palette.classes}
            black, white = (names.get(i, "nothing") for i in (0, 1))
            values.uncertain.append(
                f"It is black and white: black was taken for id 0 ({black}), white for id 1 ({white}); "
                "ids 1=CLASS says what white is."
            )
    else:
        pixels = values.rgb if planes.deep is None else planes.deep
        values.grey = equal_channels(pixels)
        only = None if values.lossy or values.grey is not None else only_channel(pixels)
        if only is not None:
            values.grey = pixels[..., only].copy()
        if values.grey is not None and not values.lossy:
            visible = histogram(values.masked(values.grey))[0]
            # a grey photo is no layout, nor is one of black and white, though 0 and 255 can be ids
            if ids or (visible[visible != UNLABELLED].any() and fits_any(unstretched(visible)[0], palette)):
                values.ids = values.grey
                if only is not None:
                    channel = ("red", "green", "blue")[only]
                    values.translated.append(f"Its {channel} channel was taken for the ids; the others are black.")
        elif not values.lossy:
            _read_color_map(values, palette)
    if values.ids is not None and is_blended(values.ids):
        values.uncertain.append(
            "Its borders have values between those beside them, as a picture has that was resized with interpolation: "
            "there they are no ids."
        )
    if values.ids is not None and values.ids.max() > UNLABELLED:
        _undo_stretching(values)
    return values


def _read_indexed(values: Values, index: np.ndarray, table: np.ndarray, palette: Palette, ids: str) -> None:
    """An indexed picture: colours decide where they are known, else the index where it cannot have been packed anew."""
    used, counts = histogram(values.masked(index))
    of_classes = used[used != UNLABELLED] if (used != UNLABELLED).any() else used  # 255 has any colour
    if not ids and any(_agrees(known, of_classes, table) for known in color_tables(palette)):
        values.ids, values.certain = index, True
        return
    if (table[used] == table[used, :1]).all():
        grey = mapped(index, table[:, 0])
        if np.array_equal(table[used, 0], used) or (not fits_any(grey, palette) and fits_any(index, palette)):
            values.ids = index
        elif set(table[used, 0].tolist()) <= {UNLABELLED, palette.background}:  # black and white show any two ids
            values.ids = index
            values.uncertain.append(
                "Its indices were taken for the ids, not its grey values, which are 0 and 255 only."
            )
        elif ids or fits_any(grey, palette):
            values.ids = grey
            values.translated.append("Its grey values were taken for the ids, not its indices, which differ from them.")
    elif ids or _agrees(color_map(), used, table):
        values.ids = index
    if values.ids is None:
        if any(_share(known, table[used], counts) >= ALMOST_ALL for known in color_tables(palette)):
            values.translated.append("Its colours were read, not its indices, which differ from the ids.")
        elif not _read_color_map(values, palette):
            values.packed = np.array_equal(used, np.arange(len(used))) and _is_padding(table[len(used) :])
            if not values.packed and fits_any(used, palette):
                values.ids = index
                values.uncertain.append(
                    "Its colour table is none that is known, so its indices were taken for the ids."
                )


def _is_padding(colors: np.ndarray) -> bool:
    """Whether the rest of a colour table (n, 3) is empty, or one colour."""
    return not len(colors) or bool((colors == colors[0]).all())


def _read_color_map(values: Values, palette: Palette) -> bool:
    """Take ids from the colours of PASCAL VOC's map, if all are of it and one is no colour of the palette's tables."""
    known = color_map()
    codes = packed(known.colors)
    is_known, present = np.zeros(1 << 24, bool), np.zeros(1 << 24, bool)
    is_known[codes] = True
    for part in rows(len(values.rgb)):
        of_strip = packed(values.rgb[part][values.opaque[part]])
        if not is_known[of_strip].all():
            return False
        present[of_strip] = True
    colors = set(present.nonzero()[0].tolist())
    if any(colors <= set(packed(t.colors).tolist()) for t in color_tables(palette)):
        return False
    values.ids = looked_up(values.rgb, codes, np.where(present[codes], known.ids, 0))
    values.translated.append("Its colours are those of PASCAL VOC's colour map, and were taken for the ids.")
    return True


def color_map() -> ColorTable:
    """The colour map of PASCAL VOC, by which many programs show class ids: bit 3k + c of the id is bit 7 - k of c."""
    ids = np.arange(UNLABELLED, dtype=np.int64)
    colors = np.zeros((len(ids), 3), np.int64)
    for k in range(3):
        for c in range(3):
            colors[:, c] |= (ids >> (3 * k + c) & 1) << (7 - k)
    colors, ids = np.vstack([colors, VOID_COLOR]), np.append(ids, UNLABELLED)
    return ColorTable(colors.astype(np.uint8), ids.astype(np.uint8))


def _agrees(known: ColorTable, used: np.ndarray, table: np.ndarray) -> bool:
    """Whether each index that is used has the colour of the class of that id."""
    colors = {(int(i), *map(int, c)) for i, c in zip(known.ids, known.colors)}
    return all((int(i), *map(int, table[i])) in colors for i in used)


def _share(known: ColorTable, colors: np.ndarray, counts: np.ndarray) -> float:
    """Share of pixels of these colours (n, 3), so many of each, whose colour is one of a table's, or nearly."""
    distance = nearest_colors(colors.astype(np.float32), known.colors.astype(np.float32))[1]
    return float(counts[distance <= FLAT].sum() / counts.sum())


def _undo_stretching(values: Values) -> None:
    """Divide 8 bits that a program stretched to 16."""
    assert values.ids is not None
    values.ids, factor = unstretched(values.ids)
    if factor > 1:
        values.translated.append(f"Its 16-bit values are ids times {factor}, and were divided by it.")


def _are_in_alpha(rgb: np.ndarray, alpha: np.ndarray, palette: Palette) -> bool:
    """Whether opacities (H, W) are ids: they fit, some are no usual opacities, and all of (H, W, 3) has one colour."""
    present = histogram(alpha)[0]
    partly = bool(((present > 0) & (present < UNLABELLED)).any())
    return partly and all((rgb[part] == rgb[0, 0]).all() for part in rows(len(rgb))) and fits_any(present, palette)
