"""Layouts: class ids, read from every kind of picture that holds them and written as index PNGs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ..assets import asset
from ..errors import InputError
from ..method.codebook import Codebook
from ..method.palette import UNLABELLED, Palette
from ..method.palette_file import OWN_KEY
from .colours import ids_of_colors
from .files import picture_name, write_atomically
from .foreign import translate
from .layout import Layout, percent
from .parts import part_of, read_parts
from .pixels import histogram
from .values import Values, read_values

LAYOUT_DIR = asset("layouts")
BLACK_WHITE = "It holds nothing but {name} ({id}) and 255, which stands for no class; ids 255=CLASS says what white is."
FOLLOWING = {"Its ids could": "they could", "All but": "all but"}  # beginnings of sentences, within one
MOST_IDS = 35  # different values of a picture that may hold ids at least; a grey photo has more


@dataclass(frozen=True)
class Example:
    """A layout that ships with the project, as `assets/layouts/index.json` lists it."""

    title: str
    file: Path


def read_layout(
    source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None, ids: str = ""
) -> np.ndarray:
    """The class ids of a layout file or folder of parts, (H, W) uint8: `open_layout` without its note.

    Raises:
        InputError: see `open_layout`.
    """
    return open_layout(source, palette, codebook, ids).labels


def open_layout(
    source: str | os.PathLike[str] | bytes | Sequence[Path],
    palette: Palette,
    codebook: Codebook | None = None,
    ids: str = "",
) -> Layout:
    """A layout file as class ids, and what was assumed in reading it (docs/compatibility.md).

    Grey pictures hold ids as pixel values, ours or those of `foreign`; so do pictures whose channels are equal, and
    indexed ones unless their colours say otherwise. Coloured ones hold the palette's display colours or another tool's,
    or exactly the anchors of `codebook`; the first two may be noisy, as a JPEG makes them. Transparent pixels are the
    palette's background. A folder, or several files, hold the parts of one picture (00012_hair.png), each white where
    its class is.

    Args:
        ids: what its pixel values are, where the caller knows: see `foreign.translate`.

    Raises:
        InputError: not a picture, out of bounds, ids that are no class, or colours that are no class.
    """
    layout = _read(source, palette, codebook, ids)
    return replace(layout, labels=palette.paintable(layout.labels))


def read_mask(source: str | os.PathLike[str] | bytes, palette: Palette, ids: str = "", usual: str = "") -> Layout:
    """An annotation: a layout as `open_layout` reads it, except that pixels of no class are 255.

    Args:
        ids, usual: whose ids its pixel values are, and those of its folder: see `foreign.translate`.

    Raises:
        InputError: not a picture, out of bounds, ids that are neither a class nor 255, or colours that are no class.
    """
    layout = _read(source, palette, ids=ids, usual=usual, keep_void=True)
    return (
        replace(layout, uncertain=f"{layout.uncertain} {doubt}".strip())
        if (doubt := _white(layout, palette))
        else layout
    )


def is_layout(source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None) -> bool:
    """Whether a picture file is meant as a layout: few enough different ids, or colours of the palette.

    A million pixels, evenly spread, say so of a larger picture.

    Raises:
        InputError: not a picture, or one that is too large to be decoded.
    """
    if not isinstance(source, bytes) and (Path(source).is_dir() or part_of(Path(source), palette)):
        return True
    values = read_values(source, palette, sample=True)
    if values.ids is not None:
        # values are counted, not compared: a layout with a wrong id must be complained about as a layout
        conventions = [len(convention.values) + 1 for convention in palette.foreign.ids]
        return len(histogram(values.ids)[0]) <= max(MOST_IDS, len(palette.classes), *conventions)
    try:
        _labels_of(values, palette, codebook, "", "picture")
    except InputError:
        return False
    return True


def write_layout(path: str | os.PathLike[str], labels: np.ndarray, palette: Palette) -> None:
    """Write class ids (H, W) uint8 as a PNG of mode P: ids as pixel values, shown in the palette's colours.

    Raises:
        InputError: the folder cannot be written to.
    """
    image = Image.fromarray(np.ascontiguousarray(labels, np.uint8))
    image.putpalette(palette.color_of_id.tobytes())  # turns mode L into P, all 256 entries
    write_atomically(path, lambda temporary: image.save(temporary, "PNG"))


def example_layouts(palette: Palette) -> list[Example]:
    """The layouts of a palette that ship with the project, in the order of the index; may be none."""
    index = json.loads((LAYOUT_DIR / "index.json").read_text(encoding="utf-8"))
    return [Example(entry["title"], LAYOUT_DIR / entry["file"]) for entry in index.get(palette.name, [])]


def _read(
    source: str | os.PathLike[str] | bytes | Sequence[Path],
    palette: Palette,
    codebook: Codebook | None = None,
    ids: str = "",
    usual: str = "",
    keep_void: bool = False,
) -> Layout:
    """One picture or the parts of one; with `keep_void` a palette without a class 255 does not refuse 255."""
    if isinstance(source, Sequence) and not isinstance(source, (str, bytes)):
        return _joined([Path(p) for p in source], palette)
    if not isinstance(source, bytes) and Path(source).is_dir():
        return _joined(sorted(Path(source).iterdir()), palette)
    if not isinstance(source, bytes) and part_of(Path(source), palette):
        return _joined([Path(source)], palette)
    values, name = read_values(source, palette, ids), picture_name(source)
    layout = _labels_of(values, palette, codebook, ids, name, usual)
    if not layout.translated or values.ids is None:  # our own ids, in which 255 is a mistake unless the palette has it
        labels = layout.labels
        present = histogram(labels)[0]
        checked = present[present != UNLABELLED] if keep_void or values.ids is None else present
        _check_ids(checked, palette, name, layout.uncertain)
    values.translated += [f"Only the first of its {values.pages} pages was read."] if values.pages > 1 else []
    notes = [*values.translated, layout.translated], [layout.uncertain, *values.uncertain]
    translated, uncertain = (" ".join(filter(None, sentences)) for sentences in notes)
    return replace(layout, form=values.form, translated=translated, uncertain=uncertain)


def black_and_white(palette: Palette) -> str:
    """The sentence on a mask that may say white where it means a class."""
    name = next(c.name for c in palette.classes if c.id == palette.background)
    return BLACK_WHITE.format(name=name, id=palette.background)


def _white(layout: Layout, palette: Palette) -> str:
    """That sentence where it fits."""
    present = set(histogram(layout.labels)[0].tolist())
    only = present <= {palette.background, UNLABELLED} and UNLABELLED in present
    return black_and_white(palette) if only and layout.ids == OWN_KEY and palette.index_of_id[UNLABELLED] < 0 else ""


def _joined(paths: Sequence[Path], palette: Palette) -> Layout:
    labels, note = read_parts(paths, palette)
    return Layout(labels, "black and white parts", note)


def _labels_of(
    values: Values, palette: Palette, codebook: Codebook | None, ids: str, name: str, usual: str = ""
) -> Layout:
    """Class ids of what a file holds, and 255 where a foreign convention has a value for no class."""
    if values.ids is not None:
        visible = values.ids
        if (least := int(visible.min())) < 0:
            raise InputError(
                f"the layout {name} has values below 0, such as {least}; ids are whole numbers from 0 to 255"
            )
        if not values.opaque.all():  # what lies under transparent pixels says nothing
            visible = np.where(values.opaque, visible, visible[values.opaque].min(initial=0))
        own = values.certain and not ids
        result = translate(visible, palette, Path(name).stem, OWN_KEY if own else ids, usual)
        if visible.max() > UNLABELLED and not result.translated:
            raise InputError(f"the layout {name} has 16-bit ids up to {visible.max()}; ids are at most 255")
        labels, translated, uncertain, key = result.labels, result.translated, result.uncertain, result.key
    elif values.packed:
        raise packed_anew(name, palette)
    elif ids:
        raise InputError(
            f"the layout {name} has colours, or is a {values.form}, and holds no ids that could be '{ids}'"
        )
    else:
        rgb = values.rgb
        if not values.opaque.all():
            rgb[~values.opaque] = rgb.reshape(-1, 3)[values.opaque.argmax()]
        try:
            labels, count, translated = ids_of_colors(rgb, palette, codebook, values.lossy, name)
        except InputError as error:
            if values.grey is not None and values.lossy:
                raise InputError(
                    f"{error}; the values of a grey {values.form.split()[-1]} are near the ids that were written, "
                    "but not they: write it as PNG"
                ) from None
            if values.grey is not None:
                _check_ids(np.minimum(histogram(values.grey)[0], UNLABELLED), palette, name)
            raise
        uncertain, key = "", ""
        if count:
            share = f"{count:,} of its pixels ({100 * count / labels.size:.1f} %)"
            uncertain = f"{share} lie between two colours and took the nearer of the classes beside them."
    if not values.opaque.all():
        if values.ids is None or (values.ids[~values.opaque] != palette.background).any():
            share = percent(float((~values.opaque).mean()))
            values.translated.append(f"{share} of it is transparent, and was taken for the background.")
        labels = np.where(values.opaque, labels, np.uint8(palette.background))
    return Layout(labels, values.form, translated, uncertain, key, values.turned)


def packed_anew(name: str, palette: Palette) -> InputError:
    """The sentence for an indexed picture that says nothing of its classes."""
    return InputError(
        f"the indexed picture {name} has colours that are no class of {palette.name}, and its indices only count them, "
        "as programs leave them that pack a colour table anew; save it in the palette's colours or as grey ids, or "
        f"say what its indices are (ids {OWN_KEY}, if they are the ids)"
    )


def _check_ids(ids: np.ndarray, palette: Palette, name: str, doubt: str = "") -> None:
    try:
        palette.index(ids)
    except InputError as error:
        also = re.sub("^(Its ids could|All but)", lambda m: f"; {FOLLOWING[m[0]]}", doubt).rstrip(".")
        raise InputError(str(error).replace("the layout", f"the layout {name}", 1) + also) from None
