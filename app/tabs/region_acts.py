"""Acts on regions in either pane: a click chooses one; the bar of a selection re-rolls, colours and locks them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, TypedDict

import gradio as gr
from gradio.events import Dependency

from semflow_core.errors import InputError
from semflow_core.method.colors import read_color

from ..actions.painting import NOT_PAINTED
from ..actions.region_changes import COLOURED, DRAWN, NO_COLORS, say
from ..controls import Controls, View
from ..page import Page
from ..state.region_colors import Region, draw_other_seed
from ..state.regions import region_name, region_of
from .appearance import AppearanceTab


class Act(TypedDict):
    """What the page says of an act: a point of each of its classes, as shares of the photo's sides, and a colour."""

    points: list[tuple[float, float]]
    color: str


def points_of(act: Act) -> list[tuple[float, float]]:
    """The points of an act as the page sent it.

    Raises:
        InputError: there are none.
    """
    points: Any = act.get("points") if isinstance(act, dict) else None
    try:
        pairs = [(float(x), float(y)) for x, y in points]
    except (TypeError, ValueError, OverflowError):
        pairs = [(math.nan, math.nan)]
    if not all(map(math.isfinite, chain(*pairs))):
        raise InputError("the page and the server do not understand each other; reload the page")
    return [(min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)) for x, y in pairs]


# What was done to regions in either pane, as an `Act`. Not gr.Image's own `select`: that one counts in the picture's
# pixels and is silent outside of them when the picture is shown larger than it is. Gradio takes event names from the
# script: they stand in quotes.
ACTS_JS = """
const acts = {
  choose: () => trigger('input'),
  follow: () => trigger('follow'),
  reroll: () => trigger('reroll'),
  lock: () => trigger('lock'),
  color: () => trigger('color'),
  undo: () => trigger('undo'),
  redo: () => trigger('redo'),
};
document.addEventListener('semflow:region', ({ detail: { act, points = [], color = '' } }) => {
  if (!element.isConnected) return;
  props.value = { points, color };
  acts[act]();
});
"""


class RegionActs:
    """What acts do to the regions of a visit; the tab "Appearance" shows it.

    Args:
        clicks: reports the acts (`make_clicks`).
    """

    def __init__(self, tab: AppearanceTab, clicks: gr.HTML) -> None:
        self.tab, self.clicks = tab, clicks
        self.models, self.painting = tab.models, tab.changes.painting

    @staticmethod
    def make_clicks() -> gr.HTML:
        """What reports acts on regions. It stands outside of the tab, which is not there before it is opened."""
        return gr.HTML(html_template="<i></i>", js_on_load=ACTS_JS, elem_classes="nothing")

    def wire(self, page: Page) -> list[Dependency]:
        """Bind the events -> those that change the regions and perhaps no picture."""
        page.at_once(
            self.clicks.input,
            self.choose_at,
            self.clicks,
            changes=[*self.tab.parts, page.painter, page.tabs, page.status],
        )
        changes = [*self.tab.parts, page.painter]
        how: dict[str, Any] = {"queue": False, "show_progress": "hidden", "trigger_mode": "always_last"}
        page.on(self.clicks.follow, self.follow, self.clicks, changes=changes, **how)
        each: dict[str, Any] = {"queue": False, "show_progress": "hidden", "trigger_mode": "multiple"}  # none is lost
        for event, handler in ((self.clicks.reroll, self.reroll_at), (self.clicks.color, self.recolor_at)):
            remembered = page.on(event, self.remember_regions, **each)
            page.newest(remembered.then, handler, self.clicks, changes=page.painted)
        remembered = page.on(self.clicks.lock, self.remember_regions, **each)
        locked = page.at_once(
            remembered.then, self.lock_at, self.clicks, changes=[*self.tab.parts, page.painter, page.status]
        )
        steps = [page.on(self.clicks.undo, self.undo, **each), page.on(self.clicks.redo, self.redo, **each)]
        for step in steps:
            self.tab.refresh_after(step.then, page)  # a lock changes no picture
            page.newest(step.then, self.repaint, changes=page.painted)
        return [locked, *steps]

    def choose_at(self, controls: Controls, act: Act) -> View:
        """A click in the photo. While a set is labelled it only selects on the canvas."""
        if controls.session.labelling is not None:
            return View()
        palette = self.models.pipeline(controls.model).palette
        region = self.regions_at(controls, act)[0][0]
        status = f"Chosen: {region_name(palette, region)}. Re-roll, colour or lock it below."
        return self.tab.choose(controls, region).then(View(tab="appearance", status=status))

    def follow(self, controls: Controls, act: Act) -> View:
        """What is selected on the canvas is the chosen region, whichever tab is in front."""
        if controls.session.labelling is not None:
            return View()
        return self.tab.choose(controls, self.regions_at(controls, act)[0][0])

    def regions_at(self, controls: Controls, act: Act) -> list[Region]:
        """The regions of the layout in which an act's points lie.

        Raises:
            InputError: it has no points, or a set is being labelled.
        """
        controls.refuse_set(NOT_PAINTED)
        labels, palette = controls.labels, self.models.pipeline(controls.model).palette
        regions: dict[Region, None] = {}
        for point in points_of(act):
            column, row = (min(max(0, int(share * n)), n - 1) for share, n in zip(point, labels.shape[::-1]))
            regions[region_of(palette, int(labels[row, column]))] = None
        if not regions:
            raise InputError("no region is selected; click one first")
        return list(regions)

    def reroll_at(self, controls: Controls, act: Act) -> Iterator[View]:
        """Draw the regions of an act anew."""
        pipeline, regions = self.models.pipeline(controls.model), self.regions_at(controls, act)
        seed = draw_other_seed(pipeline, controls.state, regions, controls.seed)
        yield from self._change_all(controls, act, lambda region: controls.state.regions.reroll(region, seed), DRAWN)

    def recolor_at(self, controls: Controls, act: Act) -> Iterator[View]:
        """The regions of an act in a colour.

        Raises:
            InputError: it is no colour, or the model takes none.
        """
        pipeline, regions = self.models.pipeline(controls.model), controls.state.regions
        if pipeline.appearance is None:
            raise InputError(NO_COLORS)
        color = read_color(str(act.get("color") if isinstance(act, dict) else None))
        index, offset_of = pipeline.palette.index_of_id, pipeline.appearance.offset_of
        yield from self._change_all(
            controls, act, lambda region: regions.set_offset(region, offset_of(int(index[region[0]]), color)), COLOURED
        )

    def lock_at(self, controls: Controls, act: Act) -> View:
        """Lock the regions of an act, or unlock them where all are locked."""
        regions, locked = self.regions_at(controls, act), controls.state.regions.locked
        lock = not all(set(region) <= locked for region in regions)
        view = View()
        for region in regions:
            chosen = self.tab.choose(controls, region[0])
            view = view.then(chosen).then(View(status=self.tab.changes.lock_region(controls, lock)))
        return view.then(self.tab.show(controls))

    def remember_regions(self, controls: Controls) -> None:
        """The canvas has an undo step that brings the regions of this moment back."""
        controls.state.remember_regions()

    def undo(self, controls: Controls) -> None:
        """The regions as they were before the last change that the canvas knows."""
        controls.state.undo_regions()

    def redo(self, controls: Controls) -> None:
        """The inverse."""
        controls.state.redo_regions()

    def repaint(self, controls: Controls) -> Iterator[View]:
        """The picture with the regions as they are now."""
        seed = controls.state.seed_shown(controls.seed)
        yield from self.painting.paint_with_seed(replace(controls, seed=seed))

    def _change_all(self, controls: Controls, act: Act, change: Callable[[Region], None], said: str) -> Iterator[View]:
        regions, palette = self.regions_at(controls, act), self.models.pipeline(controls.model).palette
        for region in regions:
            change(region)
            controls.state.region = region[0]
        yield from say(self.repaint(controls), said, palette, regions)
