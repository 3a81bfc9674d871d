from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from semflow_core.errors import InputError
from semflow_core.studies import training
from semflow_core.studies.run import TRAINED, run_study
from semflow_core.studies.training import flow_plan
from semflow_core.studies.variants import TRAINING_STUDIES, TrainingStudy, Variant

from .conftest import MakeSettings

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", TRAINING_STUDIES)
def test_every_variant_is_a_configuration_of_what_is_shipped(name: str) -> None:
    for domain in ("faces", "streets"):
        for variant in TRAINING_STUDIES[name].variants:
            flow_plan(REPOSITORY / "configs" / f"{domain}.yaml", list(variant.overrides))


def test_every_variant_is_a_configuration_of_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    for study in TRAINING_STUDIES.values():
        built = [flow_plan(Path("configs/faces.yaml"), [*v.overrides, "out=x"]) for v in study.variants]
        assert len({str(b) for b in built}) == len(study.variants)  # no two are the same


def test_a_training_study_trains_each_variant_for_as_long(
    study_settings: MakeSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    toy = TrainingStudy("Mirrors?", (Variant("with"), Variant("without", ("latents.augment.mirror=false",))))
    monkeypatch.setitem(TRAINING_STUDIES, "toy", toy)
    monkeypatch.setitem(TRAINED, "toy", partial(training.run_training_study, "toy"))
    monkeypatch.setattr(training, "BUDGET", 4)
    monkeypatch.setattr(training, "STEPS", (1, 2))
    outcome = run_study("toy", study_settings("seed=5", out=tmp_path))
    assert [(r["variant"], r["steps"]) for r in outcome.tables[0].rows] == [
        ("with", 1),
        ("with", 2),
        ("without", 1),
        ("without", 2),
    ]
    for i, mirror in enumerate((True, False)):
        about = json.loads((tmp_path / "toy" / str(i) / "flow" / "config.json").read_text())
        assert about["latents.augment.mirror"] is mirror and about["seed"] == 5
        log = (tmp_path / "toy" / str(i) / "flow" / "log.jsonl").read_text().splitlines()
        assert json.loads(log[-1])["step"] == 2  # half of the budget each
    assert outcome.sheet is not None and outcome.sheet.shape == (3 * 64, 3 * 64, 3)  # layout, with, without
    assert "2 training steps of 2 each" in capsys.readouterr().out


def test_a_wrong_variant_is_refused_before_anything_trains(
    study_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = TrainingStudy("?", (Variant("right"), Variant("wrong", ("mirrors=3",))))
    monkeypatch.setitem(TRAINING_STUDIES, "toy", toy)
    with pytest.raises(InputError, match="unknown key 'mirrors'"):
        training.run_training_study("toy", study_settings())
    assert not (tmp_path / "out").exists()
