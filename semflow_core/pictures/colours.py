"""Class ids from the colours of a picture, which a JPEG may have made noisy.

A coloured layout is painted in the palette's display colours, in those of another tool (`Palette.foreign`) or in the
anchors of a codebook. A photo is none of these: it has no large areas of one colour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..errors import InputError
from ..method.codebook import Codebook
from ..method.palette import UNLABELLED, Palette
from .files import LARGE
from .pixels import mapped
from .strips import rows as strips_of
from .typical import typical_likelihood

# When colours pass for a palette's, in 0..255 units. Measured on 50 layouts saved as JPEG (quality 50 to 90):
# 56 % of the pixels or more stay within 8, of a photo's at most 11 %; 92 % or more stay within 40.
FLAT, FLAT_SHARE = 8.0, 0.4  # areas of one colour, which a photo does not have
NEAR, NEAR_SHARE, NEAR_SHARE_LOSSY = 40.0, 0.99, 0.9  # borders, which JPEG smears
BESIDE = 5  # side of the square, in pixels, in which a pixel between two colours looks for its class
FEW = 1 << 15  # colours that a layout has at most whose red and blue may be exchanged; a JPEG smears hundreds
SOME = 200_000  # pixels by which a large photo is distinguished from a layout
CHUNK = 1 << 16  # colours compared at once: a noisy photo has millions of them, times 171 classes


@dataclass(frozen=True)
class ColorTable:
    """One set of colours that a layout may be painted in."""

    colors: np.ndarray  # (n, 3) uint8
    ids: np.ndarray  # (n,) uint8, the class id of each colour; a class may have several
    note: str = ""  # sentence about the assumption that a picture has these colours
    ignores_black: bool = False  # black is one of the colours but proves nothing: dark parts of photos have it, too


def color_tables(palette: Palette) -> list[ColorTable]:
    """The palette's display colours (with its void colours), then each foreign set of colours."""
    void = palette.foreign.void_colors
    ids = np.concatenate([palette.ids, np.full(len(void), UNLABELLED, np.uint8)])
    colors = np.concatenate([palette.colors, np.array(void, np.uint8).reshape(-1, 3)])
    tables = [ColorTable(colors, ids, ignores_black=_has_black(colors))]
    for foreign in palette.foreign.colors:
        colors, ids = (np.array(column, np.uint8) for column in zip(*foreign.classes))
        note = f"Its colours were taken for {foreign.name}."
        tables.append(ColorTable(colors, ids, note, ignores_black=_has_black(colors)))
    return tables


def _has_black(colors: np.ndarray) -> bool:
    return bool((colors == 0).all(1).any())


def exchanged_tables(palette: Palette) -> list[ColorTable]:
    """The same colours with red and blue exchanged, as programs leave them that take BGR for RGB."""
    note = "Red and blue of its colours are exchanged, and were exchanged back."
    tables = color_tables(palette)
    return [replace(t, colors=t.colors[:, ::-1].copy(), note=f"{t.note} {note}".lstrip()) for t in tables]


def ids_of_colors(
    rgb: np.ndarray, palette: Palette, codebook: Codebook | None, lossy: bool, name: str
) -> tuple[np.ndarray, int, str]:
    """Class ids of a coloured layout. A picture has few colours, so each is looked up once.

    Args:
        rgb: (H, W, 3) uint8.
        codebook: whose anchors are accepted too, exactly; None accepts none.
        lossy: whether the file's format smears borders.
        name: the file's name, for the message.

    Returns:
        (H, W) uint8 class ids, the number of pixels that lie between two colours, and a note on what was assumed.

    Raises:
        InputError: too few pixels have one of the colours.
    """
    if rgb.shape[0] * rgb.shape[1] > LARGE:
        _refuse_photo(rgb, palette, codebook, lossy, name)
    codes, counts = color_counts(rgb)
    colors = unpacked(codes).astype(np.float32)  # (m, 3)
    far, best = float("inf"), list[tuple[ColorTable, np.ndarray, np.ndarray, np.ndarray]]()
    for table in _tables(palette, len(codes)):
        match = (table, *nearest_colors(colors, table.colors.astype(np.float32)))
        distance_of_all = float(match[2] @ counts)
        if distance_of_all <= far:
            best = [*(best if distance_of_all == far else []), match]
            far = distance_of_all
    if len(best) > 1 and best[0][0].note:  # the palette's own colours are nobody else's
        best.sort(key=lambda match: -_likelihood(looked_up(rgb, codes, match[0].ids[match[1]]), palette))
    table, index, distance, second = best[0]
    if distance.any() and codebook is not None:
        anchor, off, _ = nearest_colors(colors, codebook.anchors.numpy())
        if not off.any():
            return looked_up(rgb, codes, palette.ids[anchor]), 0, ""
    flat, near = _shares(table, index, distance, counts)
    if flat < FLAT_SHARE or near < (NEAR_SHARE_LOSSY if lossy else NEAR_SHARE):
        raise _no_colors(name, palette, near)
    unsure = (2 * distance > second) | (distance > 2 * FLAT)
    if not unsure.any():
        return looked_up(rgb, codes, table.ids[index]), 0, table.note
    rows = looked_up(rgb, codes, index.astype(np.uint16))
    _settle_by_neighbours(rows, looked_up(rgb, codes, unsure), rgb, table)
    return mapped(rows, table.ids), int(counts[unsure].sum()), table.note


def _tables(palette: Palette, colors: int) -> list[ColorTable]:
    """Those that a picture of so many different colours is compared with: a photo has many, and each takes its time."""
    return color_tables(palette) + (exchanged_tables(palette) if colors <= FEW else [])


def _shares(table: ColorTable, index: np.ndarray, distance: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Shares of the pixels: in areas of one colour, among those that say something; near one of the colours at all."""
    evidence = counts * table.colors[index].any(1) if table.ignores_black else counts
    flat = evidence[distance <= FLAT].sum() / max(1, evidence.sum())
    return float(flat), float(counts[distance <= NEAR].sum() / counts.sum())


def _no_colors(name: str, palette: Palette, near: float) -> InputError:
    far_off = f", on {100 * (1 - near):.0f} % of its pixels far from any" if near < 0.995 else ""
    return InputError(
        f"the layout {name} has colours that are no class of {palette.name}{far_off}; "
        "a layout holds class ids as grey values or exactly the palette's colours"
    )


def _refuse_photo(rgb: np.ndarray, palette: Palette, codebook: Codebook | None, lossy: bool, name: str) -> None:
    """Refuse a large photo by some of its pixels: all of them may have ten million colours.

    Raises:
        InputError: so few of them have the colours of any table that all of them could not do either.
    """
    every = math.ceil(math.sqrt(rgb.shape[0] * rgb.shape[1] / SOME))
    codes, counts = color_counts(np.ascontiguousarray(rgb[::every, ::every]))
    colors, least = unpacked(codes).astype(np.float32), NEAR_SHARE_LOSSY if lossy else NEAR_SHARE
    if codebook is not None and not nearest_colors(colors, codebook.anchors.numpy())[1].any():
        return
    nearest = list[tuple[float, float]]()
    for table in _tables(palette, len(codes)):
        index, distance, _ = nearest_colors(colors, table.colors.astype(np.float32))
        flat, near = _shares(table, index, distance, counts)
        if flat >= FLAT_SHARE / 2 and near >= least / 2:
            return
        nearest.append((float(distance @ counts), near))
    raise _no_colors(name, palette, min(nearest)[1])


def packed(colors: np.ndarray) -> np.ndarray:
    """(…, 3) uint8 -> one number per colour, uint32."""
    wide = colors.astype(np.uint32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


def unpacked(codes: np.ndarray) -> np.ndarray:
    """The other way, (n, 3)."""
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1)


def color_counts(rgb: np.ndarray, where: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The different colours of a picture (H, W, 3) as numbers, ascending, and the pixels of each, both int64.

    Args:
        where: (H, W) bool, the pixels that count; None is all.
    """
    counted = np.zeros(1 << 24, np.uint32)  # of which only the pages are taken that are written to
    for part in strips_of(rgb.shape[0]):
        codes = packed(rgb[part]).ravel() if where is None else packed(rgb[part][where[part]])
        starts = np.flatnonzero(np.diff(codes, prepend=codes[:1] ^ 1)) if len(codes) else codes
        order, run = np.unique(codes[starts], return_inverse=True)
        counted[order] += np.bincount(run, np.diff(starts, append=len(codes)), len(order)).astype(np.uint32)
    present = counted.nonzero()[0]
    return present, counted[present].astype(np.int64)


def looked_up(rgb: np.ndarray, codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(H, W): for each pixel the value of its colour, of colours as numbers and a value for each."""
    table = np.zeros(1 << 24, values.dtype)
    table[codes] = values
    pixels = np.empty(rgb.shape[:2], values.dtype)
    for part in strips_of(rgb.shape[0]):
        pixels[part] = table[packed(rgb[part])]
    return pixels


def _likelihood(labels: np.ndarray, palette: Palette) -> float:
    likelihood = typical_likelihood(palette.paintable(labels), palette)
    return 0.0 if likelihood is None else float(likelihood.mean())


def nearest_colors(colors: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of `colors` (m, 3): the nearest row of `table` (n, 3), its distance, and the second nearest's."""
    index = np.empty(len(colors), np.int64)
    distance, second = np.empty((2, len(colors)), np.float32)
    for at in range(0, len(colors), CHUNK):
        part = colors[at : at + CHUNK]
        # |c - t|^2 without |c|^2; float32 is exact, every term is a whole number below 2^24
        d = (table**2).sum(1) - 2 * part @ table.T
        index[at : at + len(part)] = d.argmin(1)
        two = np.sqrt(np.partition(d, 1, axis=1)[:, :2].T + (part**2).sum(1))
        distance[at : at + len(part)], second[at : at + len(part)] = two
    return index, distance, second


def _settle_by_neighbours(rows: np.ndarray, unsure: np.ndarray, rgb: np.ndarray, table: ColorTable) -> None:
    """Give each unsure pixel the nearest of the colours that surely lie beside it, in place.

    What JPEG mixes of two colours at a border may be a third one's, which occurs nowhere near.

    Args:
        rows: (H, W) rows of `table.colors`.
        unsure: (H, W) bool.
    """
    halo, out = BESIDE // 2, np.empty_like(rows)
    for part in strips_of(rows.shape[0]):
        near = slice(max(0, part.start - halo), part.stop + halo)  # what the square reaches
        within = slice(part.start - near.start, part.stop - near.start)
        out[part] = _settled(rows[near], unsure[near], rgb[near], table)[within]
    rows[...] = out


def _settled(rows: np.ndarray, unsure: np.ndarray, rgb: np.ndarray, table: ColorTable) -> np.ndarray:
    settled, best = rows[unsure], np.full(int(unsure.sum()), np.inf, np.float32)
    pixels, square = rgb[unsure].astype(np.float32), np.ones((BESIDE, BESIDE), np.uint8)
    for row in np.unique(rows[~unsure]):
        beside = cv2.dilate(((rows == row) & ~unsure).astype(np.uint8), square)[unsure] > 0
        distance = np.where(beside, ((pixels - table.colors[row]) ** 2).sum(1), np.inf)
        settled[distance < best] = row
        best = np.minimum(best, distance)
    rows = rows.copy()
    rows[unsure] = settled
    return rows
