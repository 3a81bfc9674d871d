from __future__ import annotations

import json
from pathlib import Path

import pytest

from semflow_core.errors import InputError
from semflow_core.studies import domains

from .conftest import MakeSettings


def test_one_network_is_measured_beside_each_domains_own(
    config: Path, study_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domains, "STEPS", (1,))
    other = tmp_path / "mirrored.yaml"
    other.write_text(config.read_text() + "seed: 3\n")
    outcome = domains.run_domains(study_settings("optim.steps=2", diverse=0), [config, other])
    assert [(r["domain"], r["network"]) for r in outcome.tables[0].rows] == [
        ("flow", "its own"),
        ("flow", "one for all"),
        ("mirrored", "its own"),
        ("mirrored", "one for all"),
    ]
    assert outcome.sheet is not None and outcome.sheet.shape == (3 * 64, 3 * 64, 3)  # layout, own, shared
    log = (tmp_path / "out" / "domains" / "one" / "log.jsonl").read_text().splitlines()
    assert json.loads(log[-1])["step"] == 4 and "flow: 8 steps" in log[-1]
    # and it goes on only with what it was started with
    with pytest.raises(InputError, match="one was started with flow.time_sampling=uniform, now it is u_shaped"):
        domains.run_domains(study_settings("flow.time_sampling=u_shaped", diverse=0), [config, other])
    assert "2 training steps of 2 for a domain's own network, 4 for the one" in outcome.about
