"""The tab "Appearance": a region re-rolled, coloured, or locked. A click in the photo chooses it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

import gradio as gr
import numpy as np
from gradio.blocks import Block
from gradio.events import Dependency

from semflow_core.errors import InputError
from semflow_core.method.appearance import Appearance, Offset
from semflow_core.method.colors import read_color, write_color
from semflow_core.method.palette import Palette
from semflow_core.method.perturbation import drawn_offset

from ..actions.models import Models
from ..actions.painting import NOT_PAINTED, Painting
from ..controls import Controls, View
from ..page import PRIVATE, Event, Page
from ..state.model_state import ModelState
from ..state.names import in_words
from ..state.pipeline import Pipeline
from ..state.regions import region_choices, region_name, region_of
from ..state.seeds import draw_seed
from ..state.sentences import as_html
from ..state.session import Session
from ..widgets.pad.pad import COLOR_ENDS, COLOR_NAMES, NAMES, Pad

Region = tuple[int, ...]  # class ids


# what was done to regions, by their names
DRAWN = "Drawn anew: {}."
COLOURED = "Coloured: {}."
RESET = "As its seed draws it: {}."
TAKEN = "In the photo’s colour: {}."
FOLLOWS = "What lies beside it may change a little, too: the picture is painted as a whole."
TRIES = 3  # draws of a seed whose colour differs
LEAST = 12.0  # mean difference of two colours' channels from which on they are seen as two
NO_COLORS = "this model takes no colours; use the pad"


# the canvas selects what is chosen by name
CHOSEN_JS = "(id) => { document.dispatchEvent(new CustomEvent('semflow:class', { detail: { id } })); }"


class AppearanceTab:
    """The tab's components and what they do."""

    def __init__(self, models: Models, painting: Painting, palette: Palette) -> None:
        self.models, self.painting = models, painting
        with gr.Row(elem_classes="panel"):
            with gr.Column(min_width=240):
                gr.Markdown("Click a region in the photo, or choose it here:", elem_classes="hint")
                self.region = gr.Dropdown(
                    region_choices(palette), value=None, label="Region", container=False, elem_id="region"
                )
                with gr.Row(elem_classes="line"):
                    off: dict[str, Any] = {"interactive": False}  # until a region is chosen
                    small: dict[str, Any] = {"size": "sm", **off}
                    self.again = gr.Button("⚄ Re-roll", elem_id="reroll", min_width=90, **small)
                    self.reset = gr.Button("Reset", elem_id="reset-offset", min_width=70, **small)
                    self.from_photo = gr.Button("From the photo", elem_id="photo-offset", min_width=110, **small)
                    self.lock = gr.Checkbox(False, label="Lock", container=False, min_width=64, elem_id="lock", **off)
                self.color = gr.ColorPicker(
                    label="Its colour", interactive=True, visible=False, elem_id="color", elem_classes="swatch"
                )
            with gr.Column(min_width=240):
                self.pad = Pad(elem_id="pad")

    @property
    def parts(self) -> list[Block]:
        """What `show` changes, beside the canvas."""
        return [*self.chooser, self.pad, self.color]

    @property
    def chooser(self) -> list[Block]:
        """What `show_choices` changes."""
        return [self.region, self.lock, self.again, self.reset, self.from_photo]

    def wire(self, page: Page) -> Dependency:
        """Bind the events -> the one that changes a region and no picture."""
        page.at_once(self.region.input, self.choose_by_name, self.region, changes=[*self.parts, page.painter])
        self.region.input(None, self.region, None, js=CHOSEN_JS, **PRIVATE)
        changes = [*page.painted, page.painter]  # a step of the canvas's history
        page.paints(self.again.click, self.reroll, changes=changes)
        page.paints(self.reset.click, self.reset_region, changes=changes)
        page.paints(self.from_photo.click, self.copy_from_photo, changes=changes)
        page.paints(self.color.input, self.recolor, self.color, changes=changes)
        page.paints(self.color.release, self.finish_color, self.color, changes=changes)
        page.paints(self.color.submit, self.recolor_as_typed, self.color, changes=changes)
        page.cancel_running(self.pad.begin)
        page.newest(self.pad.input, self.drag, self.pad, changes=changes)
        page.paints(self.pad.release, self.release, self.pad, changes=[*changes, self.pad])
        return page.at_once(self.lock.input, self.set_lock, self.lock, changes=[page.status, page.painter])

    def refresh_after(self, event: Event, page: Page) -> None:
        """Show the chosen region after an event that may have changed it."""
        page.at_once(event, self.show, changes=[*self.parts, page.painter])

    def refresh_choices_after(self, event: Event, page: Page) -> Dependency:
        """Offer the regions of the layout that an event brought."""
        return page.at_once(event, self.show_choices, changes=[*self.chooser, page.painter])

    # ---- which region, and what is shown of it -------------------------------------------------------

    def show(self, controls: Controls) -> View:
        """The regions of the picture shown, and the chosen one as it is there."""
        state, pipeline = controls.state, self.models.pipeline(controls.model)
        region, names = state.region, NAMES if pipeline.appearance is None else COLOR_NAMES
        choices = self.show_choices(controls)
        if region is None:
            pad, controls.session.swatch = gr.update(value=None, region="", names=names), None
            return choices.then(View(parts={self.pad: pad, self.color: gr.update(visible=False)}))
        offset = offset_shown(pipeline, state, region, controls.seed)
        parts: dict[Block, Any] = {
            self.pad: gr.update(
                value=offset,
                region=region_name(pipeline.palette, region),
                names=names,
                ends=ends_of(pipeline, region, offset),
                note="" if state.shows_opened else FOLLOWS,
            ),
        }
        color = color_asked_for(pipeline, region, offset)
        if color is None:
            parts[self.color] = gr.update(visible=False)
        # a draft comes while the picker may still be dragged
        elif not state.drafting and controls.session.swatch != (controls.model, region, color):
            controls.session.swatch = controls.model, region, color
            parts[self.color] = gr.update(value=color, visible=True)
        return choices.then(View(parts=parts))

    def show_choices(self, controls: Controls) -> View:
        """The regions of the picture shown to choose from, the chosen one, though it be painted over, and the locks."""
        state = controls.state
        shown = state.classes_shown()
        if shown is not None and state.region is not None:
            shown.add(state.region)
        choices = region_choices(self.models.pipeline(controls.model).palette, shown)
        is_chosen = state.region is not None
        parts: dict[Block, Any] = {
            **dict.fromkeys(self.chooser, gr.update(interactive=is_chosen)),
            self.region: gr.update(choices=choices, value=state.region),
            self.lock: gr.update(value=state.region in state.regions.locked, interactive=is_chosen),
        }
        return View(parts=parts, painter=locks(state))

    def choose(self, controls: Controls, region: int | None) -> View:
        """A region by name."""
        controls.state.region = region
        return self.show(controls)

    def choose_by_name(self, controls: Controls, region: int | None) -> View:
        """The menu names one, also when it is left without a choice: then nothing changes."""
        return View() if region == controls.state.region else self.choose(controls, region)

    def chosen(self, controls: Controls) -> Region:
        """The classes of the chosen region.

        Raises:
            InputError: none is chosen, or a set is being labelled.
        """
        controls.refuse_set(NOT_PAINTED)
        if controls.state.region is None:
            raise InputError("no region is chosen; click one in the photo first")
        return region_of(self.models.pipeline(controls.model).palette, controls.state.region)

    # ---- changes of the chosen region ----------------------------------------------------------------

    def reroll(self, controls: Controls) -> Iterator[View]:
        """Draw the chosen region anew; everything else keeps its noise."""
        seed = self.draw_other_seed(controls, [self.chosen(controls)])
        yield from self._change(controls, lambda region: controls.state.regions.reroll(region, seed), DRAWN)

    def draw_other_seed(self, controls: Controls, regions: list[Region]) -> int:
        """A seed in whose colours all of some regions look different from now, where a few draws give one."""
        pipeline, state = self.models.pipeline(controls.model), controls.state
        seed = draw_seed()
        if pipeline.appearance is None:
            return seed

        def color(region: Region, offset: Offset) -> np.ndarray:
            index = int(pipeline.palette.index_of_id[region[0]])
            return np.array(cast(Appearance, pipeline.appearance).color_of(index, offset))

        now = {region: color(region, offset_shown(pipeline, state, region[0], controls.seed)) for region in regions}
        for _ in range(TRIES - 1):
            new = {r: color(r, drawn_offset(pipeline.palette, seed, r[0], pipeline.appearance)) for r in regions}
            if all(np.abs(new[region] - now[region]).mean() >= LEAST for region in regions):
                break
            seed = draw_seed()
        return seed

    def reset_region(self, controls: Controls) -> Iterator[View]:
        """The chosen region as the picture's seed draws it, in its own colour."""
        seed = controls.state.seed_shown(controls.seed)
        yield from self._change(controls, lambda region: controls.state.regions.reset(region, seed), RESET)

    def copy_from_photo(self, controls: Controls) -> Iterator[View]:
        """The chosen region in its colour in the photo that was opened last (docs/experiments/style.md)."""
        state = controls.state
        yield from self._change(
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

        yield from self._change(controls, change, COLOURED, held="color", goes_on=goes_on)

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

    def drag(self, controls: Controls, offset: Offset | None) -> Iterator[View]:
        """The handle moves: a draft. One that comes after the handle was let go would replace the whole picture."""
        region = controls.state.region
        if offset is not None and (region is None or controls.state.regions.offsets.get(region) != offset):
            yield from self._set_offset(controls, offset, draft=True)

    def release(self, controls: Controls, offset: Offset | None) -> Iterator[View]:
        """The handle is let go: the chosen number of steps."""
        if offset is None:  # the page sent none
            return
        # the pad's value may be the same again, of which the page learns nothing
        heard = View(parts={self.pad: gr.update(released=[*offset, time.time()])})
        yield from self._set_offset(controls, offset, heard=heard)

    def set_lock(self, controls: Controls, locked: bool) -> View:
        """Lock or unlock the chosen region."""
        self.chosen(controls)
        controls.state.remember_regions()
        view = View(status=self.lock_region(controls, locked), painter=locks(controls.state))
        return view.then(add_step(controls.session))

    def lock_region(self, controls: Controls, locked: bool) -> str:
        region, regions = self.chosen(controls), controls.state.regions
        name = region_name(self.models.pipeline(controls.model).palette, region[0])
        if locked:
            regions.lock(region, controls.state.seed_shown(controls.seed))
            return f"Locked: {name}. The dice and the variations leave it as it is."
        regions.unlock(region)
        return f"Unlocked: {name}. The next dice draws it anew."

    def _set_offset(
        self, controls: Controls, offset: Offset, draft: bool = False, heard: View | None = None
    ) -> Iterator[View]:
        regions, colours = controls.state.regions, self.models.pipeline(controls.model).appearance is not None

        def change(region: Region) -> None:
            regions.set_offset(region, offset)

        said = COLOURED if colours else DRAWN
        yield from self._change(controls, change, said, held="pad", goes_on=draft, heard=heard)

    def _change(
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


def offset_shown(pipeline: Pipeline, state: ModelState, region: int, seed: int) -> Offset:
    """The offset of a region as it is in the picture shown; `seed` is that of the field."""
    offset = state.regions.offsets.get(region)
    if not offset and pipeline.appearance is not None and state.opened is not None and state.editing:
        opened = state.opened
        offset = pipeline.region_offsets(opened.base, None, opened.before).get(region)  # the photo's own colour
    return offset or state.regions.offset_of(pipeline.palette, region, state.seed_shown(seed), pipeline.appearance)


def color_asked_for(pipeline: Pipeline, region: int, offset: Offset) -> str | None:
    """The colour that a region's offset asks for, "#rrggbb"; None where offsets are no colours."""
    if pipeline.appearance is None:
        return None
    return write_color(pipeline.appearance.color_of(int(pipeline.palette.index_of_id[region]), offset))


def ends_of(pipeline: Pipeline, region: int, offset: Offset) -> list[list[tuple[str, str]]]:
    """The names and colours of the two ends of each of an offset's numbers; empty where offsets are no colours."""
    ends: list[list[tuple[str, str]]] = []
    for i, names in enumerate(COLOR_ENDS if pipeline.appearance is not None else []):
        there = [cast(Offset, tuple(end if j == i else x for j, x in enumerate(offset))) for end in (-0.95, 0.95)]
        ends.append([(name, color_asked_for(pipeline, region, o) or "") for name, o in zip(names, there)])
    return ends


def offset_in_photo(state: ModelState, region: Region) -> Offset:
    """The offset of a region in the photo that was opened last.

    Raises:
        InputError: no photo was opened, or it does not show the region.
    """
    if not state.photo_offsets:
        raise InputError("no photo was opened yet; open one, and its regions' colours can be taken")
    for class_id in region:
        if class_id in state.photo_offsets:
            return state.photo_offsets[class_id]
    raise InputError("the photo shows too little of this region to take its colour; choose another region")
