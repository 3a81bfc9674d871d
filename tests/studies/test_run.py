from __future__ import annotations

from pathlib import Path

import pytest

from semflow_core.errors import InputError
from semflow_core.studies.run import run_study
from semflow_core.studies.training import flow_plan

from .conftest import MakeSettings

REPOSITORY = Path(__file__).resolve().parents[2]


def test_wrong_studies_are_refused(
    tiny_model: Path, tiny_streets: Path, study_settings: MakeSettings, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="there is no study 'colours'; it is one of grids, solvers"):
        run_study("colours", study_settings())
    with pytest.raises(InputError, match="'grids' trains nothing, so it takes no settings such as beta=3"):
        run_study("grids", study_settings("beta=3"))
    with pytest.raises(InputError, match="at least 2 pairs, not 1"):
        study_settings(n=1)
    with pytest.raises(InputError, match="is about celebamask_hq and the model 'tiny_streets' about cityscapes"):
        run_study("grids", study_settings(model=str(tiny_streets)))
    with pytest.raises(InputError, match="with the stage 'flow'"):
        flow_plan(REPOSITORY / "configs" / "codec.yaml", [])
    assert not list(tmp_path.iterdir())
