from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.evaluation.features import FeatureNetwork
from semflow_core.studies import nearest
from semflow_core.studies.nearest import cross_distances, sheet, summary

from .conftest import MakeSettings, mean_color


@pytest.fixture(autouse=True)
def color_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "find_networks", lambda: [FeatureNetwork("color", "", "", mean_color)])


def test_distances_are_set_beside_those_between_real_photos(
    tiny_model: Path, config: Path, study_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of 0..6 the last four are held out; photo i is brighter than i - 1 by 15."""
    monkeypatch.setenv("SEMFLOW_DATA", str(config.parent))
    outcome = nearest.run_nearest(study_settings(model=str(tiny_model), n=4, steps=1))
    rows = {str(row["photos"]): row for row in outcome.tables[0].rows}
    photos = [
        np.asarray(Image.open(config.parent / "pairs" / "images" / f"{i}.png").resize((32, 32))) for i in range(7)
    ]
    colors = mean_color(photos)
    expected = [np.linalg.norm(colors[i] - colors[2]) for i in (3, 4, 5, 6)]  # 2 is the brightest that is trained on
    assert rows["held-out photos"]["mean"].value == pytest.approx(np.mean(expected), rel=0.05)
    assert rows["training photos, to another"]["n"] == 3
    between = [np.linalg.norm(colors[i] - colors[j]) for i in range(3, 7) for j in range(3, 7) if i != j]
    ratio = rows["held-out photos"]["mean / between real photos"].value
    assert ratio == pytest.approx(np.mean(expected) / np.mean(between), rel=0.05)
    assert outcome.sheet is not None and outcome.sheet.shape == (2 * 32, 2 * 4 * 32, 3)
    assert len(outcome.tables[1].rows) == 4


def test_the_sheet_shows_the_nearest_first() -> None:
    photos, train = (
        np.stack([np.full((4, 4, 3), v, np.uint8) for v in values]) for values in ((9, 8, 7), (10, 20, 30, 40))
    )
    to_train = np.array([[4, 1, 2, 3], [1, 2, 3, 4], [4, 3, 2, 1]])
    picture = sheet(photos, to_train, train)
    assert picture.shape == (8, 32, 3)
    assert picture[0, ::4, 0].tolist() == [9, 20, 30, 40, 8, 10, 20, 30]
    assert picture[4, ::4, 0].tolist() == [7, 40, 30, 20, 128, 128, 128, 128]


def test_distances_by_hand() -> None:
    d = cross_distances(np.array([[0.0, 0], [3, 4]]), np.array([[0.0, 0], [3, 0], [0, 4]]))
    assert d.tolist() == [[0, 3, 4], [5, 4, 3]]
    figures = summary(d.min(1), 2.0, seed=0)
    assert (
        figures["mean"].value == 1.5 and figures["least"] == 0 and figures["mean / between real photos"].value == 0.75
    )
