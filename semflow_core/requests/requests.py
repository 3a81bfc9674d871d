"""Requests: frozen dataclasses that hold everything a result depends on, so the same request gives the same bytes.

Layouts and photos are arrays. They become text only at a border: `to_json` and `from_json` are the body of the API, the
project file and the link. Two requests are equal, and have one hash, if their content is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Annotated, Any, TypeVar

import numpy as np

from ..errors import InputError
from ..method import limits
from ..method.appearance import Offset
from ..method.flow import GRIDS, TO_IMAGE_GRID, TO_MASK_GRID
from ..method.perturbation import MAX_SEED, SPECTRA
from ..method.solvers import SOLVERS
from ..pictures.files import check_size
from .packing import pack_labels, pack_photo, unpack_labels, unpack_photo
from .typed import Bounds, OneOf, Picture, Words, build, fit_fields, hints, picture_of

Layout = Annotated[np.ndarray, Picture("layout", check_size, pack_labels, unpack_labels)]
Photo = Annotated[np.ndarray, Picture("photo", check_size, pack_photo, unpack_photo)]
Steps = Annotated[int, Bounds(limits.MIN_STEPS, limits.MAX_STEPS, "the number of steps")]
Solver = Annotated[str, OneOf(SOLVERS, "solver")]
Grid = Annotated[str, OneOf(GRIDS, "time grid")]
Seed = Annotated[int, Bounds(0, MAX_SEED, "the seed")]
Frames = Annotated[int, Bounds(limits.MIN_FRAMES, limits.MAX_FRAMES, "the number of frames")]
Smooth = Annotated[float, Bounds(limits.MIN_SMOOTH, limits.MAX_SMOOTH, "smooth", " pixels")]
ClassSeeds = Annotated[tuple[tuple[int, Seed], ...], Words("(class id, seed) pairs")]
Beta = Annotated[float, Bounds(0, 128, "the perturbation amplitude")]
Spectrum = Annotated[str, OneOf(SPECTRA, "perturbation spectrum")]
Offsets = Annotated[tuple[tuple[int, Offset], ...], Words("(class id, (r, g, b)) pairs")]
Times = Annotated[tuple[float, ...], Words("numbers")]

R = TypeVar("R", bound="Request")

KINDS: dict[str, type[Request]] = {}  # every kind of request by the name of its class


@dataclass(frozen=True, eq=False, kw_only=True)
class Request:
    """What every request has.

    Attributes:
        model: name of a model folder.
        steps: solver steps N; the times are exactly i/N through the grid.
        solver: one of `solvers.SOLVERS`.
    """

    model: str = limits.DEFAULT_MODEL
    steps: Steps = limits.DEFAULT_STEPS
    solver: Solver = limits.DEFAULT_SOLVER

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        KINDS[cls.__name__] = cls

    def __post_init__(self) -> None:
        fit_fields(self, "request")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @cached_property
    def _content(self) -> tuple[Any, ...]:
        """The values of all fields; an array's are its shape and a digest of its pixels."""
        return tuple(
            (v.shape, hashlib.blake2b(v.data, digest_size=16).digest()) if isinstance(v, np.ndarray) else v
            for v in (getattr(self, f.name) for f in fields(self))
        )

    def to_json(self) -> str:
        """One line of JSON, keys sorted; arrays are packed as text."""
        raw: dict[str, Any] = {"kind": type(self).__name__}
        for name, hint in hints(type(self)).items():
            value, picture = getattr(self, name), picture_of(hint)
            raw[name] = picture.pack(value) if picture is not None and value is not None else value
        return json.dumps(raw, sort_keys=True)

    @classmethod
    def from_json(cls: type[R], text: str) -> R:
        """The inverse of `to_json`: a request of this class, or of the subclass that the text names.

        Raises:
            InputError: not JSON, another kind of request, an unknown key or a bad value.
        """
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError("the request is not JSON") from None
        if not isinstance(raw, dict):
            raise InputError(f"the request is not a {cls.__name__}")
        kind = KINDS.get(str(raw.pop("kind", cls.__name__)))
        if kind is None or not issubclass(kind, cls):
            raise InputError(f"the request is not a {cls.__name__}")
        return kind.from_dict(raw)

    @classmethod
    def from_dict(cls: type[R], raw: Mapping[str, Any]) -> R:
        """Build from plain values: lists become tuples, packed texts arrays; an empty text is no array.

        Raises:
            InputError: an unknown key or a bad value.
        """
        values = dict(raw)
        for name, hint in hints(cls).items():
            picture = picture_of(hint)
            if picture is not None and name in values and not isinstance(values[name], np.ndarray):
                values[name] = _unpacked(picture, name, values[name])
                if values[name] is None:
                    del values[name]
        return build(cls, values, what="request", texts=False)


@dataclass(frozen=True, eq=False, kw_only=True)
class PerturbedRequest(Request):
    """What every request has that starts from a perturbed layout (Eq. 14).

    Attributes:
        seed: perturbation seed, 0 .. 2**53 - 1.
        beta: perturbation amplitude in 0..255 units, below s/2; None is the model's own.
        spectrum: "white" or "regional"; None is the model's own.
        class_seeds: (class id, seed) pairs: regions that are re-rolled.
        offsets: (class id, (r, g, b)) pairs, each in [-1, 1]: regional offsets to use instead of the drawn ones. For a
            model with an appearance (`method.appearance`) they ask for mean colours, which the regions have then.
    """

    seed: Seed = limits.DEFAULT_SEED
    beta: Beta | None = None
    spectrum: Spectrum | None = None
    class_seeds: ClassSeeds = ()
    offsets: Offsets = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class SynthesisRequest(PerturbedRequest):
    """Layout -> photo, t from 1 to 0 (Eq. 13).

    Attributes:
        layout: class ids (H, W) uint8, of any size.
        grid: times of the solver: uniform, quadratic (1 - u^2) or cubic (1 - u^3).
    """

    layout: Layout
    grid: Grid = TO_IMAGE_GRID


@dataclass(frozen=True, eq=False, kw_only=True)
class SegmentationRequest(Request):
    """Photo -> layout, t from 0 to 1 (Eq. 12).

    Attributes:
        photo: RGB (H, W, 3) uint8, of any size.
        grid: as in SynthesisRequest.
        mirror: segment the mirror image, too, and decide by both. Better, at twice the work; not in the paper.
        smooth: let neighbours decide together (`Codebook.agree`), 0 .. 16 pixels of the model's square; 0, the paper's,
            decides each pixel alone.
    """

    photo: Photo
    grid: Grid = TO_MASK_GRID
    mirror: bool = False
    smooth: Smooth = limits.DEFAULT_SMOOTH


@dataclass(frozen=True, eq=False, kw_only=True)
class EditRequest(SynthesisRequest):
    """Photo + changed layout -> the photo with that change, t from 1 to 0.

    Attributes:
        photo: RGB (H, W, 3) uint8, of any size.
        layout: the layout after the change. It may be of another size than the photo.
        before: the layout before the change; None is the model's own segmentation of the photo.
        seed, grid, beta, spectrum, class_seeds, offsets: as in SynthesisRequest; they say how new regions look. With
            an appearance (`method.appearance`) an offset recolours the region where its layout stayed, too.
    """

    photo: Photo
    before: Layout | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class TrajectoryRequest(PerturbedRequest):
    """The path between photo and layout, from whichever is given.

    Attributes:
        photo, layout: exactly one of them.
        grid: None is the default of the direction: `TO_MASK_GRID` from a photo, `TO_IMAGE_GRID` from a layout.
        frames: number of frames, evenly spaced in t from 0 (photo) to 1 (layout), 2 .. 240.
        times: the frames' times instead, ascending in [0, 1], at most 240.
        predict: also show the ends that each moment heads for: the photo z_t - t v and the layout z_t + (1 - t) v.
    """

    photo: Photo | None = None
    layout: Layout | None = None
    grid: Grid | None = None
    frames: Frames = limits.DEFAULT_FRAMES
    times: Times = ()
    predict: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.photo is None) == (self.layout is None):
            raise InputError("a trajectory starts from a photo or from a layout: give exactly one of them")
        ascending = list(self.times) == sorted(set(self.times)) and all(0 <= t <= 1 for t in self.times)
        if not ascending or len(self.times) > limits.MAX_FRAMES:
            raise InputError(
                f"the times of a trajectory must be at most {limits.MAX_FRAMES} ascending numbers from 0 to 1"
            )

    @property
    def time_grid(self) -> str:
        """The grid, or the default of the direction."""
        return self.grid or (TO_MASK_GRID if self.layout is None else TO_IMAGE_GRID)

    @property
    def shown_times(self) -> tuple[float, ...]:
        """The frames' times, ascending from 0 (photo) to 1 (layout)."""
        return self.times or tuple(np.linspace(0, 1, self.frames).tolist())

    def synthesis(self) -> SynthesisRequest | None:
        """What the path comes from if it starts from a layout: the synthesis of its photo."""
        if self.layout is None:
            return None
        shared = {f.name: getattr(self, f.name) for f in fields(SynthesisRequest)}
        return SynthesisRequest(**{**shared, "grid": self.time_grid})


@dataclass(frozen=True, eq=False, kw_only=True)
class MorphRequest(SynthesisRequest):
    """From one layout or seed to another, a photo at each of `frames` places between (t from 1 to 0 in each).

    Attributes:
        layout, seed, class_seeds, offsets: its start. Model, steps, solver, grid, beta and spectrum hold for both.
        other_layout: the layout at the end; None is the same.
        other_seed, other_class_seeds, other_offsets: those of the end.
        frames: number of frames with both ends, 2 .. 240.
    """

    other_layout: Layout | None = None
    other_seed: Seed = limits.DEFAULT_SEED
    other_class_seeds: ClassSeeds = ()
    other_offsets: Offsets = ()
    frames: Frames = limits.DEFAULT_FRAMES

    def ends(self) -> tuple[SynthesisRequest, SynthesisRequest]:
        """The syntheses of the first and the last frame."""
        shared = {f.name: getattr(self, f.name) for f in fields(SynthesisRequest)}
        other = {
            "layout": self.layout if self.other_layout is None else self.other_layout,
            "seed": self.other_seed,
            "class_seeds": self.other_class_seeds,
            "offsets": self.other_offsets,
        }
        return SynthesisRequest(**shared), SynthesisRequest(**{**shared, **other})


def _unpacked(picture: Picture, name: str, value: Any) -> np.ndarray | None:
    """A packed picture as an array; None and "" are none.

    Raises:
        InputError: it is no text, or not one of a picture.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InputError(f"the request's {name} is '{str(value)[:60]}'; it must be a text")
    return picture.unpack(value)
