"""Files that arrive at the page: what of them is opened. One is; of several, or of a zip, the one that can be, or all
parts of one layout; else a sentence that names what there is.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette
from semflow_core.pictures.files import write_atomically
from semflow_core.pictures.parts import part_of

from ..guard.limits import MAX_FILE, MIB
from ..state.archives import DAMAGED, open_archive
from ..state.kinds import ARCHIVE, HEAD, OPENED, PICTURE, PROJECT, is_litter, kind_of, kind_of_file

MOST_PARTS = 64  # files that may be the parts of one layout
NAMED = 3  # files that a sentence names
MERGED = "mergedimage.png"  # the picture that Krita and OpenRaster files carry beside their layers


@dataclass(frozen=True)
class Arrival:
    """What is opened.

    Attributes:
        files: one file, or the parts of one layout.
        project: whether it is a project; else they are pictures.
        note: what is said of it, a sentence; "" where there is nothing to say.
    """

    files: list[Path]
    project: bool = False
    note: str = ""


@contextmanager
def arrival(files: Sequence[Path], palette: Palette) -> Iterator[Arrival]:
    """What is opened of files that a visitor chose or dropped, as long as it is needed.

    Raises:
        InputError: nothing of them can be opened, or several things can.
    """
    with tempfile.TemporaryDirectory() as folder:
        if len(files) == 1 and kind_of_file(files[0]) == ARCHIVE:
            yield _of_archive(files[0], Path(folder), palette)
        else:
            yield _of_files(files, palette)


def _of_files(files: Sequence[Path], palette: Palette) -> Arrival:
    kinds = {file: kind_of_file(file) for file in files}
    if len(files) == 1:
        (file,), kind = files, kinds[files[0]]
        if not file.stat().st_size:
            raise InputError(f"the file '{file.name}' is empty; {OPENED}")
        if kind in (PICTURE, PROJECT, ""):  # what nobody knows is tried, too: the reader says what it misses
            return Arrival([file], kind == PROJECT)
        raise InputError(f"the file '{file.name}' is {kind}, which the studio does not open; {OPENED}")
    pictures = [file for file, kind in kinds.items() if kind == PICTURE]
    if any(part_of(file, palette) for file in pictures) and len(pictures) <= MOST_PARTS:
        return Arrival(pictures)
    usable = [file for file, kind in kinds.items() if kind in (PICTURE, PROJECT, ARCHIVE)]
    if len(usable) != 1:
        raise _one_of(
            usable,
            f"none of these {len(files)} files can be opened",
            lambda n, names: f"of these {len(files)} files {n} can be opened, {names}; open them one at a time",
        )
    if kinds[usable[0]] == ARCHIVE:
        raise InputError(f"a zip is opened by itself: open '{usable[0].name}' without the other files")
    others = [file.name for file in files if file not in usable]
    return Arrival(usable, kinds[usable[0]] == PROJECT, f"Left out: {_names(others)}.")


def _of_archive(file: Path, folder: Path, palette: Palette) -> Arrival:
    """What is opened of a zip, as files in `folder`."""
    try:
        with open_archive(file) as archive:
            return _of_members(archive, file.name, folder, palette)
    except InputError:
        raise
    except DAMAGED:
        raise InputError(f"the zip '{file.name}' is damaged or cut off, or packed in a way that is not read") from None


def _of_members(archive: zipfile.ZipFile, name: str, folder: Path, palette: Palette) -> Arrival:
    members = [m for m in archive.infolist() if not m.is_dir() and not is_litter(m.filename)]
    if any(m.filename == MERGED for m in members):
        members = [m for m in members if m.filename == MERGED]
    if any(m.flag_bits & 1 for m in members):
        raise InputError(f"the zip '{name}' is locked with a password; unpack it and open what is in it")
    kinds = {}
    for member in members:
        with archive.open(member) as stream:
            kinds[member.filename] = kind_of(stream.read(HEAD), member.filename)
    usable = [m for m in members if kinds[m.filename] in (PICTURE, PROJECT)]
    parts = [m for m in usable if part_of(Path(m.filename), palette)]
    apart = len({Path(m.filename).name for m in parts}) == len(parts)  # parts of one folder
    chosen = parts if 1 < len(parts) == len(usable) <= MOST_PARTS and apart else usable
    if len(usable) != 1 and chosen is not parts:
        raise _one_of(
            [Path(m.filename) for m in usable],
            f"the zip '{name}' holds nothing that can be opened",
            lambda n, names: f"the zip '{name}' holds {n} files that can be opened, {names}; unpack it and open one",
        )
    if sum(m.file_size for m in chosen) > MAX_FILE:
        raise InputError(f"what the zip '{name}' holds is larger than {MAX_FILE // MIB} MB; unpack it and reduce it")
    files = [folder / Path(m.filename.replace("\\", "/")).name for m in chosen]
    for member, path in zip(chosen, files):
        data = archive.read(member)  # at most its stated size: zipfile stops there
        write_atomically(path, lambda temporary, data=data: temporary.write_bytes(data))
    return Arrival(files, kinds[chosen[0].filename] == PROJECT, f"From the zip {name}.")


def _one_of(usable: Sequence[Path], none: str, several: Callable[[int, str], str]) -> InputError:
    """The error where not exactly one thing can be opened.

    Args:
        none: where nothing can.
        several: where several can, of their number and names.
    """
    if not usable:
        return InputError(f"{none}; {OPENED}")
    return InputError(several(len(usable), _names([f.name for f in usable])))


def _names(names: Sequence[str]) -> str:
    """Up to three names, and how many more there are."""
    shown, more = list(names[:NAMED]), len(names) - NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
