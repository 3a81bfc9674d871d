"""What several commands refuse: bad files, bad options, missing models, places that cannot be written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import refused


@pytest.mark.parametrize("command, good", [("synthesize", "face.png"), ("segment", "high.jpg")])
@pytest.mark.parametrize(
    "file, words",
    [
        ("text.png", "text.png is not a picture"),
        ("cut.png", "cut.png is damaged or cut off"),
        ("small.png", "small.png is 1x1 pixels"),
        ("huge.png", "huge.png is 10000x10000 pixels"),
        ("gone.png", "there is no file"),
        ("empty", "empty has no pictures"),  # a folder stands for its pictures (for synthesize also for its parts)
    ],
)
def test_bad_files_are_refused_before_anything_is_written(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    good: str,
    file: str,
    words: str,
) -> None:
    out = tmp_path / "out"
    (inputs / "empty").mkdir()
    options = ["--model", tiny_model, "--out", out, "--batch", 1]
    assert words in refused(capsys, command, inputs / good, inputs / file, *options)
    assert not out.exists(), "the good input must wait for the bad one"


@pytest.mark.parametrize(
    "command, file", [("synthesize", "face.png"), ("segment", "wide.png"), ("animate", "face.png")]
)
@pytest.mark.parametrize(
    "options, words",
    [
        (["--steps", "0"], "number of steps is 0"),
        (["--steps", "1000000"], "number of steps is 1000000"),
        (["--steps", "-1"], "number of steps is -1"),
        (["--steps", "many"], "invalid int value: 'many'"),
        (["--solver", "magic"], "no solver 'magic'; it is one of euler"),
        (["--grid", "log"], "no time grid 'log'"),
        (["--device", "abacus"], "there is no device 'abacus'"),
        (["--models", "nowhere"], "folder nowhere does not exist"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--step", "2"], "unrecognized arguments: --step"),
    ],
)
def test_bad_options_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    file: str,
    options: list[str],
    words: str,
) -> None:
    out = tmp_path / "out"
    assert words in refused(capsys, command, "--model", tiny_model, inputs / file, "--out", out, *options)
    assert not out.exists()


@pytest.mark.parametrize("command", ["synthesize", "animate"])
@pytest.mark.parametrize(
    "options, words",
    [
        (["--seed", "-1"], "the seed is -1"),
        (["--seed", str(2**53)], "whole number from 0 to"),
        (["--beta", "62.5"], "below s/2 = 62.5"),
        (["--beta", "-1"], "amplitude is -1"),
        (["--beta", "nan"], "amplitude is nan"),
        (["--class-seed", "13"], "not written ID=SEED"),
        (["--class-seed", "13=x"], "not written ID=SEED"),
        (["--class-seed", "19=1"], "19 names no class of celebamask_hq"),
        (["--class-seed", "999=1"], "999 names no class"),
        (["--class-seed", f"13={2**53}"], f"the seed is {2**53}"),
    ],
)
def test_bad_perturbations_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    options: list[str],
    words: str,
) -> None:
    out = tmp_path / "out"
    assert words in refused(capsys, command, "--model", tiny_model, inputs / "face.png", "--out", out, *options)
    assert not out.exists()


@pytest.mark.parametrize(
    "command, file", [("synthesize", "face.png"), ("segment", "wide.png"), ("animate", "face.png")]
)
def test_missing_models_and_unwritable_places_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    file: str,
) -> None:
    before = sorted(tmp_path.rglob("*"))
    message = refused(capsys, command, "--model", "nobody", inputs / file, "--out", tmp_path / "out")
    assert "there is no model 'nobody'" in message
    below_a_file = inputs / "text.png" / "out"
    assert "cannot be written to" in refused(
        capsys, command, "--model", tiny_model, inputs / file, "--out", below_a_file
    )
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command, file", [("synthesize", "face.png"), ("segment", "wide.png")])
def test_two_inputs_for_one_output_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    file: str,
) -> None:
    twins = (inputs / file, inputs / "twin" / file)
    message = refused(capsys, command, "--model", tiny_model, *twins, "--out", tmp_path / "out")
    assert f"would both be written to {file}" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words, message",
    [
        ([], "the following arguments are required: COMMAND"),
        (["paint"], "invalid choice: 'paint'"),
        (["synthesize"], "the following arguments are required: LAYOUT, --out"),
        (["segment", "a.png"], "the following arguments are required: --out"),
        (["segment", "a.png", "--out", "b", "--batch", "0"], "'0' is not a whole number above 0"),
        (["evaluate", "--images", "nowhere", "--masks", "nowhere"], "there are no masks"),
        (
            ["evaluate", "--images", "a", "--masks", "a", "--steps", "1,0"],
            "'0' is not a whole number above 0",
        ),
        (["evaluate", "--images", "a", "--masks", "a", "--steps", "1,1001"], "number of steps is 1001"),
        (["evaluate", "--images", "a", "--masks", "a", "--last", "x"], "'x' is not a whole number above 0"),
        (["models", "--models", "nowhere"], "folder nowhere does not exist"),
        (["train", "nowhere.yaml"], "the configuration nowhere.yaml cannot be read"),
        (["train"], "the following arguments are required: CONFIG"),
    ],
)
def test_bad_commands_are_refused(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert message in refused(capsys, *words)
