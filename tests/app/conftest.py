"""A pipeline that answers at once, so that everything but the model is tested without weights."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import cv2
import gradio as gr
import numpy as np
import pytest
import torch

from app.actions.models import Models
from app.actions.painting import Painting
from app.actions.walking import Walking
from app.controls import Controls
from app.state.pipeline import Pipeline
from app.state.session import Session
from semflow_core.method.appearance import Appearance, Offset
from semflow_core.method.codebook import Codebook
from semflow_core.method.colors import RegionColors
from semflow_core.method.flow import times_to_mask
from semflow_core.method.palette import Palette, load_palette
from semflow_core.method.perturbation import Perturbation
from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.results import Edit, Morph, Segmentation, Synthesis, Trajectory
from semflow_core.requests import (
    EditRequest,
    MorphRequest,
    Request,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)

NO_LATENTS = torch.zeros(1, 4, 1, 1)


class FakePipeline(Pipeline):
    """The photo is the layout in palette colours, shifted by the seed.

    Attributes:
        calls: the requests it was asked, oldest first.
        batches: sizes of the batches it was asked for.
        before_step: called as before_step(i) ahead of each solver step; a test interferes there.
    """

    def __init__(self, name: str = "faces", palette: str = "celebamask_hq", aspect: float = 1.0) -> None:
        self.name, self.size, self.aspect = name, 256, aspect
        self.codebook = Codebook(load_palette(palette), 3, 125)
        self.perturbation = Perturbation(40.0, "regional")
        self.appearance: Appearance | None = None
        self.calls: list[Any] = []
        self.batches: list[int] = []
        self.before_step: Callable[[int], None] = lambda i: None

    @property
    def palette(self) -> Palette:
        return self.codebook.palette

    @property
    def colors(self) -> RegionColors:
        return RegionColors(self.palette, self.appearance)

    def _solve(self, request: Request, progress: Progress | None) -> None:
        self.calls.append(request)
        for i in range(request.steps):
            self.before_step(i)
            if progress is not None:
                progress(i + 1, request.steps)

    def synthesize(self, request: SynthesisRequest, progress: Progress | None = None) -> Synthesis:
        self.palette.index(request.layout)
        self._solve(request, progress)
        photo = self.palette.colorize(request.layout) + np.uint8(request.seed % 200)
        return Synthesis(photo, NO_LATENTS, NO_LATENTS)

    def synthesize_many(
        self, requests: Sequence[SynthesisRequest], progress: Progress | None = None
    ) -> list[Synthesis]:
        self.batches.append(len(requests))
        # as the real one: a batch is one solve, which reports its steps once
        return [self.synthesize(r, None if k else progress) for k, r in enumerate(requests)]

    def edit(self, request: EditRequest, progress: Progress | None = None) -> Edit:
        """The photo, with what changed in the layout in palette colours."""
        assert request.before is not None
        self._solve(request, progress)
        size = request.photo.shape[1::-1]
        changed = np.uint8(255) * (request.before != request.layout)
        changed = cv2.resize(changed, size, interpolation=cv2.INTER_NEAREST)
        painted = cv2.resize(self.palette.colorize(request.layout), size, interpolation=cv2.INTER_NEAREST)
        photo = np.where(changed[..., None] > 0, painted + np.uint8(request.seed % 200), request.photo)
        return Edit(photo, changed, NO_LATENTS)

    def sized(self, labels: np.ndarray) -> np.ndarray:
        return cv2.resize(labels, (self.size, self.size), interpolation=cv2.INTER_NEAREST_EXACT)

    def read_request(self, photo: np.ndarray) -> SegmentationRequest:
        return SegmentationRequest(model=self.name, photo=photo, steps=3, mirror=True)

    def segment(self, request: SegmentationRequest, progress: Progress | None = None) -> Segmentation:
        """Class 1 where the photo is bright, else class 0."""
        self._solve(request, progress)
        labels = (request.photo[..., 0] > 127).astype(np.uint8)
        return Segmentation(labels, np.ones(labels.shape, np.float32), NO_LATENTS, NO_LATENTS)

    def region_offsets(
        self, photo: np.ndarray, segmentation: Segmentation | None, labels: np.ndarray
    ) -> dict[int, Offset]:
        """Of each class that is there, the offset (id / 100, 0, 0)."""
        assert segmentation is not None or self.appearance is not None
        return {int(i): (int(i) / 100, 0.0, 0.0) for i in np.unique(labels)}

    def trajectory(self, request: TrajectoryRequest, progress: Progress | None = None) -> Trajectory:
        """Frames whose grey value is their time; what they head for is black and white."""
        self._solve(request, progress)
        times = request.times or tuple(np.linspace(0, 1, request.frames).tolist())
        frames = np.stack([np.full((self.size, self.size, 3), round(255 * t), np.uint8) for t in times])
        marks = tuple(times_to_mask(request.steps, request.time_grid))
        ends = (np.zeros_like(frames), np.full_like(frames, 255)) if request.predict else ()
        return Trajectory(times, frames, torch.zeros(len(times), 4, 1, 1), marks, *ends)

    def morph(self, request: MorphRequest, progress: Progress | None = None) -> Morph:
        """Frames whose grey value is their share."""
        self._solve(request, progress)
        shares = tuple(np.linspace(0, 1, request.frames).tolist())
        return Morph(shares, np.stack([np.full((32, 32, 3), round(255 * s), np.uint8) for s in shares]))


CONTROLS = Controls(
    session=Session("faces"),
    model="faces",
    labels=np.zeros((256, 256), np.uint8),
    live=True,
    keep_seed=True,
    frames=5,
    steps=4,
    seed=7,
    solver="euler",
    grid="quadratic",
    beta=40.0,
)


def controls(session: Session | None = None, labels: np.ndarray | None = None, **changes: Any) -> Controls:
    """What the page's inputs hold, in a fresh visit or `session`."""
    session = session or Session("faces")
    labels = CONTROLS.labels if labels is None else labels
    sheet = session.labelling.shown if session.labelling is not None else 0  # as if the last answer is there
    shown = {"model": session.model, "labels": labels, "sheet": sheet, "landing": session.current.landing}
    return replace(CONTROLS, session=session, **{**shown, **changes})


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns, in another thread: in this one Playwright's loop may run since the browser tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def last(views: Any) -> Any:
    """The last of what a generator yields, such as the Views of a handler."""
    return list(views)[-1]


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


@pytest.fixture
def models(pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch) -> Models:
    """The fake pipeline as `faces`; `streets` is a second one, two to one."""
    streets = FakePipeline("streets", "cityscapes", 2.0)
    pipelines = {"faces": pipeline, "streets": streets}
    monkeypatch.setattr(Models, "pipeline", lambda self, name: pipelines[name])
    monkeypatch.setattr(Models, "names", lambda self: list(pipelines))
    return Models([])


@pytest.fixture
def painting(models: Models) -> Painting:
    return Painting(models)


@pytest.fixture
def walking(models: Models) -> Walking:
    return Walking(models)


@pytest.fixture
def sentences(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What visitors were told beside the status: information and warnings."""
    said: list[str] = []
    monkeypatch.setattr(gr, "Info", said.append)
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


@pytest.fixture
def labels() -> np.ndarray:
    """A layout with skin on background, (256, 256) uint8."""
    layout = np.zeros((256, 256), np.uint8)
    layout[60:200, 60:200] = 1
    return layout
