"""`semflow segment`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semflow_core.pictures.layouts import read_layout
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests.requests import SegmentationRequest

from .conftest import FACES, run


def test_segment(tiny_model: Path, inputs: Path, tmp_path: Path, photo: np.ndarray) -> None:
    files = (inputs / "wide.png", inputs / "high.jpg")
    options = ("--model", tiny_model, "--no-align", "--batch", 1, "--steps", 2)
    assert run("segment", *options, *files, "--out", tmp_path / "out") == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["high.png", "wide.png"]
    expected = load_pipeline(str(tiny_model)).segment(SegmentationRequest(steps=2, photo=photo)).labels
    with Image.open(tmp_path / "out" / "wide.png") as image:
        assert image.mode == "P" and image.size == (56, 40)
        assert np.array_equal(np.asarray(image), expected)
    assert read_layout(tmp_path / "out" / "high.png", FACES).shape == (80, 40)


def test_photos_are_segmented_as_the_model_does_best_unless_an_option_differs(
    tiny_model: Path, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    shutil.copytree(tiny_model, own)
    index = own / "model_index.json"
    reading = {"reading": {"steps": 3, "mirror": True, "smooth": 2.0}}
    index.write_text(json.dumps(json.loads(index.read_text()) | reading))
    asked: list[Any] = []
    segment_many = SemFlowPipeline.segment_many

    def spy(self: SemFlowPipeline, requests: list[SegmentationRequest]) -> Any:
        asked.extend((r.steps, r.mirror, r.smooth) for r in requests)
        return segment_many(self, requests)

    monkeypatch.setattr(SemFlowPipeline, "segment_many", spy)
    for how in ((), ("--steps", 5), ("--no-mirror",), ("--smooth", 0)):
        assert run("segment", "--model", own, "--no-align", *how, inputs / "wide.png", "--out", tmp_path / "out") == 0
    assert asked == [(3, True, 2), (5, True, 2), (3, False, 2), (3, True, 0)]
