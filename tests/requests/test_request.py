from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semflow_core.errors import InputError
from semflow_core.method.limits import MAX_STEPS
from semflow_core.method.perturbation import MAX_SEED
from semflow_core.requests import (
    EditRequest,
    MorphRequest,
    Request,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)
from semflow_core.requests.packing import pack_labels, pack_photo

LAYOUT = np.zeros((16, 16), np.uint8)
PHOTO = np.zeros((16, 16, 3), np.uint8)


@given(
    steps=st.integers(1, MAX_STEPS),
    seed=st.integers(0, MAX_SEED),
    grid=st.sampled_from(["uniform", "quadratic", "cubic"]),
    beta=st.none() | st.floats(0, 100),
    class_seeds=st.lists(st.tuples(st.integers(0, 255), st.integers(0, MAX_SEED)), max_size=3).map(tuple),
    offsets=st.lists(st.tuples(st.integers(0, 255), st.tuples(*[st.floats(-1, 1)] * 3)), max_size=2).map(tuple),
)
def test_a_request_comes_back_from_json_as_itself(**values) -> None:
    request = SynthesisRequest(layout=LAYOUT, **values)
    back = SynthesisRequest.from_json(request.to_json())
    assert back == request
    assert hash(back) == hash(request)


def test_every_field_tells_requests_apart() -> None:
    base = SynthesisRequest(layout=LAYOUT)
    others = [
        replace(base, model="streets"),
        replace(base, steps=9),
        replace(base, solver="heun"),
        replace(base, seed=1),
        replace(base, grid="cubic"),
        replace(base, beta=6.0),
        replace(base, spectrum="white"),
        replace(base, class_seeds=((0, 1),)),
        replace(base, offsets=((0, (0.0, 0.0, 0.0)),)),
        replace(base, layout=np.ones((16, 16), np.uint8)),
        replace(base, layout=np.zeros((16, 17), np.uint8)),
    ]
    assert len({base, *others}) == 12
    assert len({r.to_json() for r in [base, *others]}) == 12


def test_another_kind_of_request_is_refused() -> None:
    text = SegmentationRequest(photo=PHOTO).to_json()
    assert json.loads(text)["kind"] == "SegmentationRequest"
    with pytest.raises(InputError, match="not a SynthesisRequest"):
        SynthesisRequest.from_json(text)


@pytest.mark.parametrize(
    "text, words",
    [
        ("{", "not JSON"),
        ("[]", "not a SynthesisRequest"),
        ('{"stepz": 1}', "unknown key 'stepz'; known are beta, class_seeds"),
        ('{"steps": 0}', "number of steps is 0"),
        ('{"steps": 1001}', "number of steps is 1001"),
        ('{"steps": 1000000}', "whole number from 1 to 1000"),
        ('{"steps": 8.0}', "number of steps is 8.0"),
        ('{"steps": true}', "number of steps is True"),
        ('{"steps": "8"}', "number of steps is '8'"),
        ('{"layout": 5}', "layout is '5'; it must be a text"),
        ('{"steps": 8}', "the request is incomplete: .*layout"),
        ('{"layout": ""}', "the request is incomplete: .*layout"),
        ('{"layout": "16;x"}', "form 'W,H;base64'"),
        ('{"beta": "x"}', "the perturbation amplitude is 'x'; it must be a number from 0 to 128"),
        ('{"beta": NaN}', "the perturbation amplitude is nan"),
        ('{"class_seeds": "ab"}', "class_seeds is 'ab'; it must be .class id, seed. pairs"),
        ('{"class_seeds": [[13]]}', "class_seeds"),
        ('{"offsets": [[13, [0, 0]]]}', "offsets"),
        ('{"offsets": [[13, ["a", 0, 0]]]}', "offsets"),
        ("[" * 100_000, "not JSON"),
        ('{"solver": "magic"}', "no solver 'magic'; it is one of euler"),
        ('{"grid": "log"}', "no time grid 'log'; it is one of uniform"),
        ('{"seed": -1}', "the seed is -1"),
        ('{"seed": 9007199254740992}', "whole number from 0 to 9007199254740991"),
        ('{"seed": 1.5}', "the seed is 1.5"),
        ('{"beta": -5}', "the perturbation amplitude is -5; it must be a number from 0 to 128"),
        ('{"spectrum": "pink"}', "no perturbation spectrum 'pink'; it is one of white"),
        ('{"class_seeds": [[13, -1]]}', "the seed is -1"),
    ],
)
def test_a_bad_request_is_refused_with_its_reason(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        SynthesisRequest.from_json(text)


@pytest.mark.parametrize(
    "values, words",
    [
        ({"mirror": "yes"}, "mirror is 'yes'; it must be true or false"),
        ({"smooth": "1"}, "smooth is '1'; it must be a number"),
        ({"smooth": -0.5}, "smooth is -0.5 pixels; it must be a number from 0 to 16"),
        ({"smooth": 17}, "smooth is 17 pixels; it must be a number from 0 to 16"),
        ({"photo": "x"}, "the photo is str; it must be an array .H, W, 3. uint8 RGB"),
        ({"photo": np.zeros((16, 16), np.uint8)}, r"the photo is \(16, 16\) uint8; it must be"),
        ({"photo": np.zeros((16, 16, 3))}, r"the photo is \(16, 16, 3\) float64; it must be"),
        ({"photo": np.zeros((8, 16, 3), np.uint8)}, "the photo is 16x8 pixels; both sides must be at least 16"),
    ],
)
def test_a_bad_reading_is_refused(values: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        SegmentationRequest(**{"photo": PHOTO, **values})


@pytest.mark.parametrize(
    "values, words",
    [
        ({}, "exactly one"),
        ({"photo": PHOTO, "layout": LAYOUT}, "exactly one"),
        ({"photo": PHOTO, "frames": 1}, "number of frames is 1"),
        ({"photo": PHOTO, "frames": 241}, "from 2 to 240"),
        ({"photo": PHOTO, "times": (0.5, 0.2)}, "ascending numbers from 0 to 1"),
        ({"photo": PHOTO, "times": (0.5, 1.2)}, "ascending numbers from 0 to 1"),
        ({"photo": PHOTO, "times": ("a",)}, "times is .*must be numbers"),
        ({"photo": PHOTO, "grid": "log"}, "no time grid 'log'"),
    ],
)
def test_a_bad_trajectory_is_refused(values: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        TrajectoryRequest(**values)


def test_equality_and_hash_are_by_content_and_arrays_cannot_be_changed_behind_them() -> None:
    labels = np.arange(16 * 16, dtype=np.uint8).reshape(16, 16)
    request, same = SynthesisRequest(layout=labels), SynthesisRequest(layout=labels.copy())
    turned = SynthesisRequest(layout=labels.T)
    assert request == same and hash(request) == hash(same) and len({request, same, turned}) == 2
    labels[0, 0] = 7
    assert request == same and request.layout[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        request.layout[0, 0] = 7
    assert SegmentationRequest(photo=PHOTO) != request


def test_a_read_only_view_of_a_writable_array_is_copied_too() -> None:
    labels = np.zeros((16, 16), np.uint8)
    view = labels.view()
    view.flags.writeable = False
    request = SynthesisRequest(layout=view)
    before = hash(request)
    labels[:] = 9
    assert request.layout.max() == 0 and hash(SynthesisRequest(layout=request.layout)) == before


def test_from_json_finds_the_kind_and_takes_no_other_than_asked_for() -> None:
    requests = [
        SynthesisRequest(layout=LAYOUT),
        SegmentationRequest(photo=PHOTO, mirror=True),
        EditRequest(photo=PHOTO, layout=LAYOUT, before=LAYOUT + 1),
        TrajectoryRequest(layout=LAYOUT, times=(0.0, 0.5)),
        MorphRequest(layout=LAYOUT, other_seed=4),
    ]
    for request in requests:
        back = Request.from_json(request.to_json())
        assert back == request and type(back) is type(request)
    assert isinstance(SynthesisRequest.from_json(requests[2].to_json()), EditRequest)  # it is one
    with pytest.raises(InputError, match="not a EditRequest"):
        EditRequest.from_json(requests[0].to_json())
    with pytest.raises(InputError, match="not a Request"):
        Request.from_json('{"kind": "RequestOfNobody"}')


def test_what_was_written_when_requests_held_texts_still_opens() -> None:
    """An edit as project files and links of earlier versions have it: "" for what is not given."""
    text = (
        '{"beta": 40, "before": "", "class_seeds": [[13, 5]], "grid": "quadratic", "kind": "EditRequest", '
        f'"layout": "{pack_labels(LAYOUT)}", "model": "faces", "offsets": [[13, [0, 0.5, -1]]], '
        f'"photo": "{pack_photo(PHOTO)}", "seed": 3, "solver": "euler", "spectrum": null, "steps": 4}}'
    )
    request = Request.from_json(text)
    assert request == EditRequest(
        layout=LAYOUT,
        photo=PHOTO,
        beta=40.0,
        class_seeds=((13, 5),),
        offsets=((13, (0.0, 0.5, -1.0)),),
        seed=3,
        steps=4,
    )


def test_a_path_and_a_morph_say_which_syntheses_they_go_between() -> None:
    path = TrajectoryRequest(layout=LAYOUT, seed=3, steps=5, class_seeds=((1, 2),))
    assert path.synthesis() == SynthesisRequest(layout=LAYOUT, seed=3, steps=5, class_seeds=((1, 2),))
    assert path.time_grid == "quadratic" and path.shown_times[0] == 0 and len(path.shown_times) == 25
    other = TrajectoryRequest(photo=PHOTO)
    assert other.synthesis() is None and other.time_grid == "uniform"
    assert TrajectoryRequest(photo=PHOTO, grid="cubic").time_grid == "cubic"
    morph = MorphRequest(layout=LAYOUT, seed=1, other_seed=2, offsets=((0, (0.1, 0.0, 0.0)),))
    start, end = morph.ends()
    assert start == SynthesisRequest(layout=LAYOUT, seed=1, offsets=((0, (0.1, 0.0, 0.0)),))
    assert end == SynthesisRequest(layout=LAYOUT, seed=2)
