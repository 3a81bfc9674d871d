"""What one part of the page does when something happens in another, in one place. Each part binds its own events."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gradio as gr

from semflow_core.errors import InputError

from .controls import Controls, View
from .page import PRIVATE, SAY_JS, Page
from .tabs import (
    AppearanceTab,
    CheckTab,
    EditTab,
    HistoryStrip,
    Keeping,
    LabelTab,
    ModelMenu,
    OpenSave,
    PaintPanel,
    PathPanel,
    RegionActs,
    SetKeeping,
    ShareRow,
    StartTab,
    VariationsTab,
)

WEB = Path(__file__).parent / "web"
STOPPED = "Stopped. “Paint it” starts again."


@dataclass(frozen=True)
class Parts:
    """The parts of the page."""

    paint: PaintPanel
    open_save: OpenSave
    model: ModelMenu
    variations: VariationsTab
    appearance: AppearanceTab
    edit: EditTab
    check: CheckTab
    path: PathPanel
    history: HistoryStrip
    start: StartTab
    share: ShareRow
    keeping: Keeping
    label: LabelTab
    keeping_set: SetKeeping
    acts: RegionActs


def wire(demo: gr.Blocks, page: Page, parts: Parts) -> None:
    """Bind all events of the page. What follows on one thing happens in the order that stands here."""
    appearance, edit = parts.appearance, parts.edit
    page.places.extend(parts.label.parts)
    turned = parts.paint.wire(page)
    for part in (parts.variations, parts.check, parts.path, parts.share):
        part.wire(page)
    for event in [*parts.acts.wire(page), appearance.wire(page)]:
        parts.keeping.keep_after(event.then, page)
    left, labelled = parts.label.wire(page)
    parts.history.copy_link_after(parts.share.link.click, page)
    edited, opened = edit.wire(page), [parts.open_save.wire(page), *parts.start.wire(page)]
    switched, restored = parts.model.wire(page), parts.history.wire(page)
    back = parts.keeping.wire(demo, page)
    parts.keeping_set.wire(page, parts.keeping.keeper.forgotten)

    # the page was opened
    for script in ("files.js", "panes.js", "picker.js", "hands.js", "tips.js", "label.js"):
        demo.load(None, js=(WEB / script).read_text(encoding="utf-8"), **PRIVATE)
    page.at_once(page.player.stop, stop_running, changes=[page.player, page.status])
    parts.open_save.camera.click(None, js=(WEB / "camera.js").read_text(encoding="utf-8"), **PRIVATE)

    # nothing was kept of a visit, or it has come back: the set that was labelled comes after it
    fresh, back = (parts.keeping_set.come_back_after(event, page) for event in (parts.keeping.keeper.fresh, back.then))
    for event in (fresh, *left):
        parts.keeping.paint_missing_after(event.then, page)

    # something was refused beside the queue
    page.said.change(None, page.said, None, js=SAY_JS, **PRIVATE)

    # the picture changed; an image's own `change` is also fired by its progress, and so by every answer to a change:
    # it would never end
    page.photo.change(None, page.photo, page.shown, js="(p) => p?.url ?? ''", **PRIVATE)
    shows = [edit.show, appearance.show, parts.history.record, parts.label.show_parts, parts.keeping.keep]
    changes = [
        *edit.parts,
        *appearance.parts,
        page.painter,
        parts.history.strip,
        *parts.label.parts,
        parts.keeping.state,
    ]
    parts.keeping.send_after(page.at_once(page.shown.change, partial(in_turn, shows), changes=changes))

    # another region was chosen
    parts.variations.refresh_after(appearance.region.change, page)

    # the edits' base or its layout changed, perhaps not the picture
    for event in edited:
        appearance.refresh_after(event.then, page)
        parts.keeping.keep_after(event.then, page)

    # a photo, a layout or a project was opened
    chosen = appearance.refresh_choices_after(opened[0].then, page)  # a file may come with its model
    parts.start.refresh_after(chosen.then, page)
    for event in opened:
        appearance.refresh_after(event.then, page)  # the same picture again has no `change`
        painted = page.with_model(event.then, parts.open_save.finish_open, changes=page.painted)
        front = edit.edit_after(painted.then, page)
        edit.refresh_doubt_after(front.then, page)

    # an undo brought back what something else had taken the place of; the picture follows on its own, if live
    appearance.refresh_after(turned.then, page)
    shown = edit.refresh_after(edit.refresh_doubt_after(turned.then, page).then, page)
    parts.keeping.keep_after(shown.then, page)

    # another model was chosen
    chosen = appearance.refresh_choices_after(switched.then, page)
    doubt = edit.refresh_doubt_after(chosen.then, page)
    cards = parts.start.refresh_after(doubt.then, page)
    page.with_model(cards.then, parts.model.after_model_switch, changes=page.painted)

    # a set was opened to be labelled, perhaps with the model that proposed its layouts
    for event in labelled:
        parts.start.refresh_after(appearance.refresh_choices_after(event.then, page).then, page)

    # a state of the history came back, or what the browser kept of the visit
    for event in (restored, back):
        chosen = appearance.refresh_choices_after(event.then, page)
        cards = parts.start.refresh_after(chosen.then, page)
        page.with_model(cards.then, parts.open_save.finish_open, changes=page.painted)


def in_turn(shows: Sequence[Callable[[Controls], View]], controls: Controls) -> View:
    """What several parts show, as one answer to one event; one that cannot show its own leaves the others theirs.

    Gradio calls all handlers of a `change` again when one of them was asked for again while it ran: two changes in
    quick succession, each with handlers of its own, would call each other without end.
    """
    view = View()
    for show in shows:
        with contextlib.suppress(InputError):  # whoever asked for the picture was told
            view = view.then(show(controls))
    return view


def stop_running(controls: Controls) -> View:
    """The visitor has waited enough: what was there stays."""
    controls.session.cancel_running()
    return View(draft="", status=STOPPED)
