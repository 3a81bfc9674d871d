"""Bulk jobs on the workers of Ray Data: the files of the local run, also where a worker is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from semflow_core.cli import build_parser, on_ray
from semflow_core.cli.on_ray import check_resources
from semflow_core.cli.segment import Segment
from semflow_core.errors import InputError
from semflow_core.pictures.layouts import write_layout

from .conftest import FACES, refused, run

COUNT, BATCH = 12, 2
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_OVERRIDE_RESOURCES": '{"CPU": 2}'}


@pytest.fixture
def layouts(tmp_path: Path, face_layout: np.ndarray) -> Path:
    """A folder of layouts that differ."""
    folder = tmp_path / "layouts"
    folder.mkdir()
    for i in range(COUNT):
        write_layout(folder / f"{i:02d}.png", np.roll(face_layout, i, 1), FACES)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def start(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "semflow_core", *map(str, words), "--ray", "2"]
    return subprocess.Popen(command, env=ENV, stderr=subprocess.PIPE, text=True)


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that hold the model."""
    return [p for p in psutil.Process(process.pid).children(recursive=True) if "MapWorker" in "".join(p.cmdline())]


@pytest.mark.slow
def test_a_folder_on_two_workers_of_which_one_is_killed(tiny_model: Path, layouts: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray.data")  # an optional extra
    whole, out = tmp_path / "whole", tmp_path / "out"
    command = ("synthesize", layouts, "--model", tiny_model, "--steps", 60, "--batch", BATCH)
    assert run(*command, "--out", whole) == 0
    assert len(files(whole)) == COUNT
    process = start(*command, "--out", out)
    deadline = time.monotonic() + 120
    while not list(out.glob("[0-9]*.png")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    first, *others = workers_of(process)
    assert len(others) == 1
    first.send_signal(signal.SIGKILL)
    assert len(files(out)) < COUNT
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert files(out) == files(whole)
    # on stderr is what the local run says, a line per layout
    assert len([line for line in err.splitlines() if ": Read indexed PNG, 48x48" in line]) == COUNT


def test_workers_give_back_what_is_wrong(
    inputs: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raised there, it would arrive as a trace of ray's."""
    monkeypatch.chdir(tmp_path)  # a worker goes where the command was started
    args = build_parser().parse_args(["segment", "--model", str(tiny_model), "--out", str(tmp_path), str(inputs)])
    rows = [
        on_ray.checked({"i": i, "path": str(inputs / name)}, Segment(args).check(), str(inputs))
        for i, name in enumerate(("wide.png", "cut.png"))
    ]
    assert rows[0] == {"i": 0, "wrong": ""} and "cut.png" in rows[1]["wrong"]
    row = on_ray.Worker(Segment, args, str(inputs), {})({"paths": ["cut.png"]})
    assert "cut.png" in row["wrong"] and row["entry"] == "" and not list(tmp_path.glob("*.png"))


def test_a_run_goes_on_with_ray_or_without(
    tiny_model: Path, layouts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the workers give back is what the local run writes down."""
    whole, out = tmp_path / "whole", tmp_path / "out"
    command = ("synthesize", layouts, "--model", tiny_model, "--steps", 1, "--batch", BATCH)
    run(*command, "--out", whole)
    asked: list[int] = []

    class Local:
        """Two batches by the worker's own code, then the end of the process."""

        def __init__(self, kind: type, args: object) -> None:
            self.worker = on_ray.Worker(kind, args, os.getcwd(), {})  # type: ignore[arg-type]

        def __enter__(self) -> Local:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def check(self, check: object) -> None:
            pass

        def write(self, parts: list[list[Path]], done: object) -> None:
            asked.append(len(parts))
            for paths in parts[:2]:
                row = self.worker({"paths": [str(p) for p in paths]})
                assert not row["wrong"] and len(row["notes"]) == BATCH
                done(paths, row["entry"])  # type: ignore[operator]
            if len(parts) > 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(on_ray, "Workers", Local)
    for _ in range(2):
        assert run(*command, "--out", out, "--ray", 2) == 130
    assert asked == [6, 4]
    assert run(*command, "--out", out) == 0
    assert files(out) == files(whole)


def test_what_a_cluster_lacks_is_said(
    inputs: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="--ray 3 needs 3 processors, and the cluster has 2"):
        check_resources({"CPU": 2.0}, 3, False)
    with pytest.raises(InputError, match="--ray 3 needs 3 GPUs, and the cluster has 0"):
        check_resources({"CPU": 4.0}, 3, True)
    check_resources({"CPU": 4.0, "GPU": 4.0}, 4, True)
    monkeypatch.setitem(sys.modules, "ray", None)
    command = ("segment", inputs / "wide.png", "--model", tiny_model, "--out", tmp_path / "out", "--ray", 2)
    assert "pip install 'ray[data]'" in refused(capsys, *command)


def test_a_folder_stands_for_its_pictures(
    inputs: Path, photo: np.ndarray, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    (folder / "empty").mkdir(parents=True)
    for name in ("a.jpg", "b.PNG"):
        Image.fromarray(photo).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    command = ("segment", "--model", tiny_model, "--no-align", "--steps", 1, "--out", tmp_path / "out")
    assert run(*command, inputs / "wide.png", folder) == 0
    assert sorted(files(tmp_path / "out")) == ["a.png", "b.png", "wide.png"]
    assert "empty has no pictures" in refused(capsys, *command, folder / "empty")


def figures(folder: Path, model: Path, name: str, *options: object) -> Any:
    """What `evaluate` writes of two pairs, without its seconds."""
    file = folder / f"{name}.json"
    words = ["--images", folder / "images", "--masks", folder / "masks", "--model", model, "--reader", model]
    assert run("evaluate", *words, "--steps", 1, "--diverse", 0, "--batch", 1, "--json", file, *options) == 0
    report = json.loads(file.read_text())
    for row in report["rows"]:
        del row["seconds"]
    return report


@pytest.fixture
def pairs(tmp_path: Path, face_layout: np.ndarray) -> Path:
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    for i in range(2):
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(tmp_path / "images" / f"{i}.png")
        write_layout(tmp_path / "masks" / f"{i}.png", np.roll(face_layout, i, 1)[8:40, 8:40], FACES)
    return tmp_path


def test_figures_are_those_of_whoever_computes(pairs: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch goes to the workers, which hold the model and its reader."""
    asked: list[str] = []

    class Local:
        def __init__(self, args: Any) -> None:
            self.solver = on_ray.Solver(args, os.getcwd(), {})

        def __enter__(self) -> Local:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def of(self, model: str, plain: bool = False) -> Any:
            def solve(method: str, parts: Any) -> Any:
                for part in parts:
                    asked.append(method)
                    yield self.solver.solve(model, plain, method, part)

            return solve

    expected = figures(pairs, tiny_model, "here")
    monkeypatch.setattr(on_ray, "Solvers", Local)
    assert figures(pairs, tiny_model, "there", "--ray", 2) == expected
    assert set(asked) == {"segment_many", "synthesize_many"}


@pytest.mark.slow
def test_figures_of_two_workers(pairs: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    assert figures(pairs, tiny_model, "there", "--ray", 2) == figures(pairs, tiny_model, "here")
