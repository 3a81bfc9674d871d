"""The tab "Appearance": a region re-rolled, coloured, or locked. A click in the photo chooses it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency

from semflow_core.method.appearance import Offset
from semflow_core.method.palette import Palette

from ..actions.models import Models
from ..actions.painting import Painting
from ..actions.region_changes import RegionChanges, locks
from ..controls import Controls, View
from ..page import PRIVATE, Event, Page
from ..state.region_colors import color_asked_for, ends_of, offset_shown
from ..state.regions import region_choices, region_name
from ..widgets.pad.by_hand import ByHand
from ..widgets.pad.pad import COLOR_ENDS, COLOR_NAMES, NAMES, Pad

FOLLOWS = "What lies beside it may change a little, too: the picture is painted as a whole."

# the canvas selects what is chosen by name
CHOSEN_JS = "(id) => { document.dispatchEvent(new CustomEvent('semflow:class', { detail: { id } })); }"


class AppearanceTab:
    """The tab's components and what they do."""

    def __init__(self, models: Models, painting: Painting, palette: Palette) -> None:
        self.models, self.changes = models, RegionChanges(models, painting)
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
        does, changes = self.changes, [*page.painted, page.painter]  # a step of the canvas's history
        page.paints(self.again.click, does.reroll, changes=changes)
        page.paints(self.reset.click, does.reset_region, changes=changes)
        page.paints(self.from_photo.click, does.copy_from_photo, changes=changes)
        page.paints(self.color.input, does.recolor, self.color, changes=changes)
        page.paints(self.color.release, does.finish_color, self.color, changes=changes)
        page.paints(self.color.submit, does.recolor_as_typed, self.color, changes=changes)
        page.cancel_running(self.pad.begin)
        page.newest(self.pad.input, self.drag, self.pad, changes=changes)
        page.paints(self.pad.release, self.release, self.pad, changes=[*changes, self.pad])
        changes = [page.status, page.painter, self.lock]
        return page.at_once(self.lock.input, self.set_lock, self.lock, changes=changes)

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
                ends=ends_of(pipeline, region, offset, COLOR_ENDS),
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

    # ---- the pad ---------------------------------------------------------------------------------------

    def set_lock(self, controls: Controls, locked: bool) -> View:
        """Lock or unlock the chosen region. The box shows it also where an earlier answer came after the click."""
        return self.changes.set_lock(controls, locked).then(View(parts={self.lock: locked}))

    def drag(self, controls: Controls, offset: Offset | None) -> Iterator[View]:
        """The handle moves: a draft. One that comes after the handle was let go would replace the whole picture, and
        what the page has by an answer that was overtaken, and not by hand, would take the handle back.
        """
        region = controls.state.region
        is_new = region is None or controls.state.regions.offsets.get(region) != offset
        if isinstance(offset, ByHand) and is_new:
            yield from self.changes.set_offset(controls, offset, draft=True)

    def release(self, controls: Controls, offset: Offset | None) -> Iterator[View]:
        """The handle is let go: the chosen number of steps."""
        if offset is None:  # the page sent none
            return
        # the pad's value may be the same again, of which the page learns nothing
        heard = View(parts={self.pad: gr.update(released=[*offset, time.time()])})
        yield from self.changes.set_offset(controls, offset, heard=heard)
