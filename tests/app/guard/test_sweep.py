"""Temporary files go: old ones, the oldest where there is too much, and empty folders."""

from __future__ import annotations

import os
import time
from pathlib import Path

from app.guard.sweep import keep_swept, sweep


def make(folder: Path, name: str, age: float, size: int = 10) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_what_is_old_goes_with_its_folder(tmp_path: Path) -> None:
    old, new = make(tmp_path, "a/old.png", 0), make(tmp_path, "b/new.png", 0)
    time.sleep(0.1)
    new.write_bytes(b"again")
    assert sweep(tmp_path, age=0.09, young=0) == 5
    assert not old.parent.exists() and new.exists()


def test_the_oldest_go_until_the_rest_fits(tmp_path: Path) -> None:
    files = []
    for i in range(5):
        files.append(make(tmp_path, f"{i}/file.png", 0))
        time.sleep(0.02)
    assert sweep(tmp_path, most=25, young=0) == 20
    assert [f.exists() for f in files] == [False, False, False, True, True]
    assert sweep(tmp_path, most=0, young=60) == 20  # somebody may be about to use them


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = make(tmp_path, "outside/file.png", 0)
    swept = tmp_path / "swept"
    swept.mkdir()
    (swept / "link").symlink_to(outside.parent)
    sweep(swept, age=-1, young=-1)
    assert outside.exists()


def test_a_folder_is_swept_from_then_on(tmp_path: Path) -> None:
    stopped = keep_swept(tmp_path, every=0.01)
    for _ in range(100):
        time.sleep(0.02)
        if not (tmp_path / "a").exists():
            break
    stopped.set()
    assert sweep(tmp_path / "is not there") == 0
