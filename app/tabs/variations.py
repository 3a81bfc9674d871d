"""The tab "Variations": one layout under many seeds. A click takes one, or only a region of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

import gradio as gr

from semflow_core.errors import InputError

from ..actions.models import Models
from ..actions.painting import NOT_PAINTED, Painting
from ..controls import Controls, View
from ..page import Event, Page
from ..reporting import report_to
from ..state.painted import vary
from ..state.regions import Regions, region_name, region_of
from ..state.seeds import draw_seed
from ..state.sentences import count_of, count_steps

WHOLE, REGION = "whole", "region"


class VariationsTab:
    """The tab's components and what they do."""

    def __init__(self, models: Models, painting: Painting) -> None:
        self.models, self.painting = models, painting
        with gr.Row(elem_classes="panel line"):
            self.draw = gr.Button("Draw variations", size="sm", elem_id="draw", min_width=130)
            self.count = gr.Radio(
                [4, 8, 16], value=8, show_label=False, label="How many", container=False, elem_id="count", min_width=130
            )
            self.takes = gr.Radio(
                _choices("the chosen region"),
                value=WHOLE,
                show_label=False,
                container=False,
                label="What a click takes",
                elem_id="takes",
                min_width=230,
            )
        self.strip = gr.Gallery(
            columns=8,
            format="jpeg",  # these are to choose from: WebP takes as long to write as a picture takes steps
            allow_preview=False,
            object_fit="cover",
            show_label=False,
            label="Variations",
            container=False,
            buttons=[],
            elem_id="strip",
            interactive=False,
            height="auto",
            fit_columns=False,
        )

    def wire(self, page: Page) -> None:
        """Bind the events."""
        page.newest(
            page.cancel_running(self.draw.click).then, self.paint, self.count, changes=[self.strip, page.status]
        )
        page.cancel_running(self.strip.select)
        page.with_model(self.strip.select, self.pick, self.takes, changes=page.painted)

    def refresh_after(self, event: Event, page: Page) -> None:
        """Name the chosen region after an event that may have chosen another."""
        page.at_once(event, self.name_region, changes=[self.takes])

    def name_region(self, controls: Controls) -> View:
        """The chosen region's name, where a click may take only that."""
        region = controls.state.region
        name = "the chosen region"
        if region is not None:
            name = region_name(self.models.pipeline(controls.model).palette, region)
        return View(parts={self.takes: gr.update(choices=_choices(name))})

    def paint(self, controls: Controls, count: int) -> Iterator[View]:
        """Draw variations. Locked regions are the same in all of them.

        Raises:
            InputError, Cancelled: as in `Painting.paint`.
        """
        controls.refuse_set(NOT_PAINTED)
        state, regions = controls.state, copy.deepcopy(controls.state.regions)
        regions.drop_unlocked()
        requests = [state.in_mode(replace(controls, seed=draw_seed()).request(regions)) for _ in range(count)]
        progress = report_to(gr.Progress(), "Drawing variations", last="Drawing variations")
        for photos, steps in vary(controls.session, self.models.pipeline(controls.model), requests, progress):
            pictures = [(photo, f"seed {r.seed}") for photo, r in zip(photos, requests)]
            drawn, which = count_of(len(photos), "variation"), "it" if len(photos) == 1 else "one"
            status = f"{drawn} of {count_steps(steps)}. Click {which} to go on from it."
            yield View(status=status, parts={self.strip: gr.update(value=pictures, selected_index=None)})

    def pick(self, controls: Controls, takes: str, event: gr.EventData) -> Iterator[View]:
        """A variation is clicked: its seed becomes the seed, or a region becomes as it is there.

        Raises:
            InputError: the variations are another model's, no region is chosen, or a set is being labelled.
        """
        controls.refuse_set(NOT_PAINTED)
        state, index = controls.state, getattr(event, "index", None)
        if not isinstance(index, int) or not 0 <= index < len(state.variations):  # drawn before the model was changed
            raise InputError("these variations are another model's; press 'Draw variations' for new ones")
        request = state.variations[index]
        other = Regions.of(request)
        if takes == REGION:
            if state.region is None:
                raise InputError("no region is chosen; click one in the photo, then take it from a variation")
            region = region_of(self.models.pipeline(controls.model).palette, state.region)
            state.regions.copy(region, other, request.seed)
            seed = state.seed_shown(controls.seed)
        else:
            state.regions.seeds, state.regions.offsets = other.seeds, other.offsets
            seed = request.seed
        yield from self.painting.paint_with_seed(replace(controls, seed=seed))


def _choices(region: str) -> list[tuple[str, str]]:
    return [("Take all of it", WHOLE), (f"Only {region}", REGION)]
