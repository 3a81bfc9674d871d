"""A folder of pairs, looked through before anything is trained on it: what is there, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..method.palette import Palette, load_palette, palette_names
from ..method.palette_file import PALETTE_FILE
from ..pictures.foreign import check_ids
from .masks import summary, usual_ids, without_classes
from .names import Pair, is_picture, part_folders, pictures_in
from .pairs import damaged, match_in, no_pairs


@dataclass(frozen=True)
class FolderCheck:
    """What a folder of pairs holds.

    Attributes:
        palette: the label set that its masks were read with.
        equal: other label sets that read as many of its masks.
        pairs: whole and damaged ones.
        wrong: a sentence per damaged pair and per file without a partner.
        ignored: names of files that are no pictures, and of folders with pictures.
        renamed: pairs whose names differ by what a label tool adds.
        notes: what was assumed of the masks, a sentence per assumption with the number of masks that it is about.
    """

    folder: Path
    palette: str
    equal: tuple[str, ...]
    pairs: tuple[Pair, ...]
    wrong: tuple[str, ...]
    ignored: tuple[str, ...]
    renamed: tuple[Pair, ...]
    notes: tuple[str, ...] = ()
    own_palette: bool = False  # the label set is the folder's own file

    def lines(self) -> list[str]:
        """The report, a line per fact."""
        of = f", as its own {PALETTE_FILE} says" if self.own_palette else ""
        lines = [f"{self.folder}: {len(self.pairs)} pairs, masks read as {self.palette}{of}"]
        if self.equal:
            lines[0] += f" ({' and '.join(self.equal)} would fit as well; --palette chooses)"
        if self.renamed:
            first = self.renamed[0]
            lines.append(
                f"{len(self.renamed)} of them by similar names, such as {first.photo.name} and {first.mask.name}"
            )
        if self.ignored:
            more = f" and {len(self.ignored) - 5} more" if len(self.ignored) > 5 else ""
            lines.append(f"ignored, being no pictures or in folders of their own: {', '.join(self.ignored[:5])}{more}")
        return lines + list(self.notes) + list(self.wrong)


def check_folder(folder: Path, palette: str | None = None, ids: str = "") -> FolderCheck:
    """Look through a folder of pairs; every file is read.

    Args:
        palette: a label set's name or JSON file; without it the folder's own palette.json, or, where there is none, the
            smallest of the project that reads half of the masks.
        ids: whose ids the masks' are, where the caller knows (`pictures.foreign.translate`).

    Raises:
        InputError: there is no such folder or palette, the folder has no picture at all, or `ids` are unknown for each.
    """
    if not folder.is_dir() and not all(part.is_dir() for part in part_folders(folder)):
        raise InputError(f"there is no folder {folder}")
    found = match_in(folder)
    alone = (*found.unlabelled, *found.wrong)
    if not found.pairs and not alone:
        raise no_pairs(folder)
    is_split = part_folders(folder)[0].name == folder.name  # whose label set may lie beside images/
    file = next((f for f in (folder / PALETTE_FILE, folder.parent / PALETTE_FILE)[: 1 + is_split] if f.is_file()), None)
    own = not palette and file is not None
    names = [palette] if palette else [str(file)] if own else palette_names()
    meant, equal = _best(found.pairs, _that_know([load_palette(name) for name in names], ids), ids)
    notes = list[str]()
    broken = damaged(found.pairs, meant, ids, "" if ids else usual_ids(found.pairs, meant), notes)
    if white := without_classes(notes, len(found.pairs), meant):
        broken.append(white)
    return FolderCheck(
        folder=folder,
        palette=meant.name,
        equal=tuple(equal),
        pairs=tuple(found.pairs),
        wrong=(*alone, *broken),
        ignored=tuple(_ignored(folder)),
        renamed=tuple(p for p in found.pairs if p.mask.stem != p.photo.stem),
        notes=tuple(summary(notes, len(found.pairs))),
        own_palette=own,
    )


def _that_know(palettes: list[Palette], ids: str) -> list[Palette]:
    """The palettes for which `ids` is a word or pairs; the first one's complaint where it is for none."""
    known, errors = [], list[InputError]()
    for palette in palettes:
        try:
            check_ids(ids, palette)
            known.append(palette)
        except InputError as error:
            errors.append(error)
    if not known:
        raise errors[0]
    return known


def _best(pairs: list[Pair], palettes: list[Palette], ids: str) -> tuple[Palette, list[str]]:
    """The palette that is meant, and those that read as many masks.

    Meant is the smallest that reads half of what any can read: large ones have a class for every wrong id.
    """
    ordered = sorted(palettes, key=lambda p: len(p.classes))
    broken = [len(damaged(pairs, palette, ids)) for palette in ordered]
    fewest = min(broken)
    best = next(i for i, n in enumerate(broken) if 2 * (n - fewest) <= len(pairs) - fewest)
    return ordered[best], [p.name for i, p in enumerate(ordered) if i != best and broken[i] <= broken[best]]


def _ignored(folder: Path) -> Iterable[str]:
    """What lies beside the pictures: other files, and folders with pictures of their own."""
    for part in part_folders(folder):
        others = (p for p in sorted(part.glob("*")) if not is_picture(p))
        yield from (f"{part.name}/{p.name}{'/' * p.is_dir()}" for p in others if not p.is_dir() or pictures_in(p))
