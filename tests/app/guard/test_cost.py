"""What requests cost, and what a served pipeline refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.actions.models import Models
from app.guard.cost import EVALUATIONS, calls_of, check_cost
from app.guard.desk import Desk
from app.guard.served import ServedPipeline, served
from semflow_core.errors import InputError
from semflow_core.method.solvers import SOLVERS
from semflow_core.requests import (
    EditRequest,
    MorphRequest,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)

from ..conftest import FakePipeline

LAYOUT, PHOTO = np.zeros((32, 32), np.uint8), np.zeros((32, 32, 3), np.uint8)
ONE = SynthesisRequest(layout=LAYOUT, steps=10)


def test_every_solver_has_its_evaluations() -> None:
    assert set(EVALUATIONS) == set(SOLVERS)


def test_calls_are_steps_times_evaluations_times_pictures() -> None:
    assert calls_of(ONE) == 10 and calls_of(replace(ONE, solver="rk4")) == 40
    assert calls_of([ONE] * 16) == 160
    assert calls_of(MorphRequest(layout=LAYOUT, steps=10, frames=60, solver="heun")) == 1200
    assert calls_of(SegmentationRequest(photo=PHOTO, steps=5, mirror=True)) == 10
    assert calls_of(TrajectoryRequest(photo=PHOTO, steps=5, frames=50, predict=True)) == 55
    assert calls_of(EditRequest(layout=LAYOUT, photo=PHOTO, steps=5)) > calls_of(replace(ONE, steps=5))


def test_what_would_hold_the_others_is_refused_in_a_sentence() -> None:
    check_cost(replace(ONE, steps=1000), 4000)
    with pytest.raises(InputError, match="1000 steps of rk4 for 16 pictures are 64,000 network calls"):
        check_cost([replace(ONE, steps=1000, solver="rk4")] * 16, 4000)
    with pytest.raises(InputError, match="240 frames"):
        check_cost(MorphRequest(layout=LAYOUT, steps=1000, frames=240), 4000)


@pytest.mark.parametrize("method", ["synthesize", "segment", "edit", "trajectory", "morph"])
def test_every_solve_of_a_served_pipeline_is_bounded(pipeline: FakePipeline, method: str) -> None:
    requests: dict[str, Any] = {
        "synthesize": ONE,
        "segment": SegmentationRequest(photo=PHOTO, steps=10),
        "edit": EditRequest(layout=LAYOUT, photo=PHOTO, before=LAYOUT, steps=10),
        "trajectory": TrajectoryRequest(photo=PHOTO, steps=10),
        "morph": MorphRequest(layout=LAYOUT, steps=10, frames=3),
    }
    steps: list[tuple[int, int]] = []
    getattr(served(pipeline, Desk()), method)(requests[method], lambda *s: steps.append(s))
    assert steps[-1] == (10, 10) and pipeline.calls == [requests[method]]
    bounded: Any = ServedPipeline(pipeline, Desk(), 5)
    with pytest.raises(InputError, match="at most 5 per request"):
        getattr(bounded, method)(requests[method])


def test_variations_are_solved_in_batches_and_counted_as_one(pipeline: FakePipeline) -> None:
    steps: list[tuple[int, int]] = []
    requests = [replace(ONE, seed=i) for i in range(10)]
    results = served(pipeline, Desk()).synthesize_many(requests, lambda *s: steps.append(s))
    assert pipeline.batches == [4, 4, 2] and pipeline.calls == requests and len(results) == 10
    assert steps[-1] == (30, 30)


def test_a_served_studio_knows_names_and_no_paths(tmp_path: Any, tiny_model: Any) -> None:
    models = Models([tiny_model.parent])
    assert models.pipeline("tiny").name == "tiny" and models.pipeline("tiny") is models.pipeline("tiny")
    for name in (str(tiny_model), f"../{tiny_model.parent.name}/tiny", "", "x" * 10**5, ["tiny"], None):
        with pytest.raises(InputError, match="there is no model") as refusal:
            models.pipeline(name)  # pyright: ignore[reportArgumentType]
        assert len(str(refusal.value)) < 300


def test_a_model_that_cannot_be_loaded_does_not_say_where_it_is(tmp_path: Any, tiny_model: Any) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model_index.json").write_text("{}")
    (tmp_path / "tiny").symlink_to(tiny_model)
    models = Models([tmp_path])
    models.pipeline("tiny")
    with pytest.raises(InputError, match="the model 'broken' cannot be loaded") as refusal:
        models.pipeline("broken")
    assert str(tmp_path) not in str(refusal.value)
