"""A batch that was interrupted goes on where it was, with the same bytes, and leaves nothing that is half."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

from semflow_core.pictures import photos
from semflow_core.pipeline.pipeline import SemFlowPipeline

from .conftest import refused, run

NAMES = [f"{c}.png" for c in "abcdef"]


class Killed(BaseException):
    pass


@pytest.fixture
def layouts(inputs: Path, tmp_path: Path) -> list[Path]:
    (tmp_path / "layouts").mkdir()
    return [Path(shutil.copy(inputs / "face.png", tmp_path / "layouts" / name)) for name in NAMES]


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that are solved."""
    sizes: list[int] = []
    solve = SemFlowPipeline.synthesize_many

    def count(self: Any, requests: Any, *more: Any) -> Any:
        sizes.append(len(requests))
        return solve(self, requests, *more)

    monkeypatch.setattr(SemFlowPipeline, "synthesize_many", count)
    return sizes


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """The process ends while it writes photo number `after`, and leaves what it had written of it."""
    write, count = photos.write_photo, 0

    def failing(path: Path, *what: Any, **more: Any) -> None:
        nonlocal count
        count += 1
        if count == after:
            (path.parent / f".{'0123456789abcdef' * 2}.png").write_bytes(b"half")
            raise Killed
        write(path, *what, **more)

    monkeypatch.setattr(photos, "write_photo", failing)


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_it_goes_on_with_the_same_bytes(
    tiny_model: Path, layouts: list[Path], tmp_path: Path, solved: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("synthesize", *layouts, "--model", tiny_model, "--steps", 1, "--batch", 2, "--out")
    run(*command, tmp_path / "whole")
    assert solved == [2, 2, 2] and sorted(files(tmp_path / "whole")) == NAMES  # nothing else is left
    with monkeypatch.context() as m:
        interrupt(m, after=4)
        with pytest.raises(Killed):
            run(*command, tmp_path / "out")
    solved.clear()
    assert run(*command, tmp_path / "out") == 0
    assert solved == [2, 2] and files(tmp_path / "out") == files(tmp_path / "whole")
    solved.clear()
    run(*command, tmp_path / "out")  # a command that is done is done again
    assert solved == [2, 2, 2]


@pytest.mark.parametrize("change", ["option", "input", "result"])
def test_what_changed_meanwhile_is_made_anew(
    tiny_model: Path,
    layouts: list[Path],
    inputs: Path,
    tmp_path: Path,
    solved: list[int],
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    command = ["synthesize", *layouts, "--model", tiny_model, "--steps", 1, "--batch", 2, "--out", tmp_path / "out"]
    with monkeypatch.context() as m:
        interrupt(m, after=5)
        with pytest.raises(Killed):
            run(*command)
    solved.clear()
    if change == "option":
        command += ["--seed", 7]
    elif change == "input":
        shutil.copy(inputs / "coloured.png", layouts[0])
    else:
        (tmp_path / "out" / "a.png").write_bytes(b"somebody else's")
    assert run(*command) == 0
    assert solved == ([2, 2, 2] if change == "option" else [2, 2])
    assert set(files(tmp_path / "out")) >= set(NAMES) and not list((tmp_path / "out").glob(".semflow-*"))


@pytest.mark.parametrize("is_new", [True, False])
def test_a_failure_before_a_batch_is_done_leaves_nothing(
    tiny_model: Path,
    layouts: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_new: bool,
) -> None:
    def full(path: Path, photo: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    out = tmp_path / "out"
    if not is_new:
        out.mkdir()
    monkeypatch.setattr(photos, "write_photo", full)
    refused(capsys, "synthesize", *layouts, "--model", tiny_model, "--steps", 1, "--batch", 2, "--out", out)
    assert not out.exists() if is_new else not list(out.iterdir())


def test_a_failure_after_a_batch_keeps_what_the_next_run_skips(
    tiny_model: Path, layouts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, solved: list[int]
) -> None:
    command = ("synthesize", *layouts, "--model", tiny_model, "--steps", 1, "--batch", 2, "--out", tmp_path / "out")
    write, written = photos.write_photo, list[Path]()

    def full(path: Path, photo: Any) -> None:
        written.append(path)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(path, photo)

    with monkeypatch.context() as m:
        m.setattr(photos, "write_photo", full)
        assert run(*command) == 2
    assert len(list((tmp_path / "out").glob(".semflow-*"))) == 1
    solved.clear()
    assert run(*command) == 0 and solved == [2, 2]
    assert sorted(files(tmp_path / "out")) == NAMES
