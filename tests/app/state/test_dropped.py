"""Files that are opened together, and zips among them: bounded as one, and before a zip is listed."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from app.actions.arriving import arrival
from app.state import dropped, label_files
from app.state.archives import MOST_ENTRIES, directory_of
from app.state.dropped import entries_of, root_of
from app.state.label_files import read_files
from semflow_core.errors import InputError
from tools.drawn import palette

MANY = 200_000


def zipped(file: Path, *names: str, content: bytes = b"x", comment: bytes = b"") -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for name in names:
            archive.writestr(name, content)
    return file


def crowded(file: Path, entries: int, stated: int | None = None) -> Path:
    """A zip of many empty entries of 47 bytes in its list, with a zip64 end where they are as many."""
    entry = struct.pack("<4s24xH16x", b"PK\1\2", 1) + b"a"
    start = struct.pack("<4s26x", b"PK\3\4")
    count, size = entries if stated is None else stated, 47 * entries
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, len(start))
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(start) + size, 1)
    large = entries > 65535
    short = min(count, 65535)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, short, short, 0xFFFFFFFF if large else size, 0xFFFFFFFF, 0)
    file.write_bytes(start + entry * entries + (end64 + locator if large else b"") + end)
    return file


@pytest.mark.parametrize("comment", [b"", b"a comment", bytes(30_000)])
def test_the_end_of_a_zip_says_how_many_it_lists(tmp_path: Path, comment: bytes) -> None:
    names = [f"{i}.png" for i in range(70)]
    with zipped(tmp_path / "a.zip", *names, comment=comment).open("rb") as stream:
        assert directory_of(stream) == (70, 70 * 46 + sum(map(len, names)))


def test_a_large_zip_says_it_in_its_own_end(tmp_path: Path) -> None:
    with crowded(tmp_path / "a.zip", MANY).open("rb") as stream:
        assert directory_of(stream) == (MANY, 47 * MANY)
    assert directory_of(io.BytesIO(b"PK no zip")) == directory_of(io.BytesIO()) == (0, 0)


@pytest.mark.parametrize("stated", [None, 1])
def test_a_crowded_zip_is_refused_before_it_is_listed(tmp_path: Path, stated: int | None) -> None:
    file = crowded(tmp_path / "a.zip", MANY, stated)
    for read in (lambda: read_files([file], palette()), lambda: arrival([file], palette()).__enter__()):
        tracemalloc.start()
        with pytest.raises(InputError, match="'a.zip' lists too many files: at most 5000 are looked at"):
            read()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4_000_000  # listed, it takes more than 80 MB


def test_several_zips_are_bounded_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = [zipped(tmp_path / f"{i}.zip", "a/1.png", "a/2.png", "a/notes.txt") for i in range(3)]
    monkeypatch.setattr(dropped, "MOST_ENTRIES", 9)
    with entries_of(some) as entries:
        assert [str(entry.path) for entry in entries[:3]] == ["0.zip/a/1.png", "0.zip/a/2.png", "0.zip/a/notes.txt"]
        assert entries[4].read() == b"x"
    monkeypatch.setattr(dropped, "MOST_ENTRIES", 8)
    with pytest.raises(InputError, match="these zips list too many files: at most 8 are looked at together"):
        read_files(some, palette())
    monkeypatch.setattr(dropped, "MOST_ENTRIES", MOST_ENTRIES)
    loose = tmp_path / "3.png"
    loose.write_bytes(b"x")
    bounds = "a set holds at most 200 photos and 32 MB; label them in parts"
    for name, value, much in (("MOST_FILES", 6, "7 pictures"), ("MOST_UNPACKED", 6, "0 MB unpacked")):
        with monkeypatch.context() as patch:
            patch.setattr(label_files, name, value)
            with pytest.raises(InputError, match=f"these files hold too much together, {much}: {bounds}"):
                read_files([*some, loose], palette())
            patch.setattr(label_files, name, value + 1)
            with pytest.raises(InputError, match="1.png|2.png|3.png"):  # they are read, and no pictures
                read_files([*some, loose], palette())


@pytest.mark.parametrize(
    ("names", "root"),
    [
        (["dogs/images/a.png", "dogs/palette.json"], "dogs"),
        (["a.png", "b.png"], "holiday"),
        (["images/a.png"], "holiday"),
        (["images/a.png", "masks/a.png"], "holiday"),
        (["__MACOSX/dogs/._a.png", "dogs/a.png"], "dogs"),
    ],
)
def test_what_a_zip_holds_has_a_name(tmp_path: Path, names: list[str], root: str) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    with entries_of([tmp_path / "a.jpg", zipped(tmp_path / "holiday.zip", *names)]) as entries:
        assert root_of(entries) == root
    with entries_of([tmp_path / "a.jpg"]) as entries:
        assert root_of(entries) == ""


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_one_however_it_is_packed(tmp_path: Path, method: int) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a.png", bytes(range(256)) * 50)
    data = bytearray(file.read_bytes())
    data[45:70] = b"\xff" * 25
    file.write_bytes(data)
    with pytest.raises(InputError, match="a.zip is damaged or encrypted"):
        read_files([file], palette())
    with pytest.raises(InputError, match="'a.zip' is damaged or cut off"), arrival([file], palette()):
        pass


def test_a_name_that_is_no_text_is_damage(tmp_path: Path) -> None:
    file = zipped(tmp_path / "a.zip", "\N{GRINNING FACE}.png")
    file.write_bytes(file.read_bytes().replace("\N{GRINNING FACE}".encode(), b"\xff\xff\xff\xff"))
    with pytest.raises(InputError, match="a.zip is damaged"):
        read_files([file], palette())
