"""Files that a visitor opens together, and what the zips among them hold, as one list that is bounded as one."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

from semflow_core.errors import InputError

from .archives import DAMAGED, MOST_ENTRIES, open_archive
from .kinds import is_litter
from .label_masks import FOLDERS

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """A file.

    Attributes:
        path: its name; in a zip its path there, in a folder of the zip's name.
        size: bytes, unpacked, as it is stated.
        read: its content, at most so many bytes. Raises InputError: the zip is damaged.
        zipped: whether it is in a zip.
    """

    path: PurePosixPath
    size: int
    read: Callable[[], bytes]
    zipped: bool = False


@contextmanager
def entries_of(files: Sequence[Path]) -> Iterator[list[Entry]]:
    """The files and what the zips among them hold, without what systems leave there; they can be read meanwhile.

    Raises:
        InputError: a zip is damaged, or they are more than are looked at.
    """
    entries: list[Entry] = []
    listed = 0
    with ExitStack() as stack:
        for file in [f for f in files if not is_litter(f.name)]:
            if file.suffix.lower() != ".zip":
                entries.append(Entry(PurePosixPath(file.name), file.stat().st_size, file.read_bytes))
                continue
            archive = _guarded(file.name, lambda file=file: stack.enter_context(open_archive(file)))
            listed += len(archive.infolist())
            if listed > MOST_ENTRIES:
                raise InputError(f"these zips list too many files: at most {MOST_ENTRIES} are looked at together")
            entries += _inside(archive, file.name)
        yield entries


def root_of(entries: Sequence[Entry]) -> str:
    """What the zips' content is called: by the one folder that the first one holds, or by its name; "" without zips."""
    first = next((entry.path.parts[0] for entry in entries if entry.zipped), "")
    tops = {entry.path.parts[1:-1][:1] for entry in entries if entry.zipped and entry.path.parts[0] == first}
    top = "".join(tops.pop()) if len(tops) == 1 else ""
    return top if top and top.lower() not in FOLDERS else Path(first).stem


def _inside(archive: zipfile.ZipFile, name: str) -> Iterator[Entry]:
    for info in archive.infolist():
        if not info.is_dir() and not is_litter(info.filename):
            read = partial(_guarded, name, partial(archive.read, info))
            yield Entry(PurePosixPath(name) / info.filename.lstrip("/"), info.file_size, read, zipped=True)


def _guarded(name: str, act: Callable[[], T]) -> T:
    try:
        return act()
    except InputError:
        raise
    except DAMAGED:
        raise InputError(f"the zip {name} is damaged or encrypted; pack it anew") from None
