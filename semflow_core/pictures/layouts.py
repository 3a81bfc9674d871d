"""Pictures at the border: photos, layouts and animations, read from and written to files.

Reading turns every kind of picture file into one array or one sentence. Writing is atomic: a file
appears under its name when it is whole, never before.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ..errors import InputError
from ..method.codebook import Codebook
from ..method.palette import Palette
from .colour_match import BESIDE, FLAT, FLAT_SHARE, LOSSY, NEAR, NEAR_SHARE, NEAR_SHARE_LOSSY, nearest_colors
from .files import open_picture, picture_name, write_atomically
from .foreign import CITYSCAPES_LAST, Colors, known_colors, merge_parts, part_of, same_face, translate


@dataclass(frozen=True)
class Layout:
    labels: np.ndarray  # (H, W) uint8 class ids
    note: str  # what was assumed or could not be read for certain, in sentences; "" if nothing


def read_layout(
    source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None
) -> np.ndarray:
    """The class ids of a layout file or folder of parts, (H, W) uint8: `open_layout` without its note.

    Raises:
        InputError: see `open_layout`.
    """
    return open_layout(source, palette, codebook).labels


def open_layout(
    source: str | os.PathLike[str] | bytes | Sequence[Path], palette: Palette, codebook: Codebook | None = None
) -> Layout:
    """A layout file as class ids, and what was assumed in reading it.

    Grey and palette pictures (modes L and P) hold ids as pixel values, ours or those of `data.formats`. Coloured
    ones hold the palette's display colours or the data set's, or exactly the anchors of `codebook`; the first two may
    be noisy, as a JPEG makes them. Transparent pixels are the palette's background. A folder, or several files, hold
    the parts of one picture (00012_hair.png), each white where its class is.

    Raises:
        InputError: not a picture, out of bounds, ids that are no class, or colours that are no class.
    """
    if isinstance(source, Sequence) and not isinstance(source, (str, bytes)):
        return _read_parts([Path(p) for p in source], palette)
    if not isinstance(source, bytes) and Path(source).is_dir():
        return _read_parts(sorted(Path(source).iterdir()), palette)
    if not isinstance(source, bytes) and part_of(Path(source), palette):
        return _read_parts([Path(source)], palette)
    image = open_picture(source, "layout")
    if _holds_ids(image):
        ids = np.asarray(image)
        if ids.max() > 255:
            raise InputError(f"the layout {picture_name(source)} has 16-bit ids up to {ids.max()}; ids are at most 255")
        ids, note = translate(ids.astype(np.uint8), palette, Path(picture_name(source)).stem)
        try:
            palette.index(ids)
        except InputError as error:
            raise InputError(f"{picture_name(source)}: {error}") from None
        return Layout(ids, note)
    rgba = np.asarray(image.convert("RGBA"))
    near_share = NEAR_SHARE_LOSSY if image.format in LOSSY else NEAR_SHARE
    ids, uncertain, note = _ids_of_colors(rgba[..., :3], palette, codebook, near_share, picture_name(source))
    ids[rgba[..., 3] < 128] = palette.background
    if uncertain:
        share = f"{uncertain:,} of its pixels ({100 * uncertain / ids.size:.1f} %)"
        note = f"{note} {share} lie between two colours and took the nearer of the classes beside them.".lstrip()
    return Layout(ids, note)


def is_layout(source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None) -> bool:
    """Whether a picture file is meant as a layout: few enough different ids, or colours of the palette.

    Raises:
        InputError: not a picture, or its size is out of bounds.
    """
    if not isinstance(source, bytes) and (Path(source).is_dir() or part_of(Path(source), palette)):
        return True
    image = open_picture(source, "picture")
    if _holds_ids(image):
        # a wrong id must be complained about, so this counts values and does not look at them; label ids are more
        return len(np.unique(np.asarray(image))) <= max(len(palette.classes), CITYSCAPES_LAST + 2)
    try:
        read_layout(source, palette, codebook)
    except InputError:
        return False
    return True


def _read_parts(paths: Sequence[Path], palette: Palette) -> Layout:
    """Part files of one picture; others are left out and named in the note."""
    parts = [p for p in paths if part_of(p, palette)]
    if not parts:
        raise InputError(
            f"none of these files is a part of a layout, which is named as 00012_{palette.classes[-1].name}.png is; "
            "open other pictures one at a time"
        )
    same_face(parts, palette)
    masks: dict[str, np.ndarray] = {}
    for path in parts:
        part = part_of(path, palette)
        assert part is not None
        masks[part[1]] = np.asarray(open_picture(path, "part").convert("L")) > 127
    others = [p.name for p in paths if p not in parts]
    note = f"Put together from {len(parts)} {'part' if len(parts) == 1 else 'parts'}."
    if others:
        note += f" Left out, being no part: {', '.join(others[:3])}{', …' if others[3:] else ''}."
    return Layout(merge_parts(masks, palette), note)


def _holds_ids(image: Image.Image) -> bool:
    """Whether the pixel values can be ids: one channel, and no JPEG, whose values are not exact."""
    one_channel = image.mode in ("L", "P", "1") or image.mode.startswith("I")
    return one_channel and image.format not in LOSSY


def _ids_of_colors(
    rgb: np.ndarray, palette: Palette, codebook: Codebook | None, near_share: float, name: str
) -> tuple[np.ndarray, int, str]:
    """(H, W, 3) uint8 -> (H, W) uint8 ids, how many pixels lie between two colours, and what was assumed.

    A picture has few colours, so each is looked up once.
    """
    packed = rgb.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    unique, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(packed.shape)
    colors = np.stack([unique >> 16, unique >> 8 & 255, unique & 255], axis=-1).astype(np.float32)  # (m, 3)
    readings = [(known, *nearest_colors(colors, known.colors.astype(np.float32))) for known in known_colors(palette)]
    known, index, distance, second = min(readings, key=lambda reading: float(reading[2] @ counts))
    if distance.any() and codebook is not None:
        anchor, off, _ = nearest_colors(colors, codebook.anchors.numpy())
        if not off.any():
            return palette.ids[anchor][inverse], 0, ""
    telling = counts * known.colors[index].any(1) if known.black else counts
    flat = telling[distance <= FLAT].sum() / max(1, telling.sum())
    near = counts[distance <= NEAR].sum() / counts.sum()
    if flat < FLAT_SHARE or near < near_share:
        raise InputError(
            f"the layout {name} has colours that are no class of {palette.name}, "
            f"on {100 * (1 - near):.0f} % of its pixels far from any; "
            "a layout holds class ids as grey values or exactly the palette's colours"
        )
    unsure = (2 * distance > second) | (distance > 2 * FLAT)
    rows = index[inverse]
    if unsure.any():
        _ask_neighbours(rows, unsure[inverse], rgb, known)
    return known.ids[rows], int(counts[unsure].sum()), known.note


def _ask_neighbours(rows: np.ndarray, unsure: np.ndarray, rgb: np.ndarray, known: Colors) -> None:
    """Decide unsure pixels among the colours that lie beside them for certain, in place.

    What JPEG mixes of two colours at a border may be a third's, which is found nowhere near.

    Args:
        rows: (H, W) rows of `known.colors`.
        unsure: (H, W) bool.
    """
    own, best = rows[unsure], np.full(int(unsure.sum()), np.inf, np.float32)
    pixels, square = rgb[unsure].astype(np.float32), np.ones((BESIDE, BESIDE), np.uint8)
    for row in np.unique(rows[~unsure]):
        beside = cv2.dilate(((rows == row) & ~unsure).astype(np.uint8), square)[unsure] > 0
        distance = np.where(beside, ((pixels - known.colors[row]) ** 2).sum(1), np.inf)
        own[distance < best] = row
        best = np.minimum(best, distance)
    rows[unsure] = own


def write_layout(path: str | os.PathLike[str], labels: np.ndarray, palette: Palette) -> None:
    """Write class ids (H, W) uint8 as a PNG of mode P: ids as pixel values, shown in the palette's colours.

    Raises:
        InputError: the folder cannot be written to.
    """
    image = Image.fromarray(np.ascontiguousarray(labels, np.uint8))
    image.putpalette(palette.color_of_id.tobytes())  # turns mode L into P, all 256 entries
    write_atomically(path, lambda temporary: image.save(temporary, "PNG"))
