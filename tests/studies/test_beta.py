from __future__ import annotations

import numpy as np
import pytest

from semflow_core.studies import beta
from semflow_core.studies.bench import Bench


def test_brightness_by_hand() -> None:
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    figures = beta.brightness([black, white], seed=0)
    assert figures["light"].value == 127.5 and figures["over-exposed %"].value == 50
    assert figures["detail (mean |Laplacian|)"].value == 0
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[::2] = 100
    assert beta.brightness([stripes, stripes], seed=0)["detail (mean |Laplacian|)"].value == pytest.approx(200)


def test_perturbations_are_the_requests(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beta, "STEPS", 1)
    rows = beta.run(bench).tables[0].rows
    assert [r["perturbation"] for r in rows] == [*(s[0] for s in beta.SETTINGS), "real photos"]
    assert rows[0]["pixel std of 5 seeds"].value == 0  # without a perturbation there is one picture per layout
    assert rows[6]["pixel std of 5 seeds"].value > rows[3]["pixel std of 5 seeds"].value > 0
