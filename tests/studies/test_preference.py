from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.nets.contracts import CodecRenderer
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.studies import preference
from semflow_core.studies.preference import read_answers, write_page
from semflow_core.studies.run import run_study

from .conftest import MakeSettings


def study_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="study">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture
def data(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMFLOW_DATA", str(config.parent))


@pytest.mark.usefixtures("data")
def test_the_page_has_the_split_by_the_model_and_the_real_photos(
    tiny_model: Path, study_settings: MakeSettings, tmp_path: Path
) -> None:
    settings = study_settings(model=str(tiny_model), n=3, steps=1)
    run_study("preference", settings)
    study = study_of((tmp_path / "out" / "preference.html").read_text())
    assert study["names"] == ["tiny", "real"] and [p["name"] for p in study["pairs"]] == ["3", "4", "5"]
    assert all(url.startswith("data:image/jpeg;base64,") for p in study["pairs"] for url in p["photos"])
    assert "3 layouts of the development split, 1 steps" in (tmp_path / "out" / "preference.md").read_text()


@pytest.mark.usefixtures("data")
def test_another_model_stands_against_it(tiny_model: Path, tiny_appearance: Path, study_settings: MakeSettings) -> None:
    settings = study_settings(model=str(tiny_model), against=str(tiny_appearance), steps=1)
    page = preference.run_preference(settings).page
    assert page is not None and study_of(page)["names"][1] == str(tiny_appearance)


@pytest.mark.usefixtures("data")
def test_the_decoded_photos_stand_against_rendered_ones(
    tiny_model: Path, study_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the renderer is the codec's decoder, upside down."""

    class Turned(CodecRenderer):
        def __call__(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
            return super().__call__(z0, z1, noise).flip(2)

    pipeline = copy.copy(load_pipeline(str(tiny_model)))  # the loaded one is other tests', too
    pipeline.renderer = Turned(pipeline.codec)
    monkeypatch.setattr(type(pipeline), "learned", property(lambda self: isinstance(self.renderer, Turned)))
    monkeypatch.setattr(preference, "load_pipeline", lambda *_: pipeline)
    photos: list[tuple[str, np.ndarray, np.ndarray]] = []
    monkeypatch.setattr(preference, "write_page", lambda pairs, names, about: photos.extend(pairs))
    preference.run_preference(study_settings(against="decoded", steps=1))
    assert len(photos) == 2 and all(np.array_equal(first, second[::-1]) for _, first, second in photos)


@pytest.mark.usefixtures("data")
def test_what_cannot_be_compared_is_refused(
    tiny_model: Path, tiny_streets: Path, study_settings: MakeSettings, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="has no renderer: its photos are decoded ones already"):
        run_study("preference", study_settings(model=str(tiny_model), against="decoded"))
    with pytest.raises(InputError, match="has the classes of cityscapes; it must be celebamask_hq"):
        run_study("preference", study_settings(model=str(tiny_model), against=str(tiny_streets)))
    with pytest.raises(InputError, match="'preference' trains nothing"):
        run_study("preference", study_settings("beta=3"))
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    for name in ("preference", "nearest"):
        with pytest.raises(InputError, match="must not enter a repository: --out must name a folder outside"):
            run_study(name, study_settings(model=str(tiny_model), out=tmp_path / "repository" / "runs"))
    assert [p.name for p in tmp_path.rglob("*")] == ["repository", ".git"]


def test_the_page_holds_any_name_and_is_the_same_for_the_same_photos() -> None:
    small, large = np.zeros((16, 32, 3), np.uint8), np.full((32, 64, 3), 200, np.uint8)
    page = write_page([("</script><b>", small, large)], ("a", "b"), "x")
    assert study_of(page)["pairs"][0]["name"] == "</script><b>"
    assert page == write_page([("</script><b>", small, large)], ("a", "b"), "x")
    assert study_of(page)["id"] != study_of(write_page([("</script><b>", large, small)], ("a", "b"), "x"))["id"]


def answers_file(folder: Path, **changes: Any) -> Path:
    answers = [{"pair": str(i), "left": i % 2, "chosen": int(i < 3)} for i in range(10)]
    file = folder / "answers.json"
    file.write_text(json.dumps({"study": "preference", "names": ["new", "old"], "answers": answers, **changes}))
    return file


def test_answers_become_a_share(
    study_settings: MakeSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = answers_file(tmp_path)
    assert read_answers(file) == (("new", "old"), [1] * 3 + [0] * 7)
    run_study("preference", study_settings(answers=(file,)))
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| answers.json"))
    assert [cell.strip() for cell in row.split("|")[2:6]] == ["new", "old", "10", "70.0 [39.7, 89.2]"]
    assert not (tmp_path / "out" / "preference.html").exists()


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"study": "beta"}, "holds no answers"),
        ({"names": 3}, "holds no answers"),
        ({"answers": [{"pair": "1", "chosen": 2}]}, "holds no answers"),
        ({"answers": []}, "at least one; here are 0"),
        ({"answers": [{"pair": "1", "chosen": 1}] * 2}, "each pair once"),
    ],
)
def test_files_without_answers_are_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_answers(answers_file(tmp_path, **changes))
    with pytest.raises(InputError, match="cannot be read"):
        read_answers(tmp_path / "nothing.json")
