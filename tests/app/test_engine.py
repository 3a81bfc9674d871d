"""The engine's two sides without a cluster: calls that are made again, given up or refused, and batches of requests."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.deploy import zero
from app.deploy.launch import replicas
from app.engine import on_ray, replica
from app.engine.interface import pipeline_of
from app.engine.local import LocalEngine
from app.engine.on_ray import ATTEMPTS, RayEngine, Replicas, own
from app.engine.replica import Answer, Replica
from semflow_core.errors import InputError
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.pipeline.results import Synthesis
from semflow_core.requests import SynthesisRequest

from .conftest import NO_LATENTS, FakePipeline


class Died(Exception):
    pass


class Method:
    """A method of a handle whose responses are `outcomes`, one after the other; an exception is raised."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes: Iterator[Any] = iter(outcomes)
        self.calls = self.cancelled = 0

    def remote(self, *arguments: Any) -> Method:
        self.calls += 1
        return self

    def result(self, timeout_s: float) -> Any:
        outcome = next(self.outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def cancel(self) -> None:
        self.cancelled += 1


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> RayEngine:
    monkeypatch.setattr(on_ray, "PAUSE", 0.0)
    engine = object.__new__(RayEngine)
    engine.repeated, engine._lost = 0, (Died,)
    return engine


def test_a_call_whose_replica_dies_is_made_again(engine: RayEngine) -> None:
    method = Method(Died(), TimeoutError(), Died(), Answer("photo"))
    assert engine._ask(method, (), None) == "photo"
    assert (method.calls, engine.repeated, method.cancelled) == (3, 2, 0)
    with pytest.raises(InputError, match="do not answer; try again in a minute"):
        engine._ask(Method(*[Died()] * ATTEMPTS), (), None)


def test_a_mistake_keeps_its_words_and_is_not_repeated(engine: RayEngine) -> None:
    method = Method(Answer(mistake="there is no class 99"))
    with pytest.raises(InputError, match="^there is no class 99$"):
        engine._ask(method, (), None)
    assert method.calls == 1


def test_a_call_that_nobody_waits_for_is_cancelled(engine: RayEngine) -> None:
    method, looks = Method(TimeoutError(), TimeoutError()), []

    def progress(done: int, total: int) -> None:
        looks.append((done, total))
        if len(looks) == 2:
            raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        engine._ask(method, (), progress)
    assert (method.calls, method.cancelled, looks) == (1, 1, [(0, 1)] * 2)


def test_requests_that_agree_are_a_batch_and_one_mistake_is_not_the_others(
    monkeypatch: pytest.MonkeyPatch, labels: np.ndarray
) -> None:
    pipelines = {"faces": FakePipeline(), "more": FakePipeline("more")}
    monkeypatch.setattr(replica, "load_pipeline", lambda name, folders, device: pipelines[name])
    served = object.__new__(Replica)
    served.folders, served.device = [], "cpu"
    asked = [("faces", 2, 1), ("more", 2, 2), ("faces", 3, 3), ("faces", 2, 4), ("more", 2, 5)]
    requests = [(m, SynthesisRequest(model=m, layout=labels, steps=n, seed=seed)) for m, n, seed in asked]
    answers = served._synthesize(requests)
    assert pipelines["faces"].batches == [2, 1] and pipelines["more"].batches == [2]
    for (model, request), answer in zip(requests, answers):
        assert np.array_equal(answer.value.photo, FakePipeline(model).synthesize(request).photo)
    wrong = ("faces", SynthesisRequest(layout=np.full_like(labels, 99), steps=2))
    first, second, third = served._synthesize([requests[0], wrong, requests[3]])
    assert "99" in (second.mistake or "") and first.mistake is third.mistake is None
    assert np.array_equal(third.value.photo, answers[3].value.photo)


def test_what_comes_back_can_be_written_to(labels: np.ndarray) -> None:
    photo = np.zeros((2, 2, 3), np.uint8)
    photo.flags.writeable = False
    (result,) = own([Synthesis(photo, NO_LATENTS, NO_LATENTS)])
    result.photo[:] = 1
    assert own({1: (0.0, 0.0, 0.0)}) == {1: (0.0, 0.0, 0.0)}


def test_the_default_is_this_process(tiny_model: Path, face_layout: np.ndarray, photo: np.ndarray) -> None:
    engine = LocalEngine([tiny_model.parent])
    pipeline, local = pipeline_of(engine, str(tiny_model)), load_pipeline(str(tiny_model))
    request, steps = SynthesisRequest(layout=face_layout, steps=2), []
    result = pipeline.synthesize(request, lambda done, total: steps.append((done, total)))
    assert np.array_equal(result.photo, local.synthesize(request).photo) and steps == [(1, 2), (2, 2)]
    read = pipeline.segment(pipeline.read_request(photo))
    assert pipeline.region_offsets(photo, read, read.labels) == local.region_offsets(photo, read, read.labels)


def test_a_model_is_described_at_once_and_loaded_once_when_it_is_used(
    tiny_model: Path, face_layout: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []

    def load(model: str, *rest: Any) -> Any:
        loads.append(model)
        time.sleep(0.1)
        return load_pipeline(model, *rest)

    monkeypatch.setattr(zero, "load", load)
    engine, name = LocalEngine([tiny_model.parent]), tiny_model.name
    pipeline, local = pipeline_of(engine, name), load_pipeline(str(tiny_model))
    for fact in ("name", "size", "aspect", "codebook", "perturbation", "palette"):
        assert getattr(pipeline, fact) == getattr(local, fact), fact
    assert not loads
    engine.load_soon(name, lambda: True)  # beside the first visitors
    request = SynthesisRequest(layout=face_layout, steps=1)
    with ThreadPoolExecutor(4) as threads:
        photos = list(threads.map(lambda _: pipeline.synthesize(request).photo, range(4)))
    assert all(np.array_equal(photo, local.synthesize(request).photo) for photo in photos)
    assert loads == [name]


def test_a_model_that_turns_out_not_to_load_is_said_without_a_path(
    tiny_model: Path, face_layout: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(tiny_model, tmp_path / "odd")
    config = tmp_path / "odd" / "unet" / "config.json"
    config.write_text(config.read_text().replace('"in_channels": ', '"in_channels": 1'))
    pipeline = pipeline_of(LocalEngine([tmp_path]), "odd")
    for _ in range(2):
        with pytest.raises(InputError, match="the model 'odd' cannot be loaded; choose another") as refusal:
            pipeline.synthesize(SynthesisRequest(layout=face_layout, steps=1))
        assert str(tmp_path) not in str(refusal.value)
    assert str(tmp_path) in capsys.readouterr().err


def test_without_ray_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'ray\[serve\]'"):
        RayEngine([], "cpu", Replicas())


def test_the_number_of_replicas() -> None:
    assert replicas("2") == (2, 2) and replicas("2-8") == (2, 8)
    for text in ("8-2", "0", "2-", "a", "1-2-3", ""):
        with pytest.raises(argparse.ArgumentTypeError):
            replicas(text)


@pytest.mark.parametrize("quota, threads, turns", [(2.0, 1, (2, True)), (3.9, 2, (1, False)), (0.5, 1, (1, True))])
def test_turns_are_those_of_the_quota(
    quota: float, threads: int, turns: tuple[int, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semflow_core.nets.threads.quota", lambda: quota)
    monkeypatch.setattr("semflow_core.nets.threads.usable_processors", lambda process: list(range(16)))
    monkeypatch.setattr("torch.get_num_threads", lambda: threads)
    assert LocalEngine([]).turns == turns
