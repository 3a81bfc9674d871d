"""SemFlowPipeline: one network, both directions, one method for each thing to ask."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..method.appearance import Offset
from ..nets.contracts import CodecRenderer
from ..requests import EditRequest, MorphRequest, SegmentationRequest, SynthesisRequest, TrajectoryRequest
from . import edit, folder, paths, reading, synthesis
from .engine import Engine, Progress
from .index import refusing
from .results import Edit, Morph, Segmentation, Synthesis, Trajectory
from .trial import check_parts


class SemFlowPipeline(Engine):
    """Synthesis, segmentation, edits and the paths between them.

    Its arguments are the `Engine`'s. Each of the methods takes one request, or a batch of them, and `progress`, called
    with (steps done, steps in all) after each solver step; raising in it stops the work.
    """

    def to(self, device: str | torch.device) -> SemFlowPipeline:
        """Move to a device. The velocity computes in bfloat16 where the hardware does, the codec in float32."""
        self.move(device)
        return self

    def without_renderer(self) -> SemFlowPipeline:
        """The same model with photos as its codec decodes them: what the flow alone makes."""
        plain = copy.copy(self)
        plain.renderer = CodecRenderer(self.codec)
        return plain

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike[str]) -> SemFlowPipeline:
        """Load a model folder. Raises InputError: see `folder.load_parts`, or its parts do not work together."""
        with refusing(Path(source)):  # what its parts say of each other is looked at when they are put together
            pipeline = cls(**folder.load_parts(Path(source))).to("cpu")
            check_parts(pipeline)
            return pipeline

    def save_pretrained(self, target: str | os.PathLike[str], vae: str = "vae", max_shard_size: str = "") -> None:
        """Write a model folder. Arguments and errors: see `folder.save`."""
        folder.save(self, Path(target), vae, max_shard_size)

    def synthesize(self, request: SynthesisRequest, progress: Progress | None = None) -> Synthesis:
        """Layout -> photo (Eq. 13). Raises InputError: see `synthesis.synthesize`."""
        return synthesis.synthesize(self, [request], progress)[0]

    def synthesize_many(
        self, requests: Sequence[SynthesisRequest], progress: Progress | None = None
    ) -> list[Synthesis]:
        """A batch of layouts -> photos. Raises InputError: see `synthesis.synthesize`."""
        return synthesis.synthesize(self, requests, progress)

    def segment(self, request: SegmentationRequest, progress: Progress | None = None) -> Segmentation:
        """Photo -> layout (Eq. 12), at the photo's own size."""
        return reading.segment(self, [request], progress)[0]

    def segment_many(
        self, requests: Sequence[SegmentationRequest], progress: Progress | None = None
    ) -> list[Segmentation]:
        """A batch of photos -> layouts. Raises InputError: see `reading.segment`."""
        return reading.segment(self, requests, progress)

    def edit(self, request: EditRequest, progress: Progress | None = None) -> Edit:
        """Change in a photo what changed in its layout. Raises InputError: see `edit.edit`."""
        return edit.edit(self, request, progress)

    def trajectory(self, request: TrajectoryRequest, progress: Progress | None = None) -> Trajectory:
        """The path between photo and layout. Raises InputError: see `paths.trajectory`."""
        return paths.trajectory(self, request, progress)

    def morph(self, request: MorphRequest, progress: Progress | None = None) -> Morph:
        """From one photo to another. Raises InputError: see `paths.morph`."""
        return paths.morph(self, request, progress)

    def region_offsets(
        self, photo: np.ndarray, segmentation: Segmentation | None, labels: np.ndarray
    ) -> dict[int, Offset]:
        """The regional offsets of a photo's regions, by class id: see `reading.photo_offsets`."""
        return reading.photo_offsets(self, photo, segmentation, labels)
