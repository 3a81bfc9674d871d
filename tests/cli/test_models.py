"""`semflow models`, and where models are found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from semflow_core.pipeline import registry

from .conftest import refused, run


def test_models_and_names(tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "--models", tiny_model.parent) == 0
    assert f"tiny\t{tiny_model}" in capsys.readouterr().out.splitlines()
    words = ["--model", "tiny", "--models", tiny_model.parent, "--steps", 1]
    assert run("synthesize", *words, inputs / "face.png", "--out", tmp_path / "out") == 0


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation, which comes without models."""
    monkeypatch.setattr(registry, "asset", lambda name: tmp_path / "nothing" / name)
    monkeypatch.delenv("SEMFLOW_MODELS", raising=False)


@pytest.mark.usefixtures("no_models")
def test_without_models_one_sentence_says_what_to_do(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("models") == 0
    sentence = capsys.readouterr().out
    assert sentence.count("\n") == 1 and sentence.startswith("no models are installed: ")
    for way in ("--models DIR", "SEMFLOW_MODELS", "semflow train CONFIG"):
        assert way in sentence
    message = refused(capsys, "synthesize", inputs / "face.png", "--out", tmp_path / "out")
    assert message == f"semflow: error: there is no model 'faces', for {sentence}"


@pytest.mark.usefixtures("no_models")
def test_models_are_found_in_the_folders_of_the_variable_and_in_a_named_one_first(
    tiny_model: Path,
    tiny_streets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SEMFLOW_MODELS", os.pathsep.join(map(str, (tiny_model.parent, tiny_streets.parent))))
    assert run("models") == 0
    assert capsys.readouterr().out.splitlines() == [f"tiny\t{tiny_model}", f"tiny_streets\t{tiny_streets}"]
    shutil.copytree(tiny_model, tmp_path / "named" / "tiny")
    assert run("models", "--models", tmp_path / "named") == 0
    assert f"tiny\t{tmp_path / 'named' / 'tiny'}" in capsys.readouterr().out.splitlines()


def test_a_folder_of_the_variable_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEMFLOW_MODELS", str(tmp_path / "gone"))
    assert "gone, which the variable SEMFLOW_MODELS names, does not exist" in refused(capsys, "models")
