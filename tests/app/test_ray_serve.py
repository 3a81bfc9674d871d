"""Two replicas of Ray Serve answer what this process answers: 32 visitors at once, a replica killed under load."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from app.actions.models import Models
from app.engine.interface import Engine
from app.engine.on_ray import RayEngine, Replicas
from app.guard.desk import Desk
from app.state.pipeline import Pipeline
from semflow_core.errors import InputError
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests import SegmentationRequest, SynthesisRequest, TrajectoryRequest

VISITORS = 32
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Iterator[RayEngine]:
    """Two replicas on a local cluster."""
    ray: Any = pytest.importorskip("ray")  # an optional extra, and so are the libraries of its part Serve
    pytest.importorskip("ray.serve")
    with pytest.MonkeyPatch.context() as m:
        m.setenv("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 * 2**20)
        try:
            yield RayEngine([tiny_model.parent], "cpu", Replicas(2, 2, 4))
        finally:
            ray.shutdown()


@pytest.fixture(scope="module")
def pipeline(engine: Engine, tiny_model: Path) -> Pipeline:
    """The model as the studio has it."""
    return Models([tiny_model.parent], engine, Desk(*engine.turns)).pipeline("tiny")


def request_of(visitor: int, layout: np.ndarray, steps: int = 4) -> SynthesisRequest:
    """A layout and a seed of a visitor's own; every third one paints with more steps."""
    own = np.roll(layout, visitor, 1)
    return SynthesisRequest(model="tiny", layout=own, seed=visitor, steps=steps + 2 * (visitor % 3 == 0))


def test_every_call_is_that_of_this_process(
    pipeline: Pipeline, tiny_model: Path, face_layout: np.ndarray, photo: np.ndarray
) -> None:
    local = load_pipeline(str(tiny_model))
    assert (pipeline.name, pipeline.size, pipeline.aspect) == (local.name, local.size, local.aspect)
    assert pipeline.palette == local.palette and pipeline.read_request(photo) == local.read_request(photo)
    request = request_of(1, face_layout)
    there, here = pipeline.synthesize(request), local.synthesize(request)
    assert np.array_equal(there.photo, here.photo) and there.photo.flags.writeable
    read, expected = (p.segment(SegmentationRequest(photo=photo, steps=2)) for p in (pipeline, local))
    assert np.array_equal(read.labels, expected.labels)
    assert pipeline.region_offsets(photo, read, read.labels) == local.region_offsets(photo, expected, read.labels)
    path = TrajectoryRequest(layout=face_layout, steps=2, frames=3)
    assert np.array_equal(pipeline.trajectory(path).frames, local.trajectory(path).frames)
    with pytest.raises(InputError, match="no class of celebamask_hq: 99"):
        pipeline.synthesize(SynthesisRequest(layout=np.full((48, 48), 99, np.uint8)))


def test_32_visitors_get_their_own_pictures_also_when_a_replica_is_killed(
    engine: RayEngine, pipeline: Pipeline, tiny_model: Path, face_layout: np.ndarray
) -> None:
    local = load_pipeline(str(tiny_model))
    requests = [request_of(i, face_layout, steps=40) for i in range(VISITORS)]
    alone = [local.synthesize(r).photo.astype(int) for r in requests]
    assert min(np.abs(a - b).max() for a, b in zip(alone, alone[1:])) > 1
    with ThreadPoolExecutor(VISITORS) as threads:
        together = list(threads.map(lambda r: pipeline.synthesize(r).photo, requests))
    assert max(np.abs(a - b).max() for a, b in zip(together, alone)) <= 1  # docs/speed.md: a batch rounds otherwise

    replicas = [p for p in psutil.Process().children(recursive=True) if "ServeReplica" in "".join(p.cmdline())]
    assert len(replicas) == 2
    with ThreadPoolExecutor(VISITORS) as threads:
        answers = [threads.submit(pipeline.synthesize, r) for r in requests]
        wait(answers, return_when=FIRST_COMPLETED)
        replicas[0].send_signal(signal.SIGKILL)
        photos = [a.result(120).photo for a in answers]
    assert max(np.abs(a - b).max() for a, b in zip(photos, alone)) <= 1
    assert engine.repeated > 0, "the replica that was killed had accepted requests"
