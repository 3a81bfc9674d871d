from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semflow_core.errors import InputError
from semflow_core.method.perturbation import MAX_SEED
from semflow_core.pictures.files import check_size
from semflow_core.requests.packing import pack_labels, pack_photo, unpack_labels, unpack_photo
from semflow_core.requests.requests import MAX_STEPS, SegmentationRequest, SynthesisRequest, TrajectoryRequest

PACKED = pack_labels(np.zeros((16, 16), np.uint8))


@given(
    steps=st.integers(1, MAX_STEPS),
    seed=st.integers(0, MAX_SEED),
    grid=st.sampled_from(["uniform", "quadratic", "cubic"]),
    beta=st.none() | st.floats(0, 100),
    class_seeds=st.lists(st.tuples(st.integers(0, 255), st.integers(0, MAX_SEED)), max_size=3).map(tuple),
    offsets=st.lists(st.tuples(st.integers(0, 255), st.tuples(*[st.floats(-1, 1)] * 3)), max_size=2).map(tuple),
)
def test_a_request_comes_back_from_json_as_itself(**values) -> None:
    request = SynthesisRequest(layout=PACKED, **values)
    back = SynthesisRequest.from_json(request.to_json())
    assert back == request
    assert hash(back) == hash(request)


def test_every_field_tells_requests_apart() -> None:
    base = SynthesisRequest(layout=PACKED)
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
        replace(base, layout=pack_labels(np.ones((16, 16), np.uint8))),
    ]
    assert len({base, *others}) == 11
    assert len({r.to_json() for r in [base, *others]}) == 11


def test_another_kind_of_request_is_refused() -> None:
    text = SegmentationRequest(photo="x").to_json()
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
        ('{"beta": "x"}', "beta is 'x'; it must be a number or null"),
        ('{"beta": NaN}', "beta is 'nan'"),
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
        ({"smooth": -0.5}, "smooth is -0.5 pixels; it must be from 0 to 16"),
        ({"smooth": 17}, "smooth is 17 pixels; it must be from 0 to 16"),
    ],
)
def test_a_bad_reading_is_refused(values: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        SegmentationRequest(**values)


@pytest.mark.parametrize(
    "values, words",
    [
        ({}, "exactly one"),
        ({"photo": "p", "layout": "l"}, "exactly one"),
        ({"photo": "p", "frames": 1}, "number of frames is 1"),
        ({"photo": "p", "frames": 241}, "from 2 to 240"),
        ({"photo": "p", "times": (0.5, 0.2)}, "ascending numbers from 0 to 1"),
        ({"photo": "p", "times": (0.5, 1.2)}, "ascending numbers from 0 to 1"),
        ({"photo": "p", "times": ("a",)}, "times is .*must be numbers"),
        ({"photo": "p", "grid": "log"}, "no time grid 'log'"),
    ],
)
def test_a_bad_trajectory_is_refused(values: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        TrajectoryRequest(**values)


@given(st.integers(16, 40), st.integers(16, 40), st.integers(0, 2**32 - 1))
def test_layouts_and_photos_survive_packing(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 256, (height, width), dtype=np.uint8)
    photo = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert np.array_equal(unpack_labels(pack_labels(labels)), labels)
    assert np.array_equal(unpack_photo(pack_photo(photo)), photo)


def test_packing_reads_what_memory_holds_not_how() -> None:
    labels = np.arange(32 * 32, dtype=np.uint8).reshape(32, 32)
    assert np.array_equal(unpack_labels(pack_labels(labels.T)), labels.T)


def deflated(text: str, raw: bytes) -> str:
    return text + base64.b64encode(zlib.compress(raw)).decode()


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "form 'W,H;base64'"),
        ("16;x", "form 'W,H;base64'"),
        ("16,a;x", "form 'W,H;base64'"),
        ("16,16;%%%", "damaged"),
        ("16,16;\u00e9", "damaged"),
        ("16,16;AAAA", "damaged"),
        (deflated("16,16;", b"\0" * 255), "does not hold 16x16 ids"),
        (deflated("16,16;", b"\0" * 257), "does not hold 16x16 ids"),
        (deflated("16,16;", b"\0" * 10**8), "does not hold 16x16 ids"),
        (deflated("15,16;", b"\0" * 240), "15x16 pixels; both sides must be at least 16"),
        (deflated("-16,-16;", b"\0" * 256), "at least 16"),
        (deflated("9000,16;", b""), "the most is 8192 a side"),
    ],
)
def test_a_damaged_layout_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        unpack_labels(text)


@pytest.mark.parametrize(
    "text",
    ["", "%%%", "\u00e9", base64.b64encode(b"GIF89a").decode(), pack_photo(np.zeros((16, 16, 3), np.uint8))[:60]],
)
def test_a_damaged_photo_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a base64-coded PNG"):
        unpack_photo(text)


def test_a_photo_out_of_bounds_is_refused() -> None:
    with pytest.raises(InputError, match="8x16 pixels"):
        unpack_photo(pack_photo(np.zeros((16, 8, 3), np.uint8)))


@pytest.mark.parametrize("size", [(16, 16), (8192, 16), (8000, 5000)])
def test_sizes_in_bounds_pass(size: tuple[int, int]) -> None:
    check_size(*size, "photo")


@pytest.mark.parametrize("size", [(15, 16), (16, 15), (8193, 16), (16, 8193), (8000, 5001), (0, 0)])
def test_sizes_out_of_bounds_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=f"the photo is {size[0]}x{size[1]} pixels"):
        check_size(*size, "photo")
