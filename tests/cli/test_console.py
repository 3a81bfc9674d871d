"""Consoles and pipes: what is printed never keeps a result from being computed, and nothing ends in a trace."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from semflow_core.cli import COMMANDS, main, models
from semflow_core.cli.console import SteadyStream, Stopped, steady_console

from .conftest import run


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_a_console_of_any_encoding_prints_all_it_can(encoding: str) -> None:
    raw = io.BytesIO()
    stream = SteadyStream(io.TextIOWrapper(raw, encoding=encoding))
    print("größe → 漢", file=stream)  # type: ignore[call-overload]
    stream.flush()
    assert (
        raw.getvalue().decode(encoding).startswith("gr")
        and "\\u6f22" in raw.getvalue().decode(encoding)
        or (encoding == "utf-16" and "漢" in raw.getvalue().decode(encoding))
    )


@pytest.mark.parametrize("encoding, written", [("ascii", b"\xe9.png"), ("utf-8", b"\\udce9.png")])
def test_a_name_that_is_no_text_is_printed_where_names_are_bytes(encoding: str, written: bytes) -> None:
    raw = io.BytesIO()
    stream = SteadyStream(io.TextIOWrapper(raw, encoding=encoding))
    print("\udce9.png", end="", file=stream)  # type: ignore[call-overload]
    stream.flush()
    assert raw.getvalue() == written


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(errno.ENOSPC, "No space left on device")])
def test_a_pipe_that_nobody_reads_and_a_full_disk_drop_the_text(error: OSError) -> None:
    class Failing(io.StringIO):
        def write(self, text: str) -> int:
            raise error

    print("a result", file=SteadyStream(Failing()))  # type: ignore[call-overload]
    SteadyStream(None).write("stdout was closed before the program started")


class FullDisk(io.StringIO):
    """Takes what fits into its buffer, as a file does, and fails when that is written out."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("words", [["models"], ["--help"], *([name, "--help"] for name in COMMANDS)])
def test_a_command_whose_output_is_lost_does_not_end_in_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", FullDisk())
    assert main(words) == 2
    sentence = "what the command prints cannot be written: No space left on device"
    assert capsys.readouterr().err == f"semflow: error: {sentence}\n"


def test_a_pipe_that_nobody_reads_is_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(["models"]) == 0
        monkeypatch.undo()
    assert capsys.readouterr().err == ""


def test_the_end_of_a_closed_pipe_is_quiet() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as pipe:
        os.close(read)
        stream = SteadyStream(pipe)
        print("much" * 100_000, file=stream)  # type: ignore[call-overload]
        stream.flush()


@pytest.mark.parametrize(
    "raised, status, words",
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "out/a"),
            2,
            "semflow: error: out/a: No space left on device\n",
        ),
        (KeyboardInterrupt(), 130, "semflow: stopped\n"),
        (Stopped(), 130, "semflow: stopped\n"),
    ],
)
def test_what_ends_a_command_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, status: int, words: str
) -> None:
    def stop(args: Any) -> None:
        raise raised

    monkeypatch.setattr(models, "run", stop)
    assert main(["models"]) == status and capsys.readouterr().err == words
    assert "models" in COMMANDS


def test_the_streams_come_back(tmp_path: Path) -> None:
    before = sys.stdout, sys.stderr
    with steady_console():
        assert isinstance(sys.stdout, SteadyStream)
    assert (sys.stdout, sys.stderr) == before
    run("models")
    assert (sys.stdout, sys.stderr) == before
