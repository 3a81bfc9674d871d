"""Zips that visitors send: their entries are counted before they are listed, and what a damaged one raises.

`ZipFile` lists every entry as it opens a file, some hundred bytes of memory for as few as 46 of the file. The count and
the size of that list stand at the file's end (PKWARE's APPNOTE.TXT, 4.3.12 to 4.3.16), so they are looked at first.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from semflow_core.errors import InputError

MOST_ENTRIES = 5000  # of one zip, with folders and what systems leave there
LONG_ENTRY = 512  # bytes of an entry in the list; most are shorter
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,  # also a name that is no UTF-8
    NotImplementedError,
    RuntimeError,
)
# the end of a zip, that of a large one, and where the latter is: a mark, entries, bytes of their list
END, END64, LOCATOR = struct.Struct("<4s6xHI6x"), struct.Struct("<4s28xQQ8x"), struct.Struct("<4s4xQ4x")
END_MARK, END64_MARK, LOCATOR_MARK = b"PK\5\6", b"PK\6\6", b"PK\6\7"
NOT_HERE = 0xFFFFFFFF  # the size that the end of a large one says
COMMENT = 1 << 16  # bytes that may follow the end


@contextmanager
def open_archive(file: Path) -> Iterator[zipfile.ZipFile]:
    """A zip, to read in.

    Raises:
        InputError: it has too many entries; nothing was listed.
        DAMAGED: it is no zip, or reading in it fails.
    """
    with file.open("rb") as stream:
        entries, size = directory_of(stream)
        if entries > MOST_ENTRIES or size > MOST_ENTRIES * LONG_ENTRY:
            raise InputError(
                f"the zip '{file.name}' lists too many files: at most {MOST_ENTRIES} are looked at; unpack it and open "
                "some of them"
            )
        with zipfile.ZipFile(stream) as archive:
            yield archive


def directory_of(stream: BinaryIO) -> tuple[int, int]:
    """Entries of a zip and bytes of their list, as its end says, the larger ones where it says several; (0, 0) where
    there is none, as in no zip.
    """
    length = stream.seek(0, 2)
    start = stream.seek(max(0, length - END.size - COMMENT))
    tail = stream.read()
    said: list[tuple[int, int]] = []
    for end in {tail.rfind(END_MARK), len(tail) - END.size}:  # the second one has no comment after it
        if end < 0 or not tail.startswith(END_MARK, end) or len(tail) - end < END.size:
            continue
        large: list[tuple[int, int]] = []
        mark, at = LOCATOR.unpack(_bytes_at(stream, start + end - LOCATOR.size, LOCATOR.size))
        for place in (start + end - LOCATOR.size - END64.size, at) if mark == LOCATOR_MARK else ():
            mark, *figures = END64.unpack(_bytes_at(stream, place, END64.size))
            large += [(figures[0], figures[1])] if mark == END64_MARK else []
        entries, size = END.unpack_from(tail, end)[1:]
        said += large if large and size == NOT_HERE else [*large, (entries, size)]
    return max((n for n, _ in said), default=0), min(length, max((size for _, size in said), default=0))


def _bytes_at(stream: BinaryIO, place: int, count: int) -> bytes:
    """Bytes of a file, zeros where it has none."""
    if not 0 <= place < 1 << 62:
        return bytes(count)
    stream.seek(place)
    return stream.read(count).ljust(count, b"\0")
