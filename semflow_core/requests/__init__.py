"""What a user can ask of the pipeline: frozen requests, and their form as text (`packing`)."""

from .requests import (
    EditRequest,
    MorphRequest,
    Request,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)

__all__ = [
    "EditRequest",
    "MorphRequest",
    "Request",
    "SegmentationRequest",
    "SynthesisRequest",
    "TrajectoryRequest",
]
