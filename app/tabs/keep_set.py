"""What the browser's tab keeps of a set that is labelled: a ticket, for which a page that is loaded anew gets it, and
the canvas of its photo, with strokes that no server got.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gradio as gr
from gradio.events import Dependency

from semflow_core.errors import InputError

from ..controls import Controls, View
from ..page import MODEL, PRIVATE, Event, Page
from ..state.sheet import read_sheet
from .label import NO_TICKET, LabelTab

BACK = "The set is as you left it."
GONE = "The studio no longer has the set that was labelled on this page; open what you saved of it."
# web/set.js keeps them; a page that opens a link is a visit of its own
STORE_JS = "(said) => { if (said) document.dispatchEvent(new CustomEvent('semflow:ticket', { detail: said.ticket })); }"
READ_JS = "() => (location.hash.startsWith('#p=') ? null : window.semflowSet())"


class SetKeeping:
    """The ticket on its way from the browser and to it. It stands beside the tabs."""

    def __init__(self, tab: LabelTab) -> None:
        self.tab = tab
        self.tab.ticket.render()
        self.stored = gr.JSON(visible=False)

    def wire(self, page: Page, forgotten: Event) -> None:
        """Bind the events.

        Args:
            forgotten: all that the browser has is forgotten.
        """
        self.tab.ticket.change(None, self.tab.ticket, None, js=STORE_JS, **PRIVATE)
        page.at_once(forgotten, self.forget, changes=[self.tab.ticket])

    def come_back_after(self, event: Event, page: Page) -> Dependency:
        """The set comes back after an event -> the event after that."""
        read = event(None, None, self.stored, js=READ_JS, **PRIVATE)
        tab = self.tab
        changes = [*page.landed, *tab.parts, page.tabs]
        back = page.with_model(read.then, self.come_back, self.stored, tab.line.doubt, changes=changes)
        page.on(back.then, tab.labelling.ahead, **MODEL, show_progress="hidden")
        return back

    def come_back(self, controls: Controls, stored: Any, doubt: bool = False) -> Iterator[View]:
        """The set of a ticket comes back to a page that has none, and to the canvas if it was there, with what was
        painted on it last.

        Raises:
            Cancelled: the visitor went on before the proposal came.
            InputError: the studio holds as many sets as it can at the moment.
        """
        session, tab = controls.session, self.tab
        ticket = stored.get("ticket") if isinstance(stored, dict) else None
        if not ticket or session.labelled is not None:
            yield View()
            return
        labelled = tab.shelf.copy(ticket) if isinstance(ticket, str) else None
        if labelled is None:
            gr.Warning(GONE)
            yield View(parts={tab.ticket: NO_TICKET})
            return
        with suppress(InputError):  # of a canvas that is damaged or forged
            labelled.keep_changes(read_sheet(str(stored.get("canvas") or "")))
        shown, labelled.open = labelled.open and bool(labelled.items), False
        session.labelled = labelled
        more = tab.train.show_settings(labelled)
        if shown:
            yield from tab.arrive(controls, doubt, f" {BACK}", more.then(View(tab="label")))
        else:
            yield tab.show_parts(controls).then(more)

    def forget(self, controls: Controls) -> View:
        """Nothing of the set is kept, until somebody goes on with it."""
        labelled = controls.session.labelled
        self.tab.shelf.drop(labelled)
        if labelled is not None:
            labelled.forgotten = True
        return View(parts={self.tab.ticket: NO_TICKET})
