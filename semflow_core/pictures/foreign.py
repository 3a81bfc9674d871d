"""Pixel values of other tools: which of our class ids they stand for.

Other tools write the same classes under other ids: Cityscapes' label ids, COCO-Stuff's raw ids, the orders in which
parsers number the parts of a face. A palette declares such conventions (`Palette.foreign`). Most look like our ids, so
four things decide, in this order: what the caller says, what the file's name says, which ids occur, and where the
classes would then lie (`typical`), which overrules the name and the ids where it is clear. An id that few pixels have
is damage, and no sign of another convention. What was assumed comes back in words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..errors import InputError, either
from ..method.palette import UNLABELLED, Palette
from ..method.palette_file import OWN_KEY, ForeignIds
from .pixels import histogram, mapped
from .readings import CLEAR, DOUBT, Reading, Translation, likeliest_of

OWN_IDS = ("_labelTrainIds", "_trainIds")  # endings of names whose files hold the palette's own ids
FEWEST = 3  # ids that a layout must have for their places to count against its own reading
DAMAGED = 0.002  # share of pixels whose ids are no class, up to which they count as damage; at most 4 pixels always do


def ids_keys(palette: Palette) -> list[str]:
    """What a person may call the ids of a layout."""
    return [OWN_KEY, *(convention.key for convention in palette.foreign.ids)]


def check_ids(ids: str, palette: Palette) -> None:
    """Raise InputError if what a caller says of ids is none of `ids_keys`, no pairs of the palette's, and not ""."""
    if "=" in ids:
        _pairs_of(ids, palette)
    elif ids and ids not in ids_keys(palette):
        raise InputError(
            f"the ids '{ids}' are unknown for {palette.name}; say {either(ids_keys(palette))}, "
            "or pairs such as 17=hair,14=neck"
        )


def fits_any(values: np.ndarray, palette: Palette) -> bool:
    """Whether pixel values, of any shape, are ids of the palette or of one of its conventions."""
    present = _present(values)
    own = {int(i) for i in palette.ids}
    return present <= own or any(_present(present, c) <= c.values for c in palette.foreign.ids)


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
    check_ids(ids, palette)
    if "=" in ids:
        return Translation(_by_pairs(values, palette, ids), f"Its ids were translated as asked: {ids}.")
    if ids == OWN_KEY or (not ids and stem.endswith(OWN_IDS)):
        return Translation(_bytes(values), key=OWN_KEY)
    for convention in palette.foreign.ids:
        if convention.key == ids:
            foreign = sorted(_present(values, convention) - convention.values)
            if foreign:
                raise InputError(f"its value {foreign[0]} is none of {convention.name} ids, which were asked for")
            return _translation(values, convention, "as asked")
    return _find_out(values, palette, stem, usual)


def _find_out(values: np.ndarray, palette: Palette, stem: str, usual: str) -> Translation:
    different, counts = histogram(values)
    occurring = dict(zip(different.tolist(), counts.tolist()))
    present = set(occurring) - {UNLABELLED}
    unknown = sorted(i for i in present if i > 255 or palette.index_of_id[i] < 0)
    fitting = [c for c in palette.foreign.ids if _present(present, c) <= c.values]

    def reading_by(convention: ForeignIds) -> Reading:
        labels, each = (_translation(v, convention, "").labels for v in (values, different))
        return Reading.of(convention.key, labels, each, palette)

    readings = {c.key: reading_by(c) for c in fitting}
    own = Reading.of(OWN_KEY, _bytes(values), _bytes(different), palette)
    if named := [c for c in fitting if c.files and re.search(c.files, stem)]:
        alike = [c for c in named if c.key == usual] or named
        best = max((readings[c.key] for c in alike), key=lambda r: r.mean)  # the first of equals
        rivals = [r for r in (*([] if unknown else [own]), *readings.values()) if r is not best]
        clear = [r for r in rivals if r.is_likelier(best, DOUBT if r.key == usual else CLEAR)]
        if len(present) < FEWEST or not clear:
            doubts = [readings[c.key] for c in alike]
            return _said(values, best, "as its name says", doubts, palette)
        best = max(clear, key=lambda r: r.mean)
        best = own if own in clear and not best.is_likelier(own, CLEAR) else best
        return _said(values, best, f"{_where(values, best, palette)}, though its name says otherwise", [], palette)
    if usual in readings:
        return _said(values, readings[usual], "as most of its folder are", [], palette)
    others = [r for r in readings.values() if unknown or not np.array_equal(r.classes, different)]
    as_own = Translation(_bytes(values), key=OWN_KEY)
    if usual == OWN_KEY and not unknown:
        return as_own
    if not others:
        return replace(as_own, uncertain=_nearly(occurring, palette) if unknown else "")
    likeliest = likeliest_of(others, palette) if len(present) >= FEWEST else others[0]
    if unknown and usual != OWN_KEY and not _is_damage(occurring, unknown):
        if not own.is_likelier(likeliest, CLEAR):
            chosen = _said(values, likeliest, f"for id {unknown[0]} is no class of {palette.name}", others, palette)
            odd = "" if likeliest.is_usual else "Its classes lie where they seldom do."
            return replace(chosen, uncertain=f"{odd} {chosen.uncertain}".strip())
    elif len(present) >= FEWEST and usual != OWN_KEY and likeliest.is_likelier(own, CLEAR):
        return _said(values, likeliest, _where(values, likeliest, palette), others, palette)
    return replace(as_own, uncertain=_doubt(own, others, palette))


def _nearly(occurring: Mapping[int, int], palette: Palette) -> str:
    """A sentence on conventions that fit but for damage; "" where there are none."""
    words, most = [], 0
    for convention in palette.foreign.ids:
        whole = dict[int, int]()
        for value, count in occurring.items():
            value = int(_whole(np.array(value), convention))
            whole[value] = whole.get(value, 0) + count
        strange = sorted(set(whole) - {UNLABELLED} - convention.values)
        if strange and _is_damage(whole, strange):
            words.append(f"{convention.name} (ids {convention.key})")
            most = max(most, sum(whole[value] for value in strange))
    return f"All but {most} of its pixels could be {either(words)}." if words else ""


def _is_damage(occurring: Mapping[int, int], unknown: list[int]) -> bool:
    """Whether so few pixels have ids that are no class that these say nothing of the others.

    Args:
        occurring: pixels per id.
    """
    return sum(occurring[i] for i in unknown) <= max(4, DAMAGED * sum(occurring.values()))


def _translation(values: np.ndarray, convention: ForeignIds, reason: str) -> Translation:
    """Values of a convention as class ids."""
    table = np.full(256, UNLABELLED, np.uint8)
    for foreign, class_id in convention.classes:
        table[foreign] = class_id
    sentence = f"Its ids were taken for {convention.name}, {reason}."
    return Translation(mapped(_bytes(_whole(values, convention)), table), sentence, key=convention.key)


def _said(values: np.ndarray, best: Reading, reason: str, others: Sequence[Reading], palette: Palette) -> Translation:
    """A reading that was chosen, with the sentences on it."""
    uncertain = _doubt(best, others, palette)
    if best.key == OWN_KEY:
        return Translation(
            _bytes(values), key=OWN_KEY, uncertain=f"Its ids were taken for the palette's own, {reason}."
        )
    convention = next(c for c in palette.foreign.ids if c.key == best.key)
    return replace(_translation(values, convention, reason), uncertain=uncertain)


def _doubt(best: Reading, others: Sequence[Reading], palette: Palette) -> str:
    """What a person can say who knows better; "" where there is no doubt."""
    rivals = {r.key for r in others if r is not best and best.is_doubted(r)}
    words = [f"{c.name} (ids {c.key})" for c in palette.foreign.ids if c.key in rivals]
    return f"Its ids could also be {either(words)}." if words else ""


def _where(values: np.ndarray, reading: Reading, palette: Palette) -> str:
    """Why a reading is the likelier: its largest region that is not what the palette's own ids say."""
    different, counts = histogram(values)
    moved = np.bincount(_bytes(different), counts * (_bytes(different) != reading.classes), 256)
    foreign = int(moved.argmax())
    names = {c.id: c.name for c in palette.classes} | {UNLABELLED: "nothing"}
    if not moved[foreign]:
        return "whose classes lie where they usually do"
    become = names[int(reading.classes[_bytes(different) == foreign][0])]
    return f"for id {foreign} lies where {become} usually does, not {names.get(foreign, 'nothing')}"


def _by_pairs(values: np.ndarray, palette: Palette, text: str) -> np.ndarray:
    """ "17=hair,14=neck" -> class ids; values that no pair names stay what they are."""
    labels = _bytes(values).copy()
    for value, class_id in _pairs_of(text, palette):
        labels[values == value] = class_id
    return labels


def _pairs_of(text: str, palette: Palette) -> list[tuple[int, int]]:
    names = {c.name: c.id for c in palette.classes} | {str(c.id): c.id for c in palette.classes}
    pairs = []
    for pair in text.split(","):
        value, _, name = (word.strip() for word in pair.partition("="))
        if not re.fullmatch("[0-9]{1,9}", value) or name not in names:
            raise InputError(f"'{pair}' is no pair of a pixel value and a class of {palette.name}, such as 17=hair")
        pairs.append((int(value), names[name]))
    return pairs


def _whole(values: np.ndarray, convention: ForeignIds) -> np.ndarray:
    """Ids without the numbers of instances."""
    if not convention.instances or values.max(initial=0) < convention.instances:
        return values
    return np.where(values >= convention.instances, values // convention.instances, values)


def _present(values: np.ndarray | set[int], convention: ForeignIds | None = None) -> set[int]:
    """The ids that occur, without the numbers of instances if it is by a convention, and without 255."""
    present = np.array(sorted(values)) if isinstance(values, set) else histogram(values)[0]
    return set((_whole(present, convention) if convention else present).tolist()) - {UNLABELLED}


def _bytes(values: np.ndarray) -> np.ndarray:
    """Values as bytes; what is above 255 becomes 255. Bytes are returned as they are, not copied."""
    return values if values.dtype == np.uint8 else np.minimum(values, UNLABELLED).astype(np.uint8)
