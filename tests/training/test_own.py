"""The configuration for a set of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from semflow_core.cli import main
from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import Palette, PaletteClass
from semflow_core.method.perturbation import Perturbation
from semflow_core.training.own import OwnSet, grid_of, settings_in
from semflow_core.training.stages import read_plan

from ..data.test_pairs import make_pairs


def palette_of(classes: int) -> Palette:
    return Palette("own", "Own", tuple(PaletteClass(i, f"c{i}", (i, i, 0), "") for i in range(classes)))


def test_the_configuration_is_one_that_training_takes(tmp_path: Path) -> None:
    own = OwnSet("sets/mine", palette_of(13), 100, 12)
    (tmp_path / "train.yaml").write_text(own.configuration(), encoding="utf-8")
    plan = read_plan(tmp_path / "train.yaml", [])
    assert plan.run.out == "runs/mine" and plan.run.stages == ["backbone", "flow"] and plan.latents is not None
    domain = plan.latents.domain
    assert (domain.palette, domain.folder, domain.held_out) == ("sets/mine/palette.json", "sets/mine", 10)
    assert [plan.sections[name].optim.minutes for name in plan.run.stages] == [4.1, 9]
    assert plan.latents.copies == 20
    for name in plan.run.stages:  # nothing that is not in the repository
        assert Path(plan.sections[name].init).is_dir()


@pytest.mark.parametrize("folder", ["mine", "sets/mine", "2024", "a_very_" + 60 * "long_" + "name", "true", "gärten"])
@pytest.mark.parametrize("minutes", [1.0, 60.0, 90.5, 6000.0])
def test_a_configuration_says_its_folder_and_minutes(folder: str, minutes: float) -> None:
    text = OwnSet(folder, palette_of(200), 100, minutes).configuration()
    name, read = settings_in(text)
    assert name == Path(folder).name and read == minutes
    assert settings_in(text.replace("  optim: {minutes: ", "  optim: {minutes: x"))[1] is None
    assert settings_in("") == settings_in("flow:\n  optim: {minutes: 1.2.3}\n") == ("", None)


@pytest.mark.parametrize("classes", [1, 13, 27, 28, 64, 65, 256])
def test_every_class_has_an_anchor_and_survives_the_perturbation(classes: int, tmp_path: Path) -> None:
    k, s = grid_of(classes)
    assert k**3 >= classes and s <= 255 / (k - 1) and (k == 3 or (k - 1) ** 3 < classes)
    (tmp_path / "train.yaml").write_text(OwnSet("mine", palette_of(classes), 10).configuration(), encoding="utf-8")
    latents = read_plan(tmp_path / "train.yaml", []).latents
    assert latents is not None and (latents.domain.k, latents.domain.s) == (k, s)
    Perturbation(latents.beta, latents.spectrum).check(Codebook(palette_of(classes), k, s))


@pytest.mark.parametrize(("pairs", "held_out", "copies"), [(2, 1, 20), (20, 2, 20), (100, 10, 20), (1000, 50, 2)])
def test_few_pairs_get_more_copies(pairs: int, held_out: int, copies: int) -> None:
    own = OwnSet("mine", palette_of(3), pairs)
    assert (own.held_out, own.copies) == (held_out, copies)


def test_the_time_is_the_budget_and_what_is_done_beside_it() -> None:
    own = OwnSet("mine", palette_of(3), 100, 120)
    assert 60 * own.hours == pytest.approx(120 + own.encoding_minutes + 1, abs=0.1)
    assert own.explanation().startswith(
        "About 2 hours on two CPU cores: budgets of 31 minutes for the backbone (in which 1,800"
    )
    assert own.explanation().endswith("figures on 10 held-out pairs.")
    assert OwnSet("mine", palette_of(3), 10).explanation().endswith("figures on 1 held-out pair.")
    assert own.command() == "python -m semflow_core train mine/train.yaml"


@pytest.mark.parametrize(("pairs", "minutes"), [(0, 60), (1, 60), (10, 0.5), (10, 1e6), (10, float("nan"))])
def test_what_cannot_be_trained_is_refused(pairs: int, minutes: float) -> None:
    with pytest.raises(InputError):
        OwnSet("mine", palette_of(3), pairs, minutes)


@pytest.mark.parametrize("folder", ["mine", "a b/mine", "mine/", "mine/.", "mine/x/.."])
def test_the_run_has_the_folders_name(folder: str, tmp_path: Path) -> None:
    (tmp_path / "train.yaml").write_text(OwnSet(folder, palette_of(3), 10).configuration(), encoding="utf-8")
    assert read_plan(tmp_path / "train.yaml", []).run.out == "runs/mine"


def test_the_folder_that_one_stands_in_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my set" / "x").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "my set" / "x")
    assert OwnSet("..", palette_of(3), 10).name == "my set" and OwnSet(".", palette_of(3), 10).name == "x"


def test_the_command_is_one_that_a_shell_takes() -> None:
    command = OwnSet("it's/my set", palette_of(3), 10).command()
    assert shlex.split(command) == ["python", "-m", "semflow_core", "train", "it's/my set/train.yaml"]


def test_a_configuration_that_was_edited_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_pairs(tmp_path / "mine", ["a", "b", "c"])
    (tmp_path / "mine" / "palette.json").write_text(palette_of(3).to_json())
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine" / "train.yaml"
    assert main(["data", "configure", "mine"]) == 0 == main(["data", "configure", "mine", "--minutes", "20"])
    edited = file.read_text().replace("batch: 8", "batch: 4")
    file.write_text(edited)
    capsys.readouterr()
    assert main(["data", "configure", "mine"]) == 2 and file.read_text() == edited
    assert "mine/train.yaml is not as configure wrote it; edit its minutes" in capsys.readouterr().err
    assert main(["data", "configure", "mine", "--force"]) == 0 and "batch: 8" in file.read_text()
