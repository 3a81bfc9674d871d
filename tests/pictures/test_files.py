from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from semflow_core.errors import InputError, WriteError
from semflow_core.pictures import files
from semflow_core.pictures.animations import write_frames
from semflow_core.pictures.files import check_writable, open_picture_file, write_atomically
from semflow_core.pictures.photos import read_photo, write_photo


def test_writing_makes_folders_and_replaces_files(photo: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "a.png"
    write_photo(path, 255 - photo)
    write_photo(path, photo)
    assert np.array_equal(read_photo(path), photo)
    assert os.listdir(path.parent) == ["a.png"], "no temporary file is left"


def test_who_reads_the_old_file_keeps_it(photo: np.ndarray, tmp_path: Path) -> None:
    """A file is put in place whole: overwriting it in place would change it under its readers."""
    write_photo(tmp_path / "a.png", photo)
    with open(tmp_path / "a.png", "rb") as reader:
        write_photo(tmp_path / "a.png", 255 - photo)
        assert np.array_equal(read_photo(reader.read()), photo)
    assert np.array_equal(read_photo(tmp_path / "a.png"), 255 - photo)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError("no space left on device")

    with pytest.raises(InputError, match="cannot be written: no space left"):
        write_atomically(path, fail)
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.png"]


def test_an_unwritable_place_is_refused(photo: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot be written to"):
            check_writable(folder)
        with pytest.raises(InputError, match="cannot be written"):
            write_photo(folder / "a.png", photo)
        with pytest.raises(InputError, match="cannot be written"):
            write_frames(folder / "frames", photo[None])
    check_writable(tmp_path / "not" / "there" / "yet")
    assert os.listdir(tmp_path) == ["file"], "checking makes nothing"


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root, as in containers, has every permission
    with pytest.raises(InputError, match="cannot be written to"):
        check_writable(tmp_path)


def test_an_unknown_suffix_is_refused(photo: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown file extension"):
        write_photo(tmp_path / "a.xyz", photo)
    with pytest.raises(InputError, match=r"not as \.avi"):
        write_frames(tmp_path / "a.avi", photo[None])
    assert not os.listdir(tmp_path)


def test_polygons_of_a_label_tool_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"shapes": [{"label": "hair", "points": [[1, 2], [3, 4], [5, 6]]}]}')
    with pytest.raises(InputError, match="the layout a.json is JSON and no picture; where it holds polygons"):
        open_picture_file(tmp_path / "a.json", "layout")


@pytest.mark.parametrize("free", [0, 10**9])
def test_a_full_disk_is_known_where_pillow_says_only_that_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    def fail(temporary: Path) -> None:
        raise OSError("encoder error -2 when writing image file")

    monkeypatch.setattr(files.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    with pytest.raises(WriteError, match="encoder error" if free else "No space left on device") as caught:
        write_atomically(tmp_path / "a.jpg", fail)
    assert caught.value.reason.errno == (None if free else errno.ENOSPC) and not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_may_never_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    for name in ("pipe.png", "device.png"):
        with pytest.raises(InputError, match=f"the photo {name} is no file but a pipe or a device"):
            open_picture_file(tmp_path / name, "photo")
