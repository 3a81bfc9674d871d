"""Pixel values of other tools: which of our class ids they stand for.

Other tools write the same classes under other ids: Cityscapes' label ids, COCO-Stuff's raw ids, the orders in which
parsers number the parts of a face. A palette declares such conventions (`Palette.foreign`). Most look like our ids, so
four things decide, in this order: what the caller says, what the file's name says, which ids occur, and where the
classes would then lie (`typical`). What was assumed comes back in words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError, either
from ..method.palette import UNLABELLED, Palette
from ..method.palette_file import OWN_KEY, ForeignIds
from .typical import small_foreground, typical_likelihood

OWN_IDS = ("_labelTrainIds", "_trainIds")  # endings of names whose files hold the palette's own ids
# By how much one reading must be the likelier, in mean log likelihood per pixel that they differ in: to be preferred to
# the palette's own, and to need no word of doubt. `python -m benchmarks.reading` counts what these leave in doubt.
CLEAR, DOUBT = 1.0, 0.5
SLIGHT = 0.06  # share of pixels: readings of known places that differ in fewer are not weighed against each other
PLAUSIBLE = -3.0  # a reading must be at least that likely to count against the palette's own: of all data, 0.1 % is not
FEWEST = 3  # ids that a layout must have for their places to count against its own reading


@dataclass(frozen=True)
class Translation:
    labels: np.ndarray  # (H, W) uint8 class ids, and 255 where a value stands for no class
    translated: str = ""  # what the values were taken for, a sentence; "" for the palette's own ids
    uncertain: str = ""  # what else they could be, a sentence
    key: str = ""  # one of `ids_keys`: the convention that was taken; "" for pairs


def ids_keys(palette: Palette) -> list[str]:
    """What a person may call the ids of a layout."""
    return [OWN_KEY, *(convention.key for convention in palette.foreign.ids)]


def fits_any(values: np.ndarray, palette: Palette) -> bool:
    """Whether pixel values, of any shape, are ids of the palette or of one of its conventions."""
    present = _present(values)
    own = {int(i) for i in palette.ids}
    return present <= own or any(_present(_whole(present, c)) <= c.values for c in palette.foreign.ids)


def translate(values: np.ndarray, palette: Palette, stem: str, ids: str = "", usual: str = "") -> Translation:
    """Pixel values of a label map as class ids of the palette.

    Args:
        values: (H, W) whole numbers from 0.
        stem: the file's name without its suffix, which may name the convention.
        ids: what the values are: one of `ids_keys`, or pairs such as "17=hair,14=neck"; "" is found out.
        usual: one of `ids_keys`, which other files of the folder follow: it is preferred where the name says nothing.

    Returns:
        the values themselves if they follow no foreign convention (they may be no class of the palette), else class
        ids, and 255 where the convention has a value for no class.

    Raises:
        InputError: `ids` is none of these, or the values do not fit it.
    """
    if "=" in ids:
        return Translation(_by_pairs(values, palette, ids), f"Its ids were translated as asked: {ids}.")
    if ids and ids not in ids_keys(palette):
        raise InputError(
            f"the ids '{ids}' are unknown for {palette.name}; say {either(ids_keys(palette))}, "
            "or pairs such as 17=hair,14=neck"
        )
    if ids == OWN_KEY or (not ids and stem.endswith(OWN_IDS)):
        return Translation(_bytes(values), key=OWN_KEY)
    for convention in palette.foreign.ids:
        if convention.key == ids:
            foreign = sorted(_present(_whole(values, convention)) - convention.values)
            if foreign:
                raise InputError(f"its value {foreign[0]} is none of {convention.name} ids, which were asked for")
            return _translation(values, convention, "as asked")
    return _find_out(values, palette, stem, usual)


def _find_out(values: np.ndarray, palette: Palette, stem: str, usual: str) -> Translation:
    present = _present(values)
    unknown = sorted(i for i in present if i > 255 or palette.index_of_id[i] < 0)
    fitting = [c for c in palette.foreign.ids if _present(_whole(present, c)) <= c.values]
    named = [c for c in fitting if c.files and re.search(c.files, stem)]
    if len(named) == 1:
        return _translation(values, named[0], "as its name says")
    for convention in fitting:
        if convention.key == usual:
            return _translation(values, convention, "as most of its folder are")
    own = [] if unknown or named else [Translation(_bytes(values), key=OWN_KEY)]
    reason = "as its name says" if named else f"for id {unknown[0]} is no class of {palette.name}" if unknown else ""
    others = [_translation(values, c, reason) for c in named or fitting]
    others = [o for o in others if reason or not np.array_equal(o.labels, values)]
    if not others or (own and usual == OWN_KEY):
        return Translation(_bytes(values), key=OWN_KEY)
    readings = [_Reading.of(translation, palette) for translation in own + others]
    best = max(readings, key=lambda r: r.mean) if len(present) >= FEWEST else readings[0]  # the first of equals
    if own and (best is readings[0] or best.mean < PLAUSIBLE or best.lead(readings[0]) < CLEAR):
        best = readings[0]
    rivals = [r.translation for r in readings if r is not best and best.is_doubted(r)]
    rivals = [r for r in rivals if r.key != OWN_KEY and not np.array_equal(r.labels, best.translation.labels)]
    chosen = best.translation
    if own and best is not readings[0]:
        convention = next(c for c in fitting if c.key == chosen.key)
        chosen = _translation(values, convention, _where(values, chosen.labels, palette))
    return replace(chosen, uncertain=_doubt(rivals, palette))


@dataclass(frozen=True)
class _Reading:
    """A translation, and how well its classes lie where they usually do."""

    translation: Translation
    small: np.ndarray  # its foreground, small
    likelihood: np.ndarray  # log likelihood per pixel of it, pixels of no class counting as rare; 0 where none is known

    @classmethod
    def of(cls, translation: Translation, palette: Palette) -> _Reading:
        small = small_foreground(translation.labels, palette.background)
        likelihood = typical_likelihood(translation.labels, palette)
        return cls(translation, small, np.zeros(small.shape) if likelihood is None else likelihood)

    @property
    def mean(self) -> float:
        return float(self.likelihood.mean())

    def lead(self, other: _Reading) -> float:
        """By how much it is the likelier, per pixel that the two differ in; 0 where they do not."""
        differ = self.small != other.small
        return float((self.likelihood - other.likelihood)[differ].mean()) if differ.any() else 0.0

    def is_doubted(self, other: _Reading) -> bool:
        """Whether the other could be meant as well."""
        slight = self.likelihood.any() and (self.small != other.small).mean() < SLIGHT
        return not slight and self.lead(other) < DOUBT


def _translation(values: np.ndarray, convention: ForeignIds, reason: str) -> Translation:
    """Values of a convention as class ids."""
    table = np.full(256, UNLABELLED, np.uint8)
    for foreign, class_id in convention.classes:
        table[foreign] = class_id
    sentence = f"Its ids were taken for {convention.name}, {reason}."
    return Translation(table[_bytes(_whole(values, convention))], sentence, key=convention.key)


def _doubt(rivals: list[Translation], palette: Palette) -> str:
    """What a person can say who knows better; "" where there is no doubt."""
    words = [f"{c.name} (ids {c.key})" for c in palette.foreign.ids if c.key in {r.key for r in rivals}]
    return f"Its ids could also be {either(words)}." if words else ""


def _where(values: np.ndarray, labels: np.ndarray, palette: Palette) -> str:
    """Why a translation is the likelier reading: the largest region that it moves, and what it would have been."""
    moved = np.bincount(values[values != labels].ravel(), minlength=256)
    foreign = int(moved.argmax())
    names = {c.id: c.name for c in palette.classes} | {UNLABELLED: "nothing"}
    become = names[int(labels[values == foreign][0])]
    return f"for id {foreign} lies where {become} usually does, not {names.get(foreign, 'nothing')}"


def _by_pairs(values: np.ndarray, palette: Palette, text: str) -> np.ndarray:
    """ "17=hair,14=neck" -> class ids; values that no pair names stay what they are."""
    names = {c.name: c.id for c in palette.classes} | {str(c.id): c.id for c in palette.classes}
    labels = _bytes(values)
    for pair in text.split(","):
        value, _, name = (word.strip() for word in pair.partition("="))
        if not value.isascii() or not value.isdigit() or name not in names:
            raise InputError(f"'{pair}' is no pair of a pixel value and a class of {palette.name}, such as 17=hair")
        labels[values == int(value)] = names[name]
    return labels


def _whole(values: np.ndarray | set[int], convention: ForeignIds) -> np.ndarray:
    """Ids without the numbers of instances."""
    values = np.array(sorted(values)) if isinstance(values, set) else values
    if not convention.instances:
        return values
    return np.where(values >= convention.instances, values // convention.instances, values)


def _present(values: np.ndarray) -> set[int]:
    return set(np.unique(values).tolist()) - {UNLABELLED}


def _bytes(values: np.ndarray) -> np.ndarray:
    """Values as bytes; what is above 255 becomes 255."""
    return np.minimum(values, UNLABELLED).astype(np.uint8)
