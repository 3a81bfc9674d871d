"""A pipeline on a tiny random model, and a request per direction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import SegmentationRequest, SynthesisRequest


@pytest.fixture(scope="module")
def pipeline(tiny_model: Path) -> SemFlowPipeline:
    return SemFlowPipeline.from_pretrained(tiny_model)


@pytest.fixture
def paint(face_layout: np.ndarray) -> SynthesisRequest:
    return SynthesisRequest(layout=face_layout, steps=3, seed=5)


@pytest.fixture
def read(photo: np.ndarray) -> SegmentationRequest:
    return SegmentationRequest(photo=photo, steps=3)
