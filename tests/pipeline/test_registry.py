"""What models are called, and that each is reachable."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.actions.models import Models
from semflow_core.pipeline import registry
from semflow_core.pipeline.registry import find_models, load_as_torch, load_pipeline
from semflow_core.training.checkpoints import append_log, keep_export, mark_exported


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_model: Path) -> Path:
    """The shipped models are one, "faces"."""
    monkeypatch.setattr(registry, "asset", lambda name: tmp_path / "shipped")
    monkeypatch.delenv("SEMFLOW_MODELS", raising=False)
    shutil.copytree(tiny_model, tmp_path / "shipped" / "faces")
    return tmp_path / "shipped"


def trained(run: Path, model: Path, stage: str = "flow") -> Path:
    """The folder of a stage, as the training leaves it -> what `--models` names."""
    out = run / stage
    out.mkdir(parents=True)
    keep_export(out, lambda folder: shutil.copytree(model, folder) and None)
    append_log(out, {"step": 3})
    mark_exported(out, 3)
    return out


def test_a_trained_model_is_called_as_its_run(tmp_path: Path, tiny_model: Path) -> None:
    flow, finish = (trained(tmp_path / "runs" / "dogs", tiny_model, stage) for stage in ("flow", "finish"))
    assert find_models([flow, finish]) == {
        "dogs": flow / "export",
        "dogs-finish": finish / "export",
        "faces": tmp_path / "shipped" / "faces",
    }
    for model in ("dogs", str(flow / "export")):
        assert load_pipeline(model, [flow]).name == "dogs"
    assert Models([flow]).pipeline("dogs").name == "dogs"


def test_two_runs_of_one_name_are_both_there(tmp_path: Path, tiny_model: Path, tiny_streets: Path) -> None:
    one, other = trained(tmp_path / "a" / "dogs", tiny_model), trained(tmp_path / "b" / "dogs", tiny_streets)
    assert find_models([one, other]) | {"faces": Path()} == {
        "dogs": one / "export",
        "dogs-2": other / "export",
        "faces": Path(),
    }
    for load in (load_pipeline, load_as_torch):
        pipelines = [load(name, [one, other]) for name in ("dogs", "dogs-2")]
        assert [p.name for p in pipelines] == ["dogs", "dogs-2"]
        assert [p.palette.name for p in pipelines] == ["celebamask_hq", "cityscapes"]
    studio = Models([one, other])
    assert [studio.pipeline(name).name for name in studio.names()] == ["dogs", "dogs-2", "faces"]
    assert studio.pipeline("dogs-2").palette.name == "cityscapes"


def test_a_run_takes_no_shipped_models_name(tmp_path: Path, shipped: Path, tiny_streets: Path) -> None:
    run = trained(tmp_path / "runs" / "faces", tiny_streets)
    assert find_models([run]) == {"faces": shipped / "faces", "faces-2": run / "export"}


def test_folders_of_one_name_are_both_there_and_a_shipped_one_gives_way(tmp_path: Path, tiny_model: Path) -> None:
    for place in ("a", "b", "c"):
        shutil.copytree(tiny_model, tmp_path / place / "faces")
    shutil.copytree(tiny_model, tmp_path / "b" / "faces-2")
    found = find_models([tmp_path / "a", tmp_path / "b", tmp_path / "c", tmp_path / "b"])
    places = {name: folder.relative_to(tmp_path).as_posix() for name, folder in found.items()}
    assert places == {"faces": "c/faces", "faces-2": "b/faces-2", "faces-3": "a/faces", "faces-4": "b/faces"}


def test_a_copied_export_is_called_as_its_folder(tmp_path: Path, tiny_model: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "mine" / "export")
    flow = trained(tmp_path / "runs" / "dogs", tiny_model)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "hounds").symlink_to(flow / "export")
    assert set(find_models([tmp_path / "mine", tmp_path / "links"])) == {"export", "faces", "hounds"}
    assert load_pipeline("hounds", [tmp_path / "links"]).name == "hounds"


def test_finding_models_imports_no_networks() -> None:
    code = "import sys; import semflow_core.pipeline.registry as r; r.find_models(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
