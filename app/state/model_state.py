"""What a visit has of one model: its canvas, the picture shown, the opened photo, the regions."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import dataclass, field, fields

import numpy as np

from semflow_core.method.appearance import Offset
from semflow_core.requests import EditRequest, SynthesisRequest

from .landings import Left, draw_landing, leave
from .opened import Opened
from .pace import Pace
from .regions import Regions
from .settings import Settings

UNDO_DEPTH = 100  # as many steps as the canvas has


@dataclass(frozen=True)
class Canvas:
    """What the page's components hold for a model: its layout, (H, W) uint8 class ids, and its settings."""

    labels: np.ndarray
    settings: Settings


@dataclass
class ModelState:
    """What a visit has of one model.

    Attributes:
        canvas: the layout and settings when another model was chosen, None until then.
        photo: the picture in the photo column, (H, W, 3) uint8.
        shows_opened: whether that picture is the opened photo, edited or not, and none that the model made from a
            layout alone. The path then starts from it.
        request: what the picture was painted from, None for a photo as it was opened or accepted.
        asked: the settings that were asked for last, painted or waiting for the button; None before there were any.
        drafting: whether the picture is a draft, with better ones on their way.
        opened: the photo that was opened, None if there is none.
        editing: whether strokes edit that photo; otherwise they paint a new one.
        regions: seeds, offsets and locks of single regions.
        region: a class id of the region that was chosen last.
        variations: the requests of the variations shown.
        photo_offsets: regional offsets of the photo that was opened last, by class id; other layouts may take them.
        landing: number of what landed in the canvas last: a layout, a photo, a project.
        left: what was there when something else landed, by its number, the newest last.
        dropped: whether the landing had a photo that was too large to be kept when something else landed.
        undone, redone: the regions before each change that the canvas can undo, and after those that it has undone.
        held: the control and the class of a change that goes on, and is one step: a handle that is dragged.
        pace: how fast its pictures were painted.
    """

    canvas: Canvas | None = None
    photo: np.ndarray | None = None
    shows_opened: bool = False
    request: SynthesisRequest | None = None
    asked: Settings | None = None
    drafting: bool = False
    opened: Opened | None = None
    editing: bool = False
    regions: Regions = field(default_factory=Regions)
    region: int | None = None
    variations: list[SynthesisRequest] = field(default_factory=list)
    photo_offsets: dict[int, Offset] = field(default_factory=dict)
    landing: int = 0
    left: dict[int, Left] = field(default_factory=dict)
    dropped: bool = False
    undone: list[Regions] = field(default_factory=list)
    redone: list[Regions] = field(default_factory=list)
    held: tuple[str, int] | None = None
    pace: Pace = field(default_factory=Pace, compare=False)

    def land(self) -> None:
        """Something else lands in the canvas: no photo is edited, and every region is as its seed draws it."""
        self._leave()
        self.landing, self.shows_opened = draw_landing(), False
        self.opened, self.editing, self.regions, self.dropped = None, False, Regions(), False

    def go_on(self) -> None:
        """The opened photo changes under its layout: undo goes back to it as it is now. `land` for what stays open."""
        there = Left(copy(self.opened), self.editing, self.regions, self.photo_offsets)
        leave(self.left, self.landing, there)
        self.landing = draw_landing()

    def turn_to(self, landing: int) -> None:
        """The canvas shows a layout of another landing again, by undo or redo: what was there comes back with it.

        What is not here any more, as after a reload of the page, is a layout without a photo.
        """
        if landing == self.landing:
            return
        self._leave()
        there = self.left.pop(landing, Left())
        self.landing, self.shows_opened = landing, False
        self.opened, self.editing, self.regions = there.opened, there.editing, there.regions
        self.dropped = there.dropped
        if there.opened is not None:
            self.photo_offsets = there.photo_offsets

    def _leave(self) -> None:
        there = Left(self.opened, self.editing, self.regions, self.photo_offsets, self.dropped)
        leave(self.left, self.landing, there)

    def remember_regions(self, before: Regions | None = None, held: tuple[str, int] | None = None) -> bool:
        """Keep the regions as they are, or as they were `before` a change, for a step that the canvas can undo.

        Args:
            held: whose change goes on; what follows of the same is no step of its own.

        Returns:
            whether it is a new step.
        """
        if held is not None and held == self.held:
            return False
        self.undone = [*self.undone, deepcopy(self.regions if before is None else before)][-UNDO_DEPTH:]
        self.redone, self.held = [], held
        return True

    def undo_regions(self) -> None:
        """The regions as they were before the last step of theirs that the canvas knows."""
        self._step(self.undone, self.redone)

    def redo_regions(self) -> None:
        """The inverse."""
        self._step(self.redone, self.undone)

    def _step(self, source: list[Regions], target: list[Regions]) -> None:
        self.held = None
        if source:
            target.append(self.regions)
            self.regions = source.pop()

    def seed_shown(self, seed: int) -> int:
        """The seed of the picture shown; `seed`, the field's, where none was painted."""
        return self.request.seed if self.request is not None else seed

    def classes_shown(self) -> set[int] | None:
        """The class ids in the layout of the picture shown, None where none is."""
        if self.request is not None:
            return set(np.unique(self.request.layout).tolist())
        return set(np.unique(self.opened.before).tolist()) if self.opened is not None else None

    def in_mode(self, request: SynthesisRequest) -> SynthesisRequest:
        """A synthesis as the mode has it: an edit of the opened photo in edit mode, else `request` itself."""
        if self.opened is None or not self.editing:
            return request
        shared = {f.name: getattr(request, f.name) for f in fields(request)}
        return EditRequest(**shared, photo=self.opened.base, before=self.opened.before)

    def is_unchanged(self, labels: np.ndarray, recolors: bool) -> bool:
        """Whether a photo is being edited, this is its layout, and none of its regions is recoloured.

        Args:
            recolors: whether the model can recolour; one without an appearance only paints what is new.
        """
        if self.opened is None or not self.editing or not self.opened.shows(labels):
            return False
        return not (recolors and np.isin(labels, list(self.regions.offsets)).any())

    def show(self, photo: np.ndarray, request: SynthesisRequest | None, drafting: bool = False) -> None:
        """A picture becomes the one shown: painted from `request`, or the opened photo (None)."""
        self.photo, self.request, self.drafting = photo, request, drafting
        self.shows_opened = request is None or isinstance(request, EditRequest)

    def show_nothing(self) -> None:
        """No picture is shown; what is opened stays, for the layout may come back."""
        self.photo, self.request, self.drafting, self.shows_opened = None, None, False, False
