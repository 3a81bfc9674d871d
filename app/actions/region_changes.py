"""Changes of the chosen region: it is drawn anew, coloured, locked, or takes its colour from the photo."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import gradio as gr

from semflow_core.errors import InputError
from semflow_core.method.appearance import Offset
from semflow_core.method.colors import read_color
from semflow_core.method.palette import Palette

from ..controls import Controls, View
from ..state.model_state import ModelState
from ..state.names import in_words
from ..state.region_colors import Region, draw_other_seed, offset_in_photo
from ..state.regions import region_name, region_of
from ..state.sentences import as_html
from ..state.session import Session
from .models import Models
from .painting import NOT_PAINTED, Painting

# what was done to regions, by their names
DRAWN = "Drawn anew: {}."
COLOURED = "Coloured: {}."
RESET = "As its seed draws it: {}."
TAKEN = "In the photo’s colour: {}."
NO_COLORS = "this model takes no colours; use the pad"


class RegionChanges:
    """What changes the chosen region: a step that the canvas can undo, and its picture."""

    def __init__(self, models: Models, painting: Painting) -> None:
        self.models, self.painting = models, painting

    def chosen(self, controls: Controls) -> Region:
        """The classes of the chosen region.

        Raises:
            InputError: none is chosen, or a set is being labelled.
        """
        controls.refuse_set(NOT_PAINTED)
        if controls.state.region is None:
            raise InputError("no region is chosen; click one in the photo first")
        return region_of(self.models.pipeline(controls.model).palette, controls.state.region)

    def reroll(self, controls: Controls) -> Iterator[View]:
        """Draw the chosen region anew; everything else keeps its noise."""
        chosen, pipeline = self.chosen(controls), self.models.pipeline(controls.model)
        seed = draw_other_seed(pipeline, controls.state, [chosen], controls.seed)
        yield from self.change(controls, lambda region: controls.state.regions.reroll(region, seed), DRAWN)

    def reset_region(self, controls: Controls) -> Iterator[View]:
        """The chosen region as the picture's seed draws it, in its own colour."""
        seed = controls.state.seed_shown(controls.seed)
        yield from self.change(controls, lambda region: controls.state.regions.reset(region, seed), RESET)

    def copy_from_photo(self, controls: Controls) -> Iterator[View]:
        """The chosen region in its colour in the photo that was opened last (docs/experiments/style.md)."""
        state = controls.state
        yield from self.change(
            controls, lambda region: state.regions.set_offset(region, offset_in_photo(state, region)), TAKEN
        )

    def recolor(self, controls: Controls, color: str, goes_on: bool = True) -> Iterator[View]:
        """The chosen region in a colour of the visitor's. While the picker moves it `goes_on`, and is one step."""
        pipeline = self.models.pipeline(controls.model)
        appearance, index = pipeline.appearance, pipeline.palette.index_of_id

        def change(region: Region) -> None:
            if appearance is None:
                raise InputError(NO_COLORS)
            offset = appearance.offset_of(int(index[region[0]]), read_color(color))
            controls.state.regions.set_offset(region, offset)
            controls.session.swatch = controls.model, region[0], color

        yield from self.change(controls, change, COLOURED, held="color", goes_on=goes_on)

    def finish_color(self, controls: Controls, color: str) -> Iterator[View]:
        """The picker is let go."""
        yield from self.recolor(controls, color, goes_on=False)

    def recolor_as_typed(self, controls: Controls, color: str) -> Iterator[View]:
        """As `recolor`; a colour that the class never has is said, for the swatch will show another than was typed."""
        pipeline, region = self.models.pipeline(controls.model), controls.state.region
        names = [c.name for c in pipeline.palette.classes if c.id == region]
        with contextlib.suppress(InputError):  # no colour, or a model without: `recolor` says so
            for remark in pipeline.colors.out_of_reach([(name, color) for name in names]):
                gr.Info(as_html(in_words(remark)))
        yield from self.finish_color(controls, color)

    def set_offset(
        self, controls: Controls, offset: Offset, draft: bool = False, heard: View | None = None
    ) -> Iterator[View]:
        """The chosen region with an offset of the pad's; `draft` while its handle moves, `heard` as in `change`."""
        regions, colours = controls.state.regions, self.models.pipeline(controls.model).appearance is not None

        def change(region: Region) -> None:
            regions.set_offset(region, offset)

        said = COLOURED if colours else DRAWN
        yield from self.change(controls, change, said, held="pad", goes_on=draft, heard=heard)

    def set_lock(self, controls: Controls, locked: bool) -> View:
        """Lock or unlock the chosen region."""
        self.chosen(controls)
        controls.state.remember_regions()
        view = View(status=self.lock_region(controls, locked), painter=locks(controls.state))
        return view.then(add_step(controls.session))

    def lock_region(self, controls: Controls, locked: bool) -> str:
        """Lock or unlock the chosen region -> what was done, a sentence."""
        region, regions = self.chosen(controls), controls.state.regions
        name = region_name(self.models.pipeline(controls.model).palette, region[0])
        if locked:
            regions.lock(region, controls.state.seed_shown(controls.seed))
            return f"Locked: {name}. The dice and the variations leave it as it is."
        regions.unlock(region)
        return f"Unlocked: {name}. The next dice draws it anew."

    def change(
        self,
        controls: Controls,
        change: Callable[[Region], None],
        said: str,
        held: str = "",
        goes_on: bool = False,
        heard: View | None = None,
    ) -> Iterator[View]:
        """A change of the chosen region: a step that the canvas can undo, and its picture.

        Args:
            said: what was done, with "{}" for the region's name.
            held: the control that is dragged, "" for none. A drag is one step.
            goes_on: whether the drag goes on.
            heard: what the page gets once the region is changed: answers that it asks for from then on have the change.
        """
        state, region = controls.state, self.chosen(controls)
        seed, before = state.seed_shown(controls.seed), deepcopy(state.regions)
        change(region)
        if state.regions != before and state.remember_regions(before, (held, region[0]) if held else None):
            yield add_step(controls.session)
        if heard is not None:
            yield heard
        if not goes_on:
            state.held = None
        # the picture's seed holds still, even where it is not kept: a change of one region is asked for
        views = self.painting.paint_with_seed(replace(controls, seed=seed), draft=goes_on and held == "pad")
        yield from say(views, said, self.models.pipeline(controls.model).palette, [region])


def say(views: Iterator[View], said: str, palette: Palette, regions: list[Region]) -> Iterator[View]:
    """Views of a picture whose status begins with what was done to which regions."""
    names = ", ".join(region_name(palette, region[0]) for region in regions)
    for view in views:
        yield replace(view, status=f"{said.format(names)} {view.status}") if isinstance(view.status, str) else view


def add_step(session: Session) -> View:
    """One step more in the canvas's history, for what its server part has remembered (`ModelState.undone`)."""
    session.asides += 1
    return View(painter={"asides": session.asides})


def locks(state: ModelState) -> dict[str, Any]:
    """The painter's props for what is locked."""
    return {"locked": sorted(state.regions.locked)}
