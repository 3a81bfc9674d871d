"""The commands as programs, and their help."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from semflow_core.cli import main, options
from semflow_core.method.grids import GRIDS
from semflow_core.method.limits import MAX_FRAMES, MAX_SMOOTH, MAX_STEPS
from semflow_core.method.perturbation import MAX_SEED
from semflow_core.method.solvers import SOLVERS
from semflow_core.requests import TrajectoryRequest

from .conftest import REPOSITORY, run


def program(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "semflow_core", *map(str, words)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600)


@pytest.mark.slow
def test_as_a_program_an_error_is_status_2_and_one_line(tiny_model: Path, inputs: Path, tmp_path: Path) -> None:
    done = program("synthesize", "--model", tiny_model, inputs / "foreign.png", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("semflow: error: ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_as_a_program_success_is_status_0(tiny_model: Path, inputs: Path, tmp_path: Path) -> None:
    done = program(
        "segment", "--no-align", "--model", tiny_model, "--steps", 1, inputs / "wide.png", "--out", tmp_path / "out"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "wide.png").is_file()


def test_help_answers_without_the_heavy_modules() -> None:
    code = """
import contextlib, io, sys
from semflow_core.cli import COMMANDS, main
for words in (["--help"], *([name, "--help"] for name in COMMANDS)):
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        assert main(words) == 0
    assert shown.getvalue().startswith("usage: semflow"), words
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"semflow_core.cli.train", "semflow_core.method.solvers"} <= loaded
    assert not loaded & {"torch", "diffusers", "numpy", "PIL", "cv2"}


def shown(capsys: pytest.CaptureFixture[str], command: str) -> str:
    """The help of a command as one line."""
    assert run(command, "--help") == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", ["synthesize", "segment", "edit", "animate"])
def test_help_names_every_solver_grid_and_device(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setitem(SOLVERS, "bespoke", SOLVERS["euler"])
    monkeypatch.setitem(GRIDS, "quartic", lambda u: u**4)
    monkeypatch.setattr(options, "DEVICES", ("cpu", "abacus"))
    text = shown(capsys, command)
    assert "rk45, leapfrog or bespoke (euler)" in text
    assert "times: uniform, quadratic, cubic or quartic" in text
    assert "--device DEVICE cpu, abacus (cpu)" in text


def test_help_states_the_bounds_and_defaults_of_the_requests(capsys: pytest.CaptureFixture[str]) -> None:
    request = TrajectoryRequest(layout=np.zeros((16, 16), np.uint8))
    text = shown(capsys, "animate")
    assert f"solver steps, 1 to {MAX_STEPS} ({request.steps})" in text
    assert f"leapfrog ({request.solver})" in text
    assert f"0 to 2**53 - 1 ({request.seed})" in text and MAX_SEED == 2**53 - 1
    assert f"a model's name or folder ({request.model})" in text
    assert f"number of frames, 2 to {MAX_FRAMES} ({request.frames})" in text
    text = shown(capsys, "segment")  # a model may have steps of its own
    assert f"let neighbours decide together, 0 to {MAX_SMOOTH} (as the model segments best)" in text
    assert f"solver steps, 1 to {MAX_STEPS} (as the model segments best)" in text


def test_the_installed_command_is_this_one() -> None:
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    module, _, function = re.findall(r'^semflow = "([\w.]+)(:)(\w+)"$', project, re.MULTILINE)[0]
    assert getattr(importlib.import_module(module), function) is main
