"""The tab "Style": a region re-rolled, coloured, styled by its handle, or locked. A click in the photo chooses it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.colors import read_color, write_color
from semflow_core.method.palette import Palette

from .actions import Actions, tells
from .pad import COLOR_NAMES, NAMES, Pad
from .page import AT_ONCE, Page
from .regions import Offset, region_choices, region_name, region_of
from .session import Session, new_seed

# Where in the photo a click was, as shares of its sides. gr.Image's own `select` counts in the picture's pixels
# and is silent outside of them when the picture is shown larger than it is.
CLICKS = """
document.addEventListener('click', (event) => {
  const image = event.target.closest('#photo .image-frame, #photo .image-container > button')?.querySelector('img');
  if (!image) return;
  const box = image.getBoundingClientRect();
  const at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  if (at.some((share) => share < 0 || share > 1)) return;
  props.value = at;
  trigger('input');
});
"""


class StyleTab:
    """The tab's components and what they do."""

    def __init__(self, actions: Actions, palette: Palette, clicks: gr.HTML) -> None:
        self.actions, self.clicks = actions, clicks
        with gr.Row(elem_classes="panel"):
            with gr.Column(min_width=240):
                gr.Markdown("Click a region in the photo, or choose it here:", elem_classes="hint")
                self.region = gr.Dropdown(
                    region_choices(palette), value=None, label="Region", container=False, elem_id="region"
                )
                with gr.Row(elem_classes="line"):
                    self.again = gr.Button("⚄ Re-roll", size="sm", elem_id="reroll", min_width=90)
                    self.drawn = gr.Button("Undo style", size="sm", elem_id="unstyle", min_width=90)
                    self.photos = gr.Button("From the photo", size="sm", elem_id="photo-style", min_width=110)
                    self.lock = gr.Checkbox(False, label="Lock", container=False, min_width=64, elem_id="lock")
                self.color = gr.ColorPicker(
                    label="Its colour", interactive=True, visible=False, elem_id="color", elem_classes="swatch"
                )
            with gr.Column(min_width=240):
                self.pad = Pad(elem_id="pad")

    @staticmethod
    def make_clicks() -> gr.HTML:
        """What reports clicks in the photo. It stands outside of the tab, which is not there before it is opened."""
        return gr.HTML(html_template="<i></i>", js_on_load=CLICKS, elem_classes="nothing")

    def wire(self, page: Page) -> None:
        """Bind the events."""
        shown, look = self.shown(page)
        self.clicks.input(
            self.choose_at, [*look, page.painter, self.clicks], [*shown, page.tabs, page.status], **AT_ONCE
        )
        self.region.input(self.choose, [*look, self.region], shown, **AT_ONCE)
        # the handle that a seed draws is known once the picture is there
        page.shown.change(self.show, look, shown, **AT_ONCE)
        page.paints(self.again.click, self.reroll)
        page.paints(self.drawn.click, self.unstyle)
        page.paints(self.photos.click, self.from_photo)
        page.paints(self.color.input, self.recolour, self.color)
        page.paints(self.color.submit, self.recolour_as_typed, self.color)
        page.begin(self.pad.begin)
        self.pad.input(self.drag, [self.pad, *page.inputs], page.results, **page.newest)
        page.paints(self.pad.release, self.release, self.pad)
        self.lock.input(self.set_lock, [*look, self.lock], page.status, **AT_ONCE)

    def shown(self, page: Page) -> tuple[list[Any], list[Any]]:
        """What `show` sets, and what it takes."""
        return [self.region, self.pad, self.lock, self.color], [page.session, page.model, page.seed]

    def follow(self, event: Any, page: Page) -> None:
        """Show the regions as they are after an event that leaves the picture, perhaps."""
        shown, look = self.shown(page)
        event.then(self.show, look, shown, **AT_ONCE)

    def show(self, session: Session, model: str, seed: float) -> tuple[Any, ...]:
        """-> (region, pad, lock, colour) as they are for the picture shown."""
        choices, pipeline, region = self.choices(session, model), self.actions.pipeline(model), session.region
        names = NAMES if pipeline.appearance is None else COLOR_NAMES
        if region is None:
            return choices, gr.update(value=None, region="", names=names), False, gr.update(visible=False)
        palette = pipeline.palette
        offset = session.regions.offsets.get(region)
        if not offset and pipeline.appearance is not None and session.own is not None and session.editing:
            offset = pipeline.styles(session.own.base, None, session.own.before).get(region)  # the photo's own
        offset = offset or session.regions.offset_of(palette, region, session.seed_shown(seed), pipeline.appearance)
        pad = gr.update(value=offset, region=region_name(palette, region), names=names)
        # a draft comes while the picker may still be dragged
        color = gr.skip() if session.drafting else swatch(pipeline, region, offset)
        return choices, pad, region in session.regions.locked, color

    def choices(self, session: Session, model: str) -> Any:
        """The regions of the picture shown to choose from, and the one that is chosen, though it be painted over."""
        shown = session.classes_shown()
        if shown is not None and session.region is not None:
            shown.add(session.region)
        return gr.update(choices=region_choices(self.actions.pipeline(model).palette, shown), value=session.region)

    def choose(self, session: Session, model: str, seed: float, region: int | None) -> tuple[Any, ...]:
        """A region by name -> (region, pad, lock, colour)."""
        session.region = region
        return self.show(session, model, seed)

    @tells
    def choose_at(
        self, session: Session, model: str, seed: float, labels: np.ndarray, at: tuple[float, float]
    ) -> tuple[Any, ...]:
        """A click in the photo, at shares of its sides -> (region, pad, lock, colour, tabs, status)."""
        palette = self.actions.pipeline(model).palette
        column, row = (min(max(0, int(share * n)), n - 1) for share, n in zip(at, labels.shape[::-1]))
        region = region_of(palette, int(labels[row, column]))[0]
        status = f"Chosen: {region_name(palette, region)}. Re-roll, style or lock it below."
        return *self.choose(session, model, seed, region), gr.update(selected="style"), status

    def reroll(self, session: Session, *inputs: Any) -> Iterator[Any]:
        """Draw the chosen region anew; everything else keeps its noise."""
        yield from self._change(session, inputs, lambda region, seed: session.regions.reroll(region, new_seed()))

    def unstyle(self, session: Session, *inputs: Any) -> Iterator[Any]:
        """The chosen region as its seed draws it."""
        yield from self._change(session, inputs, lambda region, seed: session.regions.unstyle(region))

    def from_photo(self, session: Session, *inputs: Any) -> Iterator[Any]:
        """The chosen region in its colour in the photo that was opened last (docs/experiments.md, style)."""
        yield from self._change(
            session, inputs, lambda region, seed: session.regions.style(region, photo_style(session, region), seed)
        )

    def recolour(self, color: str, session: Session, *inputs: Any) -> Iterator[Any]:
        """The chosen region in a colour of the visitor's."""
        appearance = self.actions.pipeline(inputs[0]).appearance
        index = self.actions.pipeline(inputs[0]).palette.index_of_id

        def change(region: tuple[int, ...], seed: int) -> None:
            if appearance is None:
                raise InputError("this model takes no colours; use the pad")
            session.regions.style(region, appearance.offset_of(int(index[region[0]]), read_color(color)), seed)

        yield from self._change(session, inputs, change)

    def recolour_as_typed(self, color: str, session: Session, *inputs: Any) -> Iterator[Any]:
        """As `recolour`; a colour that the class never has is said, for the swatch will show another than was typed."""
        pipeline = self.actions.pipeline(inputs[0])
        names = [c.name for c in pipeline.palette.classes if c.id == session.region]
        with contextlib.suppress(InputError):  # no colour, or a model without: `recolour` says so
            for remark in pipeline.colors.out_of_reach([(name, color) for name in names]):
                gr.Info(remark)
        yield from self.recolour(color, session, *inputs)

    def drag(self, offset: Offset, session: Session, *inputs: Any) -> Iterator[Any]:
        """The handle moves: a draft."""
        yield from self._change(
            session, inputs, lambda region, seed: session.regions.style(region, offset, seed), draft=True
        )

    def release(self, offset: Offset, session: Session, *inputs: Any) -> Iterator[Any]:
        """The handle is let go: the chosen number of steps."""
        yield from self._change(session, inputs, lambda region, seed: session.regions.style(region, offset, seed))

    @tells
    def _change(self, session: Session, inputs: tuple[Any, ...], change: Any, draft: bool = False) -> Iterator[Any]:
        model, labels, steps, seed, _, *how = inputs
        seed = session.seed_shown(seed)
        change(self.chosen(session, model), seed)
        # the picture's seed holds still, even where it is not kept: a change of one region is asked for
        yield from self.actions.paint(session, model, labels, steps, seed, True, *how, draft=draft)

    def chosen(self, session: Session, model: str) -> tuple[int, ...]:
        """The classes of the chosen region.

        Raises:
            InputError: none is chosen.
        """
        if session.region is None:
            raise InputError("no region is chosen; click one in the photo first")
        return region_of(self.actions.pipeline(model).palette, session.region)

    @tells
    def set_lock(self, session: Session, model: str, seed: float, locked: bool) -> str:
        """Lock or unlock the chosen region -> status."""
        region = self.chosen(session, model)
        name = region_name(self.actions.pipeline(model).palette, region[0])
        if locked:
            session.regions.lock(region, session.seed_shown(seed))
            return f"Locked: {name}. The dice and the variations leave it as it is."
        session.regions.unlock(region)
        return f"Unlocked: {name}. The next dice draws it anew."


def swatch(pipeline: Any, region: int, offset: Offset) -> Any:
    """The colour picker, at the colour that a region's handle asks for; hidden where handles say no colours."""
    if pipeline.appearance is None:
        return gr.update(visible=False)
    color = pipeline.appearance.color_of(int(pipeline.palette.index_of_id[region]), offset)
    return gr.update(value=write_color(color), visible=True)


def photo_style(session: Session, region: tuple[int, ...]) -> Offset:
    """The style handle of a region of the photo that was opened last.

    Raises:
        InputError: no photo was opened, or it does not show the region.
    """
    if not session.styles:
        raise InputError("no photo was opened yet; open one, and its regions' colours can be taken")
    for class_id in region:
        if class_id in session.styles:
            return session.styles[class_id]
    raise InputError("the photo shows too little of this region to take its colour; choose another region")
