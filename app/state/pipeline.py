"""What the app needs of a pipeline, in one protocol: `SemFlowPipeline` has it, and so has its stand-in on ZeroGPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from semflow_core.method.appearance import Appearance, Offset
from semflow_core.method.codebook import Codebook
from semflow_core.method.colors import RegionColors
from semflow_core.method.palette import Palette
from semflow_core.method.perturbation import Perturbation
from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.results import Edit, Morph, Segmentation, Synthesis, Trajectory
from semflow_core.requests import EditRequest, MorphRequest, SegmentationRequest, SynthesisRequest, TrajectoryRequest


class Solver(Protocol):
    """The methods that solve the flow: a request goes in, arrays come back."""

    def synthesize(self, request: SynthesisRequest, progress: Progress | None = None) -> Synthesis: ...
    def synthesize_many(
        self, requests: Sequence[SynthesisRequest], progress: Progress | None = None
    ) -> list[Synthesis]: ...
    def segment(self, request: SegmentationRequest, progress: Progress | None = None) -> Segmentation: ...
    def edit(self, request: EditRequest, progress: Progress | None = None) -> Edit: ...
    def trajectory(self, request: TrajectoryRequest, progress: Progress | None = None) -> Trajectory: ...
    def morph(self, request: MorphRequest, progress: Progress | None = None) -> Morph: ...


SOLVES = tuple(name for name in vars(Solver) if not name.startswith("_"))


class Pipeline(Solver, Protocol):
    """A model: its solves, and what it is made of."""

    name: str
    size: int
    aspect: float
    codebook: Codebook
    perturbation: Perturbation
    appearance: Appearance | None

    @property
    def palette(self) -> Palette: ...
    @property
    def colors(self) -> RegionColors: ...
    def sized(self, labels: np.ndarray) -> np.ndarray: ...
    def read_request(self, photo: np.ndarray) -> SegmentationRequest: ...
    def region_offsets(
        self, photo: np.ndarray, segmentation: Segmentation | None, labels: np.ndarray
    ) -> dict[int, Offset]: ...


def canvas_size(pipeline: Pipeline) -> tuple[int, int]:
    """(width, height) of the canvas and of every picture shown."""
    return round(pipeline.size * pipeline.aspect), pipeline.size
