"""Large photos are handled one at a time, and a second one waits."""

from __future__ import annotations

import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from app.guard import large
from app.guard.large import pixels_of, room_for
from app.guard.visits import VISIT, Gone, Visit


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A photo that counts as large."""
    monkeypatch.setattr(large, "LARGE_PHOTO", 1000)
    Image.new("RGB", (40, 30)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_second_large_photo_waits_and_small_ones_do_not(photo: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "small.png")
    order: list[str] = []

    def second() -> None:
        with room_for([photo]):
            order.append("second")

    thread = threading.Thread(target=second)
    with room_for([photo]):
        thread.start()
        with room_for([tmp_path / "small.png"]):
            order.append("small")
        thread.join(0.3)
        order.append("first")
    thread.join(10)
    assert order == ["small", "first", "second"]


def test_who_leaves_while_waiting_waits_no_longer(photo: Path) -> None:
    token = VISIT.set(Visit(alive=lambda: False))
    try:
        with room_for([photo]), pytest.raises(Gone), room_for([photo]):
            pass
    finally:
        VISIT.reset(token)
    with room_for([photo]):  # the room is free again
        pass


def test_what_is_no_picture_needs_no_room(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    assert pixels_of(photo) == 1200 and pixels_of(tmp_path / "notes.png") == pixels_of(tmp_path / "none.png") == 0


def test_a_photo_of_a_phone_is_known_as_large_before_any_other_was_read(tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    Image.new("RGB", (64, 48)).save(tmp_path / "photo.heic")
    code = f"from app.guard.large import pixels_of; print(pixels_of({str(tmp_path / 'photo.heic')!r}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split() == ["3072"]


def test_the_pictures_in_a_zip_count_together(photo: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 25)).save(tmp_path / "small.jpg")
    for name, files, pixels in (
        ("a.zip", ["small.jpg", "notes.txt"], 500),
        ("b.ZIP", ["small.jpg", "small.jpg", "notes.txt", "photo.png", "photo.png"], 2200),  # counted until it is much
    ):
        (tmp_path / "notes.txt").write_text("no picture")
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for i, file in enumerate(files):
                archive.write(tmp_path / file, f"set/{i}/{file}")
        assert pixels_of(tmp_path / name) == pixels
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    assert pixels_of(tmp_path / "cut.zip") == pixels_of(tmp_path / "none.zip") == 0
