"""A pipeline that answers at once, so that everything but the model is tested without weights."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from app import actions as actions_module
from app.actions import Actions
from semflow_core.method.appearance import Appearance
from semflow_core.method.codebook import Codebook
from semflow_core.method.colors import RegionColors
from semflow_core.method.flow import times_to_mask
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import Perturbation
from semflow_core.pipeline.results import Morph, Trajectory
from semflow_core.requests.packing import unpack_labels, unpack_photo
from semflow_core.requests.requests import (
    EditRequest,
    MorphRequest,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)


class FakePipeline:
    """SemFlowPipeline's interface. The photo is the layout in palette colours, shifted by the seed.

    Attributes:
        calls: the requests it was asked, oldest first.
        batches: sizes of the batches it was asked for.
        before_step: called as before_step(i) ahead of each solver step; a test interferes there.
    """

    def __init__(self, name: str = "faces", palette: str = "celebamask_hq", aspect: float = 1.0) -> None:
        self.name, self.size, self.aspect = name, 256, aspect
        self.reading = {"steps": 3, "mirror": True}
        self.palette = load_palette(palette)
        self.codebook = Codebook(self.palette, 3, 125)
        self.perturbation = Perturbation(40.0, "regional")
        self.appearance: Appearance | None = None
        self.calls: list[Any] = []
        self.batches: list[int] = []
        self.before_step: Any = lambda i: None

    @property
    def colors(self) -> RegionColors:
        return RegionColors(self.palette, self.appearance)

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

    def synthesize_many(self, requests: Any, on_step: Any = None) -> list[Any]:
        self.batches.append(len(requests))
        return [self.synthesize(r, on_step) for r in requests]

    def edit(self, request: EditRequest, on_step: Any = None) -> Any:
        """The photo, with what changed in the layout in palette colours."""
        was, labels, photo = unpack_labels(request.before), unpack_labels(request.layout), unpack_photo(request.photo)
        self._solve(request, on_step)
        size = photo.shape[1::-1]
        changed = cv2.resize((was != labels).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)[..., None]
        painted = cv2.resize(self.palette.colorize(labels), size, interpolation=cv2.INTER_NEAREST)
        return SimpleNamespace(photo=np.where(changed, painted + np.uint8(request.seed % 200), photo))

    def segment(self, request: SegmentationRequest, on_step: Any = None) -> Any:
        photo = unpack_photo(request.photo)
        self._solve(request, on_step)
        labels = (photo[..., 0] > 127).astype(np.uint8)
        return SimpleNamespace(labels=labels, margin=np.ones(labels.shape, np.float32))

    def styles(self, photo: np.ndarray, read: Any, labels: np.ndarray) -> dict[int, tuple[float, float, float]]:
        """Of each class that is there, the handle (id / 100, 0, 0)."""
        assert read is not None or self.appearance is not None
        return {int(i): (int(i) / 100, 0.0, 0.0) for i in np.unique(labels)}

    def trajectory(self, request: TrajectoryRequest, on_step: Any = None) -> Trajectory:
        """Frames whose grey value is their time; what they head for is black and white."""
        self._solve(request, on_step)
        times = request.times or tuple(np.linspace(0, 1, request.frames).tolist())
        frames = np.stack([np.full((self.size, self.size, 3), round(255 * t), np.uint8) for t in times])
        marks = tuple(times_to_mask(request.steps, request.grid or ("uniform" if request.photo else "quadratic")))
        ends = (np.zeros_like(frames), np.full_like(frames, 255)) if request.predict else ()
        return Trajectory(times, frames, torch.zeros(len(times), 4, 1, 1), marks, *ends)

    def morph(self, request: MorphRequest, on_step: Any = None) -> Morph:
        """Frames whose grey value is their share."""
        self._solve(request, on_step)
        shares = tuple(np.linspace(0, 1, request.frames).tolist())
        return Morph(shares, np.stack([np.full((32, 32, 3), round(255 * s), np.uint8) for s in shares]))


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
