"""What goes into an action and what comes out of it: `Controls`, the page's inputs, and `View`, its changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any

import numpy as np

from semflow_core.errors import InputError
from semflow_core.requests import SynthesisRequest

from .state.downloads import Download
from .state.film import Film
from .state.model_state import Canvas, ModelState
from .state.regions import Regions
from .state.session import Session
from .state.settings import Settings
from .state.sheet import Sheet


@dataclass(frozen=True, kw_only=True)
class Controls(Settings):
    """What the page's inputs hold when something happens; every action gets it.

    Attributes:
        session: the visit.
        model: the chosen model's name.
        labels: the canvas, (H, W) uint8 class ids.
        live: whether a change paints at once.
        keep_seed: whether painting keeps the seed, and draws none.
        frames: moments of a path.
        steps, seed, solver, grid, beta: how a picture is painted (`Settings`).
        sheet: whose the canvas is (`Sheet`): of which photo of the set as it was shown, 0 for a model's.
        landing: of what landed there (`Sheet`).
    """

    session: Session
    model: str
    labels: np.ndarray
    live: bool
    keep_seed: bool
    frames: int
    sheet: int = 0
    landing: int = 0

    @classmethod
    def read(cls, values: Sequence[Any]) -> Controls:
        """The components' values, in the order of `Page.inputs`. A number field that was emptied holds 0."""
        inputs = {f.name: _typed(str(f.type), f.name, value) for f, value in zip(cls.inputs(), values)}
        canvas: Sheet = inputs.pop("labels")
        return cls(**inputs, labels=canvas.labels, sheet=canvas.number, landing=canvas.landing)

    @classmethod
    def inputs(cls) -> list[Field[Any]]:
        """The fields that have a component each; the canvas has three."""
        return [f for f in fields(cls) if f.name not in ("sheet", "landing")]

    @property
    def on_canvas(self) -> Sheet:
        """The canvas, and whose it is."""
        return Sheet(self.labels, self.sheet)

    @property
    def state(self) -> ModelState:
        """What the visit has of the chosen model."""
        return self.session.current

    @property
    def canvas(self) -> Canvas:
        """What a model keeps while another one is chosen."""
        return Canvas(self.labels, self.settings)

    def keep_set(self) -> None:
        """What is on the canvas of the set's photo is not lost, for what brings something else there."""
        if self.session.labelling is not None:
            self.session.labelling.keep_changes(self.on_canvas)

    def refuse_set(self, what: str) -> None:
        """For what would put another picture where a photo of the set is.

        Args:
            what: the end of "a photo of a set …".

        Raises:
            InputError: the canvas shows one.
        """
        if self.session.labelling is not None:
            raise InputError(f"a photo of a set {what}; leave the set first")

    def refuse_own_classes(self) -> None:
        """For what a model does with the canvas.

        Raises:
            InputError: it shows a photo that is labelled with classes which are not the model's.
        """
        if self.session.labelling is not None and self.session.labelling.own:
            raise InputError(
                "the canvas shows your set, whose classes are not this model's; open something else to paint"
            )

    def request(self, regions: Regions | None = None) -> SynthesisRequest:
        """The canvas and the settings as a request, with the visit's regions or others.

        Raises:
            InputError: a value is out of bounds, or the canvas holds other classes than the model's.
        """
        self.refuse_own_classes()
        regions = self.state.regions if regions is None else regions
        return SynthesisRequest(model=self.model, layout=self.labels, **vars(self.settings), **regions.fields())


def _typed(kind: str, name: str, value: Any) -> Any:
    """A component's value as its field has it: a slider of whole numbers may send 4.0, one of halves 40.

    Raises:
        InputError: it is of another type, which the page's own components do not send.
    """
    if kind in ("int", "float"):
        number = value or 0
        if isinstance(number, (int, float)) and math.isfinite(number):
            return int(number) if kind == "int" else float(number)
    elif kind not in ("str", "bool") or isinstance(value, {"str": str, "bool": bool}[kind]):
        return value
    raise InputError(f"the page sent a {name} that is {str(value)[:60]!r}; reload the page")


class Unset:
    """The value of a `View`'s field that changes nothing."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset()


@dataclass(frozen=True, kw_only=True)
class View:
    """What an action changes on the page; what is unset stays as it is.

    Attributes:
        model: the chosen model's name.
        shape: a style sheet, by the model's width over height.
        painter: changes of the painter's props, such as `value` (class ids or a `Sheet`) and `photo` (URL).
        photo: (H, W, 3) uint8; None shows none.
        film: what the player shows; None shows none.
        draft: what is said over a photo that is only a draft; "" where it is none.
        empty: whether there is no photo because nothing is drawn.
        before: URL of the photo that edits are compared with; "" is the picture before the one shown.
        status: a sentence.
        tab: id of the tab that comes to the front.
        download: a file for the visitor; None is none.
        settings: by the names of `Settings`: a value, or changes of the control's props.
        parts: changes of a tab's own components, by component, as Gradio takes them.
    """

    model: str | Unset = UNSET
    shape: str | Unset = UNSET
    painter: Mapping[str, Any] = field(default_factory=dict)
    photo: np.ndarray | None | Unset = UNSET
    film: Film | None | Unset = UNSET
    draft: str | Unset = UNSET
    empty: bool | Unset = UNSET
    before: str | Unset = UNSET
    status: str | Unset = UNSET
    tab: str | Unset = UNSET
    download: Download | None | Unset = UNSET
    settings: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[Any, Any] = field(default_factory=dict)

    def then(self, later: View) -> View:
        """Both changes as one; where both change the same, `later` counts."""
        changes = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in ((f.name, getattr(later, f.name)) for f in fields(later)):
            if isinstance(value, Mapping) and isinstance(changes[name], Mapping):
                changes[name] = _merged(changes[name], value)
            elif value is not UNSET:
                changes[name] = value
        return View(**changes)


def _merged(earlier: Mapping[Any, Any], later: Mapping[Any, Any]) -> dict[Any, Any]:
    """Two mappings of changes: a value on top of changed props becomes their `value`."""
    merged = dict(earlier)
    for name, value in later.items():
        before = merged.get(name)
        if isinstance(before, Mapping):
            merged[name] = {**before, **(value if isinstance(value, Mapping) else {"value": value})}
        else:
            merged[name] = value
    return merged
