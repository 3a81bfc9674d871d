"""The same request gives the same bytes: again, from any number of threads, and in a batch to within a grey level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from semflow_core import SemFlowPipeline, SynthesisRequest, find_models
from semflow_core.pictures.layouts import example_layouts, read_layout

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def faces() -> SemFlowPipeline:
    """The shipped model: small networks have none of the layers in which threads matter."""
    models = find_models()
    if "faces" not in models:
        pytest.skip("the shipped models are not here")
    return SemFlowPipeline.from_pretrained(models["faces"])


@pytest.fixture
def request_of(faces: SemFlowPipeline) -> SynthesisRequest:
    layout = read_layout(example_layouts(faces.palette)[0].file, faces.palette)
    return SynthesisRequest(model="faces", layout=layout, steps=2, seed=3)


@pytest.fixture(autouse=True)
def same_threads_afterwards() -> Iterator[None]:
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


def test_threads_do_not_change_a_byte(faces: SemFlowPipeline, request_of: SynthesisRequest) -> None:
    results = []
    for count in (1, 2, 4):
        torch.set_num_threads(count)
        photo = faces.synthesize(request_of).photo
        results.append((photo, faces.segment(faces.read_request(photo, steps=1)).margin))
    for photo, margin in results[1:]:
        assert np.array_equal(photo, results[0][0]) and np.array_equal(margin, results[0][1])


def test_a_batch_changes_a_picture_by_one_grey_level_at_most(
    faces: SemFlowPipeline, request_of: SynthesisRequest
) -> None:
    alone = faces.synthesize(request_of).photo.astype(int)
    for size in (2, 3):
        requests = [replace(request_of, seed=request_of.seed + i) for i in range(size)]
        assert np.abs(faces.synthesize_many(requests)[0].photo - alone).max() <= 1
