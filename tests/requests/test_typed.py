"""Values are checked by their annotations, in requests and in configurations alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest

from semflow_core.errors import InputError
from semflow_core.requests.typed import Bounds, OneOf, Unfit, build, describe, fit


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1
    flags: list[bool] = field(default_factory=list)


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner = field(default_factory=Inner)
    parts: dict[str, Inner] = field(default_factory=dict)
    maybe: Inner | None = None
    steps: Annotated[int, Bounds(1, 9, "the number of steps")] = 2
    kind: Annotated[str, OneOf(("a", "b"), "kind")] = "a"


def test_nested_tables_become_dataclasses() -> None:
    raw = {"name": "x", "inner": {"rate": "1e-3"}, "parts": {"one": {"flags": [True]}}, "maybe": {"rate": 2}}
    assert build(Outer, raw) == Outer("x", Inner(0.001), {"one": Inner(flags=[True])}, Inner(2.0))
    assert build(Outer, {"name": "x", "maybe": None}).maybe is None


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "the configuration is incomplete: .*name"),
        ({"name": "x", "nam": 1}, "unknown key 'nam'; known are inner, kind, maybe, name, parts, steps"),
        ({"name": "x", "inner": {"rat": 1}}, "unknown key 'inner.rat'; known are flags, rate"),
        ({"name": "x", "parts": {"one": {"rate": "fast"}}}, "parts.one.rate is 'fast'; it must be a number"),
        ({"name": "x", "maybe": {"flags": [1]}}, "maybe.flags is .1.; it must be a list of true or false"),
        ({"name": "x", "inner": 5}, "key 'inner' must have keys of its own"),
        ({"name": 5}, "the configuration's name is 5; it must be a text"),
        ({"name": "x", "steps": 10}, "the number of steps is 10; it must be a whole number from 1 to 9"),
        ({"name": "x", "steps": True}, "the number of steps is True; it must be a whole number from 1 to 9"),
        ({"name": "x", "kind": "c"}, "there is no kind 'c'; it is one of a, b"),
    ],
)
def test_what_does_not_fit_is_named_with_its_dotted_key(raw: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        build(Outer, raw)


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (float, 3, 3.0),
        (float | None, None, None),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple[tuple[int, float], ...], [[1, 2]], ((1, 2.0),)),
        (list[str], ("a",), ["a"]),
        (dict[str, int], {"a": 1}, {"a": 1}),
    ],
)
def test_values_take_the_form_of_their_annotation(hint: Any, value: object, expected: object) -> None:
    fitted = fit(hint, value)
    assert fitted == expected and type(fitted) is type(expected)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (float, True),
        (float, "1"),
        (float, float("nan")),
        (float, float("inf")),
        (float, 10**400),
        (int, 1.0),
        (int, True),
        (bool, 1),
        (tuple[int, int], (1, 2, 3)),
        (list[int], "12"),
        (dict[str, int], {1: 1}),
    ],
)
def test_values_of_another_kind_are_refused(hint: Any, value: object) -> None:
    with pytest.raises(Unfit):
        fit(hint, value)


def test_annotations_are_described_in_words() -> None:
    assert describe(float | None) == "a number or null"
    assert describe(list[int]) == "a list of whole numbers"
    assert describe(Annotated[int, Bounds(1, 1000, "n")]) == "a whole number from 1 to 1000"
