"""The tab "Variations": one layout under many seeds, as one batch. A click takes one, or only a region of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import gradio as gr

from semflow_core.errors import InputError

from .actions import Actions, count_steps, synthesis_request, tells
from .page import Page
from .regions import Regions, region_name, region_of
from .session import Session, new_seed

WHOLE, REGION = "whole", "region"


class VariationsTab:
    """The tab's components and what they do."""

    def __init__(self, actions: Actions) -> None:
        self.actions = actions
        with gr.Row(elem_classes="panel line"):
            self.draw = gr.Button("Draw variations", size="sm", elem_id="draw", min_width=130)
            self.count = gr.Radio(
                [4, 8, 16], value=8, show_label=False, label="How many", container=False, elem_id="count", min_width=130
            )
            self.takes = gr.Radio(
                self._takes("the chosen region"),
                value=WHOLE,
                show_label=False,
                container=False,
                label="What a click takes",
                elem_id="takes",
                min_width=230,
            )
        self.strip = gr.Gallery(
            columns=8,
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
        page.begin(self.draw.click).then(
            self.paint, [self.count, *page.inputs], [self.strip, page.status], **page.newest
        )
        page.begin(self.strip.select)
        self.strip.select(self.pick, [self.takes, *page.inputs], page.results, **page.waits)

    @staticmethod
    def _takes(region: str) -> list[tuple[str, str]]:
        return [("Take all of it", WHOLE), (f"Only {region}", REGION)]

    def name_region(self, session: Session, model: str) -> Any:
        """Another region was chosen -> what a click takes."""
        if session.region is None:
            return gr.update(choices=self._takes("the chosen region"))
        return gr.update(choices=self._takes(region_name(self.actions.pipeline(model).palette, session.region)))

    @tells
    def paint(
        self,
        count: int,
        session: Session,
        model: str,
        labels: Any,
        steps: int,
        seed: int,
        locked: bool,
        solver: str,
        grid: str,
        beta: float,
    ) -> Iterator[tuple[Any, Any]]:
        """-> (strip, status). Locked regions are the same in all of them."""
        kept = copy.deepcopy(session.regions)
        kept.renew()
        requests = [
            session.wanted(synthesis_request(model, labels, steps, new_seed(), solver, grid, beta, kept))
            for _ in range(count)
        ]
        for photos, done in session.vary(self.actions.pipeline(model), requests):
            pictures = [(photo, f"seed {r.seed}") for photo, r in zip(photos, requests)]
            status = f"{len(photos)} variations of {count_steps(done)}. Click one to go on from it."
            yield gr.update(value=pictures, selected_index=None), status

    @tells
    def pick(
        self,
        takes: str,
        session: Session,
        model: str,
        labels: Any,
        steps: int,
        seed: int,
        locked: bool,
        solver: str,
        grid: str,
        beta: float,
        event: gr.SelectData,
    ) -> Iterator[tuple[Any, ...]]:
        """A click on a variation -> results: its seed becomes the seed, or a region gets its look."""
        if int(event.index) >= len(session.strip):  # drawn before the model was changed
            raise InputError("these variations are another model's; press 'Draw variations' for new ones")
        request = session.strip[int(event.index)]
        other = Regions.of(request)
        if takes == REGION:
            if session.region is None:
                raise InputError("no region is chosen; click one in the photo, then take it from a variation")
            region = region_of(self.actions.pipeline(model).palette, session.region)
            session.regions.take(region, other, request.seed)
            seed = session.seed_shown(seed)
        else:
            session.regions.seeds, session.regions.offsets = other.seeds, other.offsets
            seed = request.seed
        yield from self.actions.paint(session, model, labels, steps, seed, True, solver, grid, beta)
