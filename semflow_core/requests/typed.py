"""Values that fit their annotations: one validator for requests and for training configurations.

A field of a dataclass is checked by its annotation: numbers, texts, true or false, None, lists, tuples, dictionaries,
nested dataclasses and arrays. `Annotated` narrows it: `Bounds` and `OneOf` say which values are right, `Words` how a
composite is called in a message, `Picture` that it holds the pixels of a photo or of a layout.
"""

from __future__ import annotations

import contextlib
import dataclasses
import types
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from ..errors import InputError, brief

T = TypeVar("T")

LARGEST = 1e9  # bound of a number that is not an integer
SHOWN = 60  # characters of a value in a message
NAMES: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    type(None): "null",
    dict: "a table of keys",
}
SEVERAL: dict[Any, str] = {int: "whole numbers", float: "numbers", str: "texts", bool: "true or false"}


@dataclass(frozen=True)
class Bounds:
    """The numbers from `low` to `high`; `name` is what the message calls the value, `unit` what follows it."""

    low: float
    high: float
    name: str
    unit: str = ""


@dataclass(frozen=True)
class OneOf:
    """The texts in `choices`; `name` is what the message calls the value."""

    choices: Collection[str]
    name: str

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True)
class Words:
    """What a composite value is called in a message, for example "(class id, seed) pairs"."""

    text: str


@dataclass(frozen=True)
class Picture:
    """An array of pixels, uint8: a photo (H, W, 3) in RGB, or a layout (H, W) of class ids. It is kept read-only.

    Attributes:
        name: "photo" or "layout".
        check: (width, height, name) -> None, raises InputError where a size is out of bounds.
        pack, unpack: the array as text, and back.
    """

    name: str
    check: Callable[[int, int, str], None]
    pack: Callable[[np.ndarray], str]
    unpack: Callable[[str], np.ndarray]

    def fit(self, value: Any) -> np.ndarray:
        """The array as requests keep it.

        Raises:
            InputError: it is none, of another kind, or its size is out of bounds.
        """
        right = "(H, W, 3) uint8 RGB" if self.name == "photo" else "(H, W) uint8 class ids"
        ndim = 3 if self.name == "photo" else 2
        array = value if isinstance(value, np.ndarray) else None
        if array is None or array.dtype != np.uint8 or array.ndim != ndim or (ndim == 3 and array.shape[2] != 3):
            what = type(value).__name__ if array is None else f"{array.shape} {array.dtype}"
            raise InputError(f"the {self.name} is {what}; it must be an array {right}")
        self.check(array.shape[1], array.shape[0], self.name)
        if array.flags.writeable or not array.flags.c_contiguous or array.base is not None:  # a view of others' bytes
            array = np.array(array, order="C")
            array.flags.writeable = False
        return array


class Unfit(Exception):
    """A value does not fit an annotation; the argument is a whole sentence, or "" for the caller's own."""


@lru_cache(maxsize=256)
def hints(kind: type) -> dict[str, Any]:
    """The annotations of a dataclass's fields, by name, with what `Annotated` adds."""
    known = typing.get_type_hints(kind, include_extras=True)
    return {f.name: known[f.name] for f in dataclasses.fields(kind)}


def picture_of(hint: Any) -> Picture | None:
    """The `Picture` in an annotation, also beside None."""
    if typing.get_origin(hint) is typing.Annotated:
        return next((m for m in typing.get_args(hint)[1:] if isinstance(m, Picture)), None)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next((p for p in map(picture_of, typing.get_args(hint)) if p), None)
    return None


def describe(hint: Any) -> str:
    """What a value of the annotation is, for a message: "a number or null"."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        for mark in inner[1:]:
            if isinstance(mark, Words):
                return mark.text
            if isinstance(mark, Bounds):
                return f"{describe(inner[0])} from {mark.low:g} to {mark.high:.0f}"
        return describe(inner[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(h) for h in inner)
    if origin in (list, tuple):
        return f"a list of {SEVERAL[inner[0]]}" if inner[0] in SEVERAL else "a list"
    return NAMES.get(origin or hint, "a table of keys")


def fit(hint: Any, value: Any, texts: bool = False) -> Any:
    """The value as the annotation asks for it: lists become tuples where it says so, whole numbers floats.

    Args:
        texts: whether a number may be written as a text, as YAML reads 1e-3.

    Raises:
        Unfit: it does not fit.
        InputError: a picture does not fit.
    """
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _fit_narrowed(inner[0], inner[1:], value, texts)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        others = [h for h in inner if h is not type(None)]
        if len(others) == 1:
            return fit(others[0], value, texts)
        for other in others:
            with contextlib.suppress(Unfit):
                return fit(other, value, texts)
        raise Unfit("")
    if origin in (list, tuple):
        if not isinstance(value, (list, tuple)):
            raise Unfit("")
        open_ended = origin is list or len(inner) == 2 and inner[1] is Ellipsis
        if not open_ended and len(value) != len(inner):
            raise Unfit("")
        return origin(fit(inner[0] if open_ended else h, v, texts) for h, v in zip(inner * len(value), value))
    if origin is dict:
        if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
            raise Unfit("")
        return {k: fit(inner[1], v, texts) for k, v in value.items()}
    if hint is float:
        return _number(value, texts)
    if hint is None or hint is type(None):
        if value is not None:
            raise Unfit("")
        return None
    if hint in (int, str, bool):
        if type(value) is not hint:
            raise Unfit("")
        return value
    if isinstance(hint, type) and not isinstance(value, hint):
        raise Unfit("")
    return value


def _number(value: Any, texts: bool) -> float:
    if texts and isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST:  # not nan either
        return float(value)
    raise Unfit("")


def _fit_narrowed(hint: Any, marks: tuple[Any, ...], value: Any, texts: bool) -> Any:
    for mark in marks:
        if isinstance(mark, Picture):
            return mark.fit(value)
        if isinstance(mark, OneOf):
            if isinstance(value, str) and value not in mark.choices:
                raise Unfit(f"there is no {mark.name} '{value[:SHOWN]}'; it is one of {', '.join(mark.choices)}")
        elif isinstance(mark, Bounds):
            right = f"it must be {describe(hint)} from {mark.low:g} to {mark.high:.0f}"
            try:
                number = fit(hint, value, texts)
            except Unfit:
                raise Unfit(f"{mark.name} is {show(value)}; {right}") from None
            if not mark.low <= number <= mark.high:
                raise Unfit(f"{mark.name} is {number:.16g}{mark.unit}; {right}")
    return fit(hint, value, texts)


def show(value: Any) -> str:
    """A value as a message shows it, cut to `SHOWN` characters."""
    return repr(value)[:SHOWN]


def fit_fields(instance: Any, what: str) -> None:
    """Check each field of a frozen dataclass's instance by its annotation, and put the fitted value in its place.

    Args:
        what: what the message calls the instance, for example "request".

    Raises:
        InputError: a field does not fit.
    """
    for name, hint in hints(type(instance)).items():
        value = getattr(instance, name)
        try:
            fitted = fit(hint, value)
        except Unfit as error:
            text = str(error) or f"the {what}'s {name} is {show(value)}; it must be {describe(hint)}"
            raise InputError(text) from None
        if fitted is not value:
            object.__setattr__(instance, name, fitted)


def build(kind: type[T], raw: Any, where: str = "", what: str = "configuration", texts: bool = True) -> T:
    """A dataclass from a dictionary, nested dataclasses too.

    Args:
        raw: the values by field name; what has no value keeps the field's default.
        where: dotted key of `raw` itself, "" at the top.
        what: what the message calls the whole.
        texts: whether a number may be written as a text, as YAML reads 1e-3.

    Raises:
        InputError: an unknown key, a missing one, or a value of the wrong type; the dotted key is named.
    """
    if not isinstance(raw, dict):
        raise InputError(f"the {what} key '{where}' must have keys of its own")
    known, values = hints(kind), {}
    for key, value in raw.items():
        dotted = f"{where}.{key}" if where else str(key)
        if key not in known:
            raise InputError(f"the {what} has an unknown key {brief(dotted)}; known are {', '.join(sorted(known))}")
        values[key] = _value(known[key], value, dotted, what, texts)
    table: Any = kind
    required = (f for f in dataclasses.fields(table) if f.default is f.default_factory is dataclasses.MISSING)
    missing = [f"{where}.{f.name}" if where else f.name for f in required if f.name not in values]
    if missing:
        raise InputError(f"the {what} is incomplete: it has no {', '.join(missing)}")
    return kind(**values)


def _value(hint: Any, value: Any, dotted: str, what: str, texts: bool) -> Any:
    """A value for one key; dictionaries become dataclasses, also inside a dictionary and beside None."""
    inner = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType) and isinstance(value, dict):
        nested = [h for h in inner if dataclasses.is_dataclass(h)]
        if nested:
            return build(typing.cast(type, nested[0]), value, dotted, what, texts)
    if dataclasses.is_dataclass(hint):
        return (
            value
            if isinstance(value, typing.cast(type, hint))
            else build(typing.cast(type, hint), value, dotted, what, texts)
        )
    if typing.get_origin(hint) is dict and dataclasses.is_dataclass(inner[1]) and isinstance(value, dict):
        return {k: build(typing.cast(type, inner[1]), v, f"{dotted}.{k}", what, texts) for k, v in value.items()}
    try:
        return fit(hint, value, texts)
    except Unfit as error:
        text = str(error) or f"the {what}'s {dotted} is {show(value)}; it must be {describe(hint)}"
        raise InputError(text) from None
