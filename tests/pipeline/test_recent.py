"""What was encoded is not encoded again: the draft's latents are the refinement's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from semflow_core import SemFlowPipeline, SynthesisRequest
from semflow_core.pipeline import recent


@pytest.fixture
def counted(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[SemFlowPipeline, list[int]]:
    """A model, and the batch of each of its codec's calls of encode."""
    pipeline, calls = SemFlowPipeline.from_pretrained(tiny_model), []
    encode: Callable[[torch.Tensor], torch.Tensor] = pipeline.codec.encode
    monkeypatch.setattr(pipeline.codec, "encode", lambda x: (calls.append(len(x)), encode(x))[1])
    return pipeline, calls


def test_a_layout_is_encoded_once(counted: tuple[SemFlowPipeline, list[int]], face_layout: np.ndarray) -> None:
    pipeline, calls = counted
    request = SynthesisRequest(layout=face_layout, steps=1, seed=1)
    first = pipeline.synthesize(request).photo
    pipeline.synthesize(replace(request, steps=3))
    assert len(calls) == 1
    assert np.array_equal(pipeline.synthesize(request).photo, first)
    for other in (
        replace(request, seed=2),
        replace(request, beta=10.0),
        replace(request, class_seeds=((13, 5),)),
        replace(request, offsets=((13, (0.1, 0.2, 0.3)),)),
        replace(request, layout=np.rot90(face_layout)),
    ):
        before = len(calls)
        pipeline.synthesize(other)
        assert len(calls) == before + 1


def test_a_photo_is_encoded_once(counted: tuple[SemFlowPipeline, list[int]], photo: np.ndarray) -> None:
    pipeline, calls = counted
    pipeline.segment(pipeline.read_request(photo, steps=1))
    pipeline.segment(pipeline.read_request(photo, steps=2))
    pipeline.segment(pipeline.read_request(255 - photo, steps=1))
    assert len(calls) == 2


def test_only_the_last_latents_are_kept() -> None:
    latents, made = recent.RecentLatents(), []

    def get(key: int) -> None:
        latents.get(key, lambda: (made.append(key), torch.zeros(1))[1])

    for key in [*range(recent.KEPT + 1), recent.KEPT, 0]:
        get(key)
    assert made == [*range(recent.KEPT + 1), 0]
