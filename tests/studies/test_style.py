from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from semflow_core.method.appearance import region_offsets
from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import Draw, Perturbation, perturb
from semflow_core.requests import SegmentationRequest
from semflow_core.studies import style
from semflow_core.studies.bench import Bench
from semflow_core.studies.run import run_study

from ..conftest import make_tiny_model
from .conftest import MakeSettings


class Painted:
    """A model whose forward flow returns the very pseudo mask that a photo number stands for."""

    def __init__(self, labels: np.ndarray, offsets: list[style.Offsets]) -> None:
        self.codebook = Codebook(load_palette("celebamask_hq"), 3, 125)
        self.palette, self.perturbation = self.codebook.palette, Perturbation(40.0, "regional")
        self.labels = labels
        self.masks = [
            perturb(self.codebook, labels, self.perturbation, Draw(i, offsets=o)) for i, o in enumerate(offsets)
        ]

    def segment_many(self, requests: Sequence[SegmentationRequest]) -> list[Any]:
        assert [r.steps for r in requests] == [style.STEPS] * len(requests)
        parts, self.masks = self.masks[: len(requests)], self.masks[len(requests) :]
        return [SimpleNamespace(z1=m, labels=self.labels) for m in parts]

    def region_offsets(self, photo: np.ndarray, segmentation: Any, labels: np.ndarray) -> style.Offsets:
        colors = segmentation.z1[0].permute(1, 2, 0).numpy()
        return region_offsets(self.codebook, colors, labels, self.perturbation.regional_amplitude)


def test_offsets_are_read_back_as_they_were_put_in(face_layout: np.ndarray) -> None:
    put: list[style.Offsets] = [
        {1: (0.5, -1.0, 0.0), 13: (-0.25, 0.75, 1.0)},
        {1: (0.0, 0.0, 1.0), 13: (1.0, 1.0, 1.0)},
    ]
    bench = SimpleNamespace(pipeline=Painted(face_layout, put), harness=SimpleNamespace(batch=1))
    photos = list(np.zeros((2, 16, 16, 3), np.uint8))
    found = style.read_offsets(cast(Bench, bench), photos, [1, 13, 18])
    for before, after in zip(put, found):
        assert set(after) == {1, 13}  # there are no clothes in the layout
        for i in before:
            assert after[i] == pytest.approx(before[i], abs=0.05)  # the white part is averaged over the region


def test_against_chance() -> None:
    rng = np.random.default_rng(0)
    source = rng.normal(size=(12, 3))
    right: Any = style.against_chance(source, source + 0.01, seed=0)
    assert right["own offsets"].value < 0.05 < right["others' offsets (chance)"].value
    assert right["share of others that are farther (chance 0.5)"].value == 1
    source[3] = np.nan  # a picture without the region
    none: Any = style.against_chance(source, rng.normal(size=(12, 3)), seed=0)
    assert none["n"] == 11 and 0.2 < none["share of others that are farther (chance 0.5)"].value < 0.8
    wrong: Any = style.against_chance(np.array([[0.0], [1], [2]]), np.array([[5.0], [6], [0]]), seed=0)
    # source 0 is 5 from its own and 6 and 0 from the others'; 1: 5, and 4 and 1; 2: 2, and 3 and 4
    assert wrong["own offsets"].value == 4
    assert wrong["others' offsets (chance)"].value == pytest.approx((3 + 2.5 + 3.5) / 3)
    assert wrong["share of others that are farther (chance 0.5)"].value == pytest.approx((0.5 + 0 + 1) / 3)


def test_lab_is_of_the_region_only() -> None:
    photo = np.zeros((16, 16, 3), np.uint8)
    photo[:8] = 255
    labels = np.zeros((16, 16), np.uint8)
    labels[:8] = 13
    assert style.lab([photo], labels[None], 13)[0] == pytest.approx([100, 0, 0], abs=0.1)
    assert style.lab([photo], labels[None], 0)[0] == pytest.approx([0, 0, 0], abs=0.1)
    assert np.isnan(style.lab([photo], labels[None], 1)).all()


@pytest.mark.parametrize(("appearance", "aspect"), [(False, 1), (True, 1), (True, 2)])
def test_the_style_study_runs_and_is_written(
    appearance: bool, aspect: int, config: Path, study_settings: MakeSettings, tmp_path: Path
) -> None:
    model = make_tiny_model(tmp_path / "model", "celebamask_hq", aspect, appearance)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEMFLOW_DATA", str(config.parent))
        patch.setattr(style, "STEPS", 1)
        patch.setattr(style, "LEAST_PIXELS", 10)
        run_study("style", study_settings(n=3, model=str(model)))
    text = (tmp_path / "out" / "style.md").read_text(encoding="utf-8")
    assert "the first 3 pairs of the development split, 32x32" in text and "| hair" in text
    raw = json.loads((tmp_path / "out" / "style.json").read_text(encoding="utf-8"))
    assert {r["region"] for t in raw["tables"].values() for r in t} == {"background", "skin", "hair"}
    with Image.open(tmp_path / "out" / "style.jpg") as sheet:
        assert sheet.size == (4 * 32 * aspect, 3 * 32)
    missed = [rows for title, rows in raw["tables"].items() if "asked for" in title]
    assert len(missed) == appearance
    assert all(r["the pipeline"] < r["the flow"] for rows in missed for r in rows)
