"""The drawn data set: pairs that `find_pairs` and the configuration take, the same for each number and seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from semflow_core.cli import main
from semflow_core.data.check import check_folder
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.training.stages import read_plan
from tools.drawn import CLASSES, draw, palette, write
from tools.drawn import main as drawn_main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "drawn"
    write(folder, 3)
    return folder


def test_its_folder_is_one_to_train_on(folder: Path) -> None:
    checked = check_folder(folder, str(folder / "palette.json"))
    assert len(checked.pairs) == 3 and not checked.wrong
    assert [c.name for c in load_palette(folder / "palette.json").classes] == list(CLASSES)


def test_a_pair_depends_on_its_number_and_seed_only() -> None:
    photo, labels = draw(2)
    again, also = draw(2)
    assert np.array_equal(photo, again) and np.array_equal(labels, also)
    assert not np.array_equal(labels, draw(3)[1]) and not np.array_equal(labels, draw(2, seed=1)[1])


def test_photos_show_more_than_their_layouts() -> None:
    photo, labels = draw(1)
    assert photo.shape == (*labels.shape, 3) and len(np.unique(labels)) >= 7
    for i in np.unique(labels):  # no class is one colour
        assert photo[labels == i].std(axis=0).max() > 2
    palette().index(labels)


def test_the_command_writes_its_configuration(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(folder.parent)
    assert main(["data", "configure", "drawn", "--minutes", "8"]) == 0
    said = capsys.readouterr().out
    assert "python -m semflow_core train drawn/train.yaml" in said and "6 minutes for the flow" in said
    plan = read_plan(folder / "train.yaml", [])
    assert plan.latents is not None and plan.latents.domain.held_out == 1


def test_pairs_of_another_seed_are_not_mixed_with_what_is_there(tmp_path: Path) -> None:
    write(tmp_path / "drawn", 2)
    before = (tmp_path / "drawn" / "images" / "0001.jpg").read_bytes()
    with pytest.raises(InputError, match=r"drawn.images holds files already; name a new folder"):
        write(tmp_path / "drawn", 1, seed=1)
    assert (tmp_path / "drawn" / "images" / "0001.jpg").read_bytes() == before


@pytest.mark.parametrize(
    "words, said", [(["--pairs", "-3"], "above 0"), (["--seed", "-1"], "not a whole number"), (["--pairs", "0"], "'0'")]
)
def test_numbers_out_of_range_are_refused(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["drawn", str(tmp_path / "drawn"), *words])
    with pytest.raises(SystemExit, match="2"):
        drawn_main()
    assert said in capsys.readouterr().err and not (tmp_path / "drawn").exists()
