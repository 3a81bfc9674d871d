"""What a damaged or full disk does to a run: the last good checkpoint is found, and said; nothing is a trace."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from semflow_core.errors import InputError
from semflow_core.training import loop
from semflow_core.training.checkpoints import append_log, keep_export, newest_checkpoint
from semflow_core.training.run import run_training

STEPS = ["optim.decay=0.0", "optim.steps=2"]
MORE = ["optim.decay=0.0", "optim.steps=3"]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.fixture(scope="module")
def two_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {"folder": tmp_path_factory.mktemp("two")}


@pytest.mark.parametrize(
    "damage, name",
    [
        (cut, "model.safetensors"),
        (flip, "optimizer.bin"),
        (empty, "random_states_0.pkl"),
        (cut, "progress.json"),
        (Path.unlink, "custom_checkpoint_0.pkl"),
    ],
)
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    file: Path,
    tmp_path: Path,
    two_checkpoints: dict[str, Path],
    damage: Callable[[Path], Any],
    name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, kept = tmp_path / "run", two_checkpoints["folder"] / "run"
    if not kept.exists():  # trained once for all cases
        run_training(file, ["optim.steps=1", "optim.decay=0.0"])
        run_training(file, STEPS)
        shutil.copytree(run, kept)
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(kept, run)
    damage(run / "flow" / "checkpoint" / name)
    found = newest_checkpoint(run / "flow")
    assert found is not None and found.name == "checkpoint.old"
    run_training(file, MORE)
    assert "is damaged; the run goes on from the one before, of step 1" in capsys.readouterr().err
    assert json.loads((run / "flow" / "checkpoint" / "progress.json").read_text())["step"] == 3


def test_where_all_checkpoints_are_damaged_it_is_said_and_nothing_is_overwritten(file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run" / "flow"
    run_training(file, ["optim.steps=1"])
    flip(run / "checkpoint" / "model.safetensors")
    with pytest.raises(InputError, match="cannot go on: checkpoint is damaged; delete what is damaged to start again"):
        run_training(file, ["optim.steps=2"])
    assert (run / "export").is_dir()


def test_a_checkpoint_of_an_earlier_version_that_is_cut_is_named(file: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "run" / "flow" / "checkpoint"
    run_training(file, ["optim.steps=1"])
    (checkpoint / "progress.json").write_text('{"step": 1, "seconds": 2.0}')  # without a list of files
    cut(checkpoint / "model.safetensors")
    with pytest.raises(InputError, match="checkpoint cannot be loaded .*delete the folder to start again"):
        run_training(file, ["optim.steps=2"])


def test_a_damaged_record_of_the_run_is_named(file: Path, tmp_path: Path) -> None:
    run_training(file, ["optim.steps=1"])
    cut(tmp_path / "run" / "flow" / "config.json")
    with pytest.raises(InputError, match=r"config.json, which says what the run there is about, is damaged"):
        run_training(file, ["optim.steps=2"])


def test_a_full_disk_costs_no_checkpoint_and_the_run_goes_on(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, save = tmp_path / "run" / "flow", torch.save

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run_training(file, STEPS)
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\); free some .* from step 2"):
        run_training(file, MORE)
    assert not (run / "checkpoint.new").exists()  # its space is what lacks
    monkeypatch.setattr(torch, "save", save)
    run_training(file, MORE)
    run_training(file, [*MORE, f"out={tmp_path / 'undisturbed'}"])
    one, two = (load_file(r / "checkpoint" / "model.safetensors") for r in (run, tmp_path / "undisturbed" / "flow"))
    assert all((two[key] - value).abs().max() < 1e-6 for key, value in one.items())


def test_an_export_that_could_not_be_written_is_written_by_the_next_start(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run" / "flow"
    run_training(file, STEPS)
    before = (run / "export" / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()

    def full(*args: Any) -> None:
        (args[1].parent / "export.new").mkdir()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(loop, "keep_export", lambda out, write: full(write, out / "export.new"))
    with pytest.raises(InputError, match="No space left on device"):
        run_training(file, MORE)
    assert (run / "export" / "unet" / "diffusion_pytorch_model.safetensors").read_bytes() == before
    monkeypatch.undo()
    run_training(file, MORE)
    assert json.loads((run / "exported.json").read_text()) == {"step": 3} and not (run / "export.new").exists()


def test_an_out_that_cannot_be_written_is_said_before_the_data_is_read(file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputError, match="file/run/flow cannot be written to"):
        run_training(file, [f"out={tmp_path / 'file' / 'run'}", "data=nowhere"])


def test_a_machine_that_cannot_compile_trains_without(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def compiled(model: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            torch.rand(5)  # some of the work was done
            raise RuntimeError("No working C++ compiler found\na trace")

        return _Uncompiled(model, call)

    monkeypatch.setattr(torch, "compile", compiled)
    run_training(file, ["optim.compile=true", "optim.steps=2"])
    text = "".join(capsys.readouterr())
    assert "optim.compile is left out, for this machine cannot compile: No working C++ compiler found" in text
    assert "Traceback" not in text and "a trace" not in text
    monkeypatch.undo()
    run_training(file, ["optim.steps=2", f"out={tmp_path / 'plain'}"])
    one, two = (load_file(tmp_path / r / "flow" / "checkpoint" / "model.safetensors") for r in ("run", "plain"))
    assert all(torch.equal(two[key], value) for key, value in one.items())


class _Uncompiled(torch.nn.Module):
    """What torch.compile returns: it fails at the first call."""

    def __init__(self, model: Any, call: Callable[..., Any]) -> None:
        super().__init__()
        self.model, self.call = model, call

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("model"), name)


def test_the_log_loses_what_is_done_again_and_lines_that_were_cut(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 10}\n{"step": 20}\n{"step": 30}\n{"ste')
    append_log(tmp_path, {"step": 20, "held_out": "new"})
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines == [{"step": 10}, {"step": 20, "held_out": "new"}]


def test_an_export_that_fails_leaves_the_one_before_and_no_half(tmp_path: Path) -> None:
    def write(text: str) -> Callable[[Path], None]:
        def into(folder: Path) -> None:
            folder.mkdir()
            (folder / "weights").write_text(text)
            if text == "half":
                raise OSError("the disk is full")

        return into

    keep_export(tmp_path, write("whole"))
    with pytest.raises(OSError, match="full"):
        keep_export(tmp_path, write("half"))
    assert [p.name for p in tmp_path.iterdir()] == ["export"] and (
        tmp_path / "export" / "weights"
    ).read_text() == "whole"
