"""ZeroGPU: what crosses to another process is plain, and mistakes keep their words. Elsewhere nothing changes."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from app.deploy import zero
from app.state.painted import paint
from app.state.pipeline import SOLVES
from app.state.session import Cancelled, Session
from semflow_core.errors import InputError
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests import MorphRequest, SegmentationRequest, SynthesisRequest


def test_elsewhere_it_does_nothing(tiny_model: Path) -> None:
    def function() -> None: ...

    assert zero.on_gpu(function) is function
    assert zero.load(str(tiny_model), [], "cpu") is load_pipeline(str(tiny_model))


@pytest.fixture
def borrowed(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> zero.Borrower:
    """A pipeline behind a stand-in for the other process: everything is pickled on its way."""
    solve = zero.solve

    def elsewhere(*args: object) -> object:
        return pickle.loads(pickle.dumps(solve(*pickle.loads(pickle.dumps(args)))))

    monkeypatch.setattr(zero, "solve", elsewhere)
    return zero.Borrower(str(tiny_model), [], "cpu")


def test_the_solves_are_the_pipelines_methods_that_take_requests(tiny_model: Path) -> None:
    assert SOLVES == ("synthesize", "synthesize_many", "segment", "edit", "trajectory", "morph")
    assert all(callable(getattr(load_pipeline(str(tiny_model)), name)) for name in SOLVES)


def test_solves_give_the_same_elsewhere(
    borrowed: zero.Borrower, tiny_model: Path, face_layout: np.ndarray, photo: np.ndarray
) -> None:
    here = load_pipeline(str(tiny_model))
    assert borrowed.palette is here.palette and borrowed.size == here.size
    request = SynthesisRequest(layout=face_layout, steps=2)
    assert np.array_equal(borrowed.synthesize(request).photo, here.synthesize(request).photo)
    assert len(borrowed.synthesize_many([request, request])) == 2
    segmentation = SegmentationRequest(photo=photo, steps=2)
    assert np.array_equal(borrowed.segment(segmentation).labels, here.segment(segmentation).labels)
    morph = MorphRequest(layout=face_layout, steps=1, other_seed=2, frames=3)
    assert len(borrowed.morph(morph).frames) == 3


def test_results_come_back_in_main_memory(borrowed: zero.Borrower, face_layout: np.ndarray) -> None:
    result = borrowed.synthesize(SynthesisRequest(layout=face_layout, steps=1))
    assert isinstance(result.z0, torch.Tensor) and result.z0.device.type == "cpu"


def test_mistakes_keep_their_words(borrowed: zero.Borrower) -> None:
    with pytest.raises(InputError, match="no class of celebamask_hq: 99"):
        borrowed.synthesize(SynthesisRequest(layout=np.full((32, 32), 99, np.uint8)))


def test_a_session_paints_there_and_old_requests_are_not_sent(borrowed: zero.Borrower, face_layout: np.ndarray) -> None:
    session, request = Session("faces"), SynthesisRequest(layout=face_layout, steps=2)
    assert [p.steps for p in paint(session, borrowed, request)] == [2]  # pyright: ignore[reportArgumentType]
    progress = session.start()
    session.cancel_running()
    with pytest.raises(Cancelled):
        borrowed.synthesize(request, progress)
