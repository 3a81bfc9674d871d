"""The temporary folder: this user's own, and looked at before it is needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.deploy import temporary
from app.deploy.temporary import prepare_folder
from semflow_core.errors import InputError

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A system's temporary folder of this test's own."""
    for name in (temporary.VARIABLE, "TMPDIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path


def test_the_folder_is_the_users_own_and_everything_temporary_goes_there(system: Path) -> None:
    folder = prepare_folder()
    assert folder.parent == system.resolve() and os.environ["GRADIO_TEMP_DIR"] == str(folder)
    assert folder.stat().st_mode & 0o777 == 0o700 and Path(tempfile.gettempdir()) == folder


def test_a_folder_that_is_named_is_taken(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(system / "mine" / "too"))
    assert prepare_folder() == (system / "mine" / "too").resolve()


def test_a_place_that_cannot_be_written_to_is_refused(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (system / "file").write_text("no folder")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(system / "file" / "below"))
    with pytest.raises(InputError, match=r"cannot be written to \(Not a directory\); name another .* GRADIO_TEMP_DIR"):
        prepare_folder()


def test_the_folder_of_somebody_else_is_refused(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4321)
    (system / "semflow-studio-4321").mkdir()  # this process's user made it
    with pytest.raises(InputError, match="semflow-studio-4321 belongs to somebody else"):
        prepare_folder()
    (system / "semflow-studio-4321").rmdir()
    (system / "semflow-studio-4321").symlink_to(system)
    with pytest.raises(InputError, match="belongs to somebody else"):
        prepare_folder()


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9 - 2**20, 2**20))
    with pytest.raises(InputError, match="has 1 MB left and needs 50"):
        prepare_folder()
