"""The runtime that computes a model: exports, the self-test's choice, and what it is remembered by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from semflow_core import SemFlowPipeline, SynthesisRequest
from semflow_core.cli import main
from semflow_core.nets import compiled
from semflow_core.nets.compiled import CompiledCodec, CompiledVelocity
from semflow_core.nets.contracts import UNetVelocity
from semflow_core.pipeline import runtime
from semflow_core.pipeline.runtime import Trial, choose_runtime, pipeline_exports, self_test

GOOD = Trial(1.5, 1.0)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a self-test that finds exports good."""
    monkeypatch.setenv("SEMFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SEMFLOW_RUNTIME")
    monkeypatch.setattr(runtime, "is_installed", lambda: True)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "1")
    return tmp_path / "cache"


@pytest.fixture
def pipeline(tiny_model: Path) -> SemFlowPipeline:
    return SemFlowPipeline.from_pretrained(tiny_model)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Trial]]:
    """Trials that the self-test finds, last first; exports are functions of torch's own."""
    trials: list[Trial] = []
    monkeypatch.setattr(runtime, "self_test", lambda *_: trials.pop())
    monkeypatch.setattr(compiled, "read", lambda folder, fast: lambda *values: values[0])
    yield trials


def write_empty(pipeline: SemFlowPipeline) -> None:
    for export in pipeline_exports(pipeline):
        export.folder.mkdir(parents=True)


def test_without_an_export_nothing_changes(cache: Path, pipeline: SemFlowPipeline) -> None:
    assert choose_runtime(pipeline) is pipeline
    assert not cache.exists()


def test_the_choice_is_remembered(cache: Path, pipeline: SemFlowPipeline, counted: list[Trial]) -> None:
    write_empty(pipeline)
    counted.append(GOOD)
    assert isinstance(choose_runtime(pipeline).velocity, CompiledVelocity)
    assert isinstance(choose_runtime(pipeline).codec, CompiledCodec)  # without a second self-test
    assert isinstance(pipeline.velocity, UNetVelocity) and not isinstance(pipeline.velocity, CompiledVelocity)


@pytest.mark.parametrize("trial", [Trial(0.9, 0.0), Trial(3.0, 2.5)], ids=["slower", "other pictures"])
def test_a_runtime_that_is_slower_or_paints_otherwise_is_refused(
    trial: Trial, cache: Path, pipeline: SemFlowPipeline, counted: list[Trial]
) -> None:
    write_empty(pipeline)
    counted.append(trial)
    assert choose_runtime(pipeline) is pipeline
    assert choose_runtime(pipeline) is pipeline and not counted


def test_a_damaged_memory_is_no_memory(cache: Path, pipeline: SemFlowPipeline, counted: list[Trial]) -> None:
    write_empty(pipeline)
    for text in ("{", "[]", "{}"):
        (cache / runtime.CHOICES).write_text(text)
        counted.append(GOOD)
        assert choose_runtime(pipeline) is not pipeline and not counted


def test_the_user_may_have_torch(
    cache: Path, pipeline: SemFlowPipeline, counted: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_empty(pipeline)
    monkeypatch.setenv("SEMFLOW_RUNTIME", "torch")
    assert choose_runtime(pipeline) is pipeline


def test_other_weights_have_another_export(cache: Path, pipeline: SemFlowPipeline) -> None:
    before = {e.name: e.folder for e in pipeline_exports(pipeline)}
    with torch.no_grad():
        pipeline.velocity.module.conv_in.bias[0] += 1
    after = {e.name: e.folder for e in pipeline_exports(pipeline)}
    assert set(before) == {"velocity", "encode", "decode"}
    assert [name for name in before if before[name] != after[name]] == ["velocity"]


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(compiled, "is_installed", lambda: False)
    assert main(["export", "faces"]) == 2
    assert "pip install openvino" in capsys.readouterr().err


@pytest.mark.slow
def test_an_export_paints_the_same(
    tiny_model: Path,
    face_layout: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setenv("SEMFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SEMFLOW_RUNTIME")
    monkeypatch.setattr(runtime, "SECONDS", 0.0)
    assert main(["export", str(tiny_model)]) == 0
    assert "times as fast" in capsys.readouterr().out
    pipeline = SemFlowPipeline.from_pretrained(tiny_model)
    other = runtime.on_exports(pipeline, pipeline_exports(pipeline))
    assert self_test(pipeline, other).levels <= runtime.LEVELS
    request = SynthesisRequest(layout=face_layout, steps=3, seed=1)
    photo = pipeline.synthesize(request).photo.astype(int)
    assert np.abs(other.synthesize(request).photo - photo).max() <= 2
    alone, *_ = other.synthesize_many([request, replace(request, seed=2)])
    assert np.array_equal(alone.photo, other.synthesize(request).photo), "a batch changes nothing"
    assert type(other.velocity.around(pipeline.velocity.module)) is UNetVelocity
    other.save_pretrained(tmp_path / "saved")
    assert SemFlowPipeline.from_pretrained(tmp_path / "saved").size == pipeline.size
    export = pipeline_exports(pipeline)[0].folder / compiled.EXPORT
    export.write_text("damaged")
    assert choose_runtime(pipeline) is pipeline
