"""Requests: the API's body, the project file and the cache key are the same frozen dataclass.

A request holds everything a result depends on, so the same request gives the same bytes. Arrays travel as strings:
layouts as "W,H;base64(zlib(ids))", which is what the canvas sends, photos as base64 PNG.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from ..errors import InputError
from ..method.flow import GRIDS
from ..method.perturbation import check_seed
from ..method.solvers import SOLVERS

MAX_STEPS = 1000
MAX_SMOOTH = 16  # pixels of the model's square

R = TypeVar("R", bound="Request")


@dataclass(frozen=True)
class Request:
    """What every request has.

    Attributes:
        model: name of a model folder.
        steps: solver steps N; the times are exactly i/N through the grid.
        solver: one of `solvers.SOLVERS`.
    """

    model: str = "faces"
    steps: int = 8
    solver: str = "euler"

    def __post_init__(self) -> None:
        for field in fields(self):
            check_kind(field.name, getattr(self, field.name))
        if type(self.steps) is not int or not 1 <= self.steps <= MAX_STEPS:
            raise InputError(f"the number of steps is {self.steps!r}; it must be a whole number from 1 to {MAX_STEPS}")
        if self.solver not in SOLVERS:
            raise InputError(f"there is no solver '{self.solver}'; it is one of {', '.join(SOLVERS)}")

    def to_json(self) -> str:
        """One line of JSON, keys sorted."""
        return json.dumps({"kind": type(self).__name__, **asdict(self)}, sort_keys=True)

    @classmethod
    def from_json(cls: type[R], text: str) -> R:
        """The inverse of `to_json`.

        Raises:
            InputError: not JSON, another kind of request, an unknown key or a bad value.
        """
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError("the request is not JSON") from None
        if not isinstance(raw, dict) or raw.pop("kind", cls.__name__) != cls.__name__:
            raise InputError(f"the request is not a {cls.__name__}")
        return cls.from_dict(raw)

    @classmethod
    def from_dict(cls: type[R], raw: dict[str, Any]) -> R:
        """Build from plain values; lists become tuples.

        Raises:
            InputError: an unknown key or a bad value.
        """
        known = {f.name for f in fields(cls)}
        for key in raw:
            if key not in known:
                raise InputError(f"the request has an unknown key '{key}'; known are {', '.join(sorted(known))}")
        try:
            return cls(**{k: _tuples(v) for k, v in raw.items()})
        except TypeError as error:
            raise InputError(f"the request is incomplete or has a value of the wrong kind: {error}") from None


@dataclass(frozen=True)
class SynthesisRequest(Request):
    """Layout -> photo, t from 1 to 0 (Eq. 13).

    Attributes:
        layout: packed label map (`pack_labels`).
        seed: perturbation seed, 0 .. 2**53 - 1.
        grid: times of the solver: uniform, quadratic (1 - u^2) or cubic (1 - u^3).
        beta: perturbation amplitude in 0..255 units, below s/2; None is the model's own.
        spectrum: "white" or "regional"; None is the model's own.
        class_seeds: (class id, seed) pairs: regions that are re-rolled.
        offsets: (class id, (r, g, b)) pairs, each in [-1, 1]: style handles of regions. For a model with appearance
            (`semflow_core.appearance`) they ask for mean colours, which the photo's regions have then.
    """

    layout: str = ""
    seed: int = 0
    grid: str = "quadratic"
    beta: float | None = None
    spectrum: str | None = None
    class_seeds: tuple[tuple[int, int], ...] = ()
    offsets: tuple[tuple[int, tuple[float, float, float]], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_seed(self.seed)
        _check_grid(self.grid)


@dataclass(frozen=True)
class SegmentationRequest(Request):
    """Photo -> layout, t from 0 to 1 (Eq. 12).

    Attributes:
        photo: packed (`pack_photo`).
        grid: as in SynthesisRequest.
        mirror: read the mirror image, too, and decide by both. Better, at twice the work; not in the paper.
        smooth: let neighbours decide together (`Codebook.agree`), 0 .. 16 pixels of the model's square; 0, the paper's,
            decides each pixel alone.
    """

    photo: str = ""
    grid: str = "uniform"
    mirror: bool = False
    smooth: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_grid(self.grid)
        if not 0 <= self.smooth <= MAX_SMOOTH:
            raise InputError(f"smooth is {self.smooth:g} pixels; it must be from 0 to {MAX_SMOOTH}")


@dataclass(frozen=True)
class EditRequest(SynthesisRequest):
    """Photo + changed layout -> the photo with that change, t from 1 to 0.

    Attributes:
        photo: packed.
        layout: the layout after the change, packed. It may be of another size than the photo.
        before: the layout before the change; "" is the model's own segmentation of the photo.
        seed, grid, beta, spectrum, class_seeds, offsets: as in SynthesisRequest; they say how new regions look. With
            appearance (`semflow_core.appearance`) an offset recolours the region where its layout stayed, too.
    """

    photo: str = ""
    before: str = ""


@dataclass(frozen=True)
class TrajectoryRequest(Request):
    """The path between photo and layout, from whichever is given.

    Attributes:
        photo, layout: exactly one of them, packed.
        frames: number of frames, evenly spaced in t from 0 (photo) to 1 (layout), 2 .. 240.
        times: the frames' times instead, ascending in [0, 1], at most 240.
        predict: also show where each moment is heading: the photo z_t - t v and the layout z_t + (1 - t) v.
        seed, grid, beta, spectrum, class_seeds, offsets: as in SynthesisRequest, when a layout is given. From a
            photo the grid is "uniform" unless said otherwise.
    """

    photo: str = ""
    layout: str = ""
    frames: int = 25
    times: tuple[float, ...] = ()
    predict: bool = False
    seed: int = 0
    grid: str | None = None
    beta: float | None = None
    spectrum: str | None = None
    class_seeds: tuple[tuple[int, int], ...] = ()
    offsets: tuple[tuple[int, tuple[float, float, float]], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_seed(self.seed)
        if self.grid is not None:
            _check_grid(self.grid)
        if bool(self.photo) == bool(self.layout):
            raise InputError("a trajectory starts from a photo or from a layout: give exactly one of them")
        _check_frames(self.frames)
        ascending = list(self.times) == sorted(set(self.times)) and all(0 <= t <= 1 for t in self.times)
        if not ascending or len(self.times) > 240:
            raise InputError("the times of a trajectory must be at most 240 ascending numbers from 0 to 1")


@dataclass(frozen=True)
class MorphRequest(SynthesisRequest):
    """From one layout or seed to another, a photo at each of `frames` places between (t from 1 to 0 in each).

    Attributes:
        layout, seed, class_seeds, offsets: its start. Model, steps, solver, grid, beta and spectrum hold for both.
        other_layout: packed layout at the end; "" is the same.
        other_seed, other_class_seeds, other_offsets: those of the end.
        frames: number of frames with both ends, 2 .. 240.
    """

    other_layout: str = ""
    other_seed: int = 0
    other_class_seeds: tuple[tuple[int, int], ...] = ()
    other_offsets: tuple[tuple[int, tuple[float, float, float]], ...] = ()
    frames: int = 25

    def __post_init__(self) -> None:
        super().__post_init__()
        check_seed(self.other_seed)
        _check_frames(self.frames)


# What a field may hold, by its name: requests come from project files and over the network.
KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "beta": ("a number or null", lambda v: v is None or is_number(v)),
    "spectrum": ("a text or null", lambda v: v is None or isinstance(v, str)),
    "grid": ("a text or null", lambda v: v is None or isinstance(v, str)),
    "class_seeds": (
        "(class id, seed) pairs",
        lambda v: isinstance(v, tuple) and all(isinstance(p, tuple) and list(map(type, p)) == [int, int] for p in v),
    ),
    "offsets": (
        "(class id, (r, g, b)) pairs",
        lambda v: (
            isinstance(v, tuple)
            and all(
                isinstance(p, tuple)
                and len(p) == 2
                and type(p[0]) is int
                and isinstance(p[1], tuple)
                and len(p[1]) == 3
                and all(map(is_number, p[1]))
                for p in v
            )
        ),
    ),
    "times": ("numbers", lambda v: isinstance(v, tuple) and all(map(is_number, v))),
    "predict": ("true or false", lambda v: isinstance(v, bool)),
    "mirror": ("true or false", lambda v: isinstance(v, bool)),
    "smooth": ("a number", lambda v: is_number(v)),
    **{name: ("a text", lambda v: isinstance(v, str)) for name in ("model", "solver", "layout", "before", "photo")},
}


def is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e9  # also refuses nan


def check_kind(name: str, value: Any) -> None:
    """Raise InputError unless the field of a request holds what its annotation says."""
    what, fits = KINDS.get(name.removeprefix("other_"), ("", lambda v: True))
    if not fits(value):
        raise InputError(f"the request's {name} is {str(value)[:60]!r}; it must be {what}")


def _check_frames(frames: int) -> None:
    if type(frames) is not int or not 2 <= frames <= 240:
        raise InputError(f"the number of frames is {frames!r}; it must be a whole number from 2 to 240")


def _check_grid(grid: str) -> None:
    if grid not in GRIDS:
        raise InputError(f"there is no time grid '{grid}'; it is one of {', '.join(GRIDS)}")


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
