"""A pipeline that answers at once, so that everything but the model is tested without weights."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app import actions as actions_module
from app.actions import Actions
from semflow_core.codebook import Codebook
from semflow_core.palette import load_palette
from semflow_core.perturbation import Perturbation
from semflow_core.request import (
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
    unpack_labels,
    unpack_photo,
)


class FakePipeline:
    """SemFlowPipeline's interface. The photo is the layout in palette colours, shifted by the seed.

    Attributes:
        calls: the requests it was asked, oldest first.
        before_step: called as before_step(i) ahead of each solver step; a test interferes there.
    """

    def __init__(self, name: str = "faces", palette: str = "celebamask_hq", aspect: float = 1.0) -> None:
        self.name, self.size, self.aspect = name, 256, aspect
        self.palette = load_palette(palette)
        self.codebook = Codebook(self.palette, 3, 125)
        self.perturbation = Perturbation(40.0, "regional")
        self.calls: list[Any] = []
        self.before_step: Any = lambda i: None

    def _solve(self, request: Any, on_step: Any) -> None:
        self.calls.append(request)
        for i in range(request.steps):
            self.before_step(i)
            if on_step is not None:
                on_step(i, i / request.steps, None, None)

    def synthesize(self, request: SynthesisRequest, on_step: Any = None) -> Any:
        labels = unpack_labels(request.layout)
        self.palette.index(labels)
        self._solve(request, on_step)
        photo = self.palette.colorize(labels) + np.uint8(request.seed % 200)
        return SimpleNamespace(photo=photo)

    def segment(self, request: SegmentationRequest, on_step: Any = None) -> Any:
        photo = unpack_photo(request.photo)
        self._solve(request, on_step)
        labels = (photo[..., 0] > 127).astype(np.uint8)
        return SimpleNamespace(labels=labels, margin=np.ones(labels.shape, np.float32))

    def trajectory(self, request: TrajectoryRequest, on_step: Any = None) -> Any:
        self._solve(request, on_step)
        times = tuple(float(t) for t in np.linspace(0, 1, request.frames))
        frames = np.stack([np.full((256, 256, 3), round(255 * t), np.uint8) for t in times])
        return SimpleNamespace(times=times, frames=frames)


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


@pytest.fixture
def warnings_said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sentences that visitors were shown as warnings."""
    said: list[str] = []
    monkeypatch.setattr(actions_module.gr, "Warning", said.append)
    return said


@pytest.fixture
def actions(pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch) -> Actions:
    """Actions on the fake pipeline; `streets` is a second one, two to one."""
    streets = FakePipeline("streets", "cityscapes", 2.0)
    known = {"faces": pipeline, "streets": streets}
    monkeypatch.setattr(Actions, "pipeline", lambda self, model: known[model])
    return Actions([])


@pytest.fixture
def labels() -> np.ndarray:
    """A layout with skin on background, (256, 256) uint8."""
    layout = np.zeros((256, 256), np.uint8)
    layout[60:200, 60:200] = 1
    return layout
