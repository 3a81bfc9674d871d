"""What the browser keeps of the visit: the state goes to it after each change, and comes back when the page opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import Dependency
from gradio.utils import get_upload_folder

from semflow_core.errors import InputError
from semflow_core.texts import read_text

from ..actions.models import Models
from ..actions.painting import Painting
from ..actions.restoring import restore_visit
from ..controls import Controls, View
from ..guard.logs import report
from ..page import PRIVATE, Event, Page
from ..state.kept import keep_photo, keep_state, photo_mark, read_kept
from ..state.label_folder import NAME as SETS
from ..state.sentences import as_html
from ..widgets import Keeper

BACK = "Everything is as you left it."
AWAY = "The studio was away and is back: everything is as you left it, with what you painted meanwhile."
REFUSED = "What this browser kept of your last visit cannot be shown, so the page opens fresh"
# the names are those of `Page.controls` and `Settings`
SETTINGS_JS = """(model, ...values) => {
  const detail = { model, settings: Object.fromEntries(%s.map((name, i) => [name, values[i]])) };
  document.dispatchEvent(new CustomEvent('semflow:settings', { detail }));
}"""
READY_JS = SETTINGS_JS[:-1] + "  document.dispatchEvent(new Event('semflow:ready'));\n}"
UNANSWERED_JS = "() => { document.dispatchEvent(new Event('semflow:unanswered')); }"
STATE_JS = """(detail) => {
  if (detail) document.dispatchEvent(new CustomEvent('semflow:state', { detail }));
  return null;
}"""


class Keeping:
    """The widget that keeps, and what is sent to it."""

    def __init__(self, models: Models, painting: Painting) -> None:
        self.models, self.painting = models, painting
        self.keeper = Keeper(elem_id="keeper")
        self.state = gr.JSON(visible=False)

    def wire(self, demo: gr.Blocks, page: Page) -> Dependency:
        """Bind the events -> the one after a visit came back, or could not."""
        inputs, names = [page.model, *page.controls.values()], str(list(page.controls))
        demo.load(None, inputs, None, js=READY_JS % names, **PRIVATE)
        for control in page.controls.values():
            control.change(None, inputs, None, js=SETTINGS_JS % names, **PRIVATE)  # pyright: ignore[reportAttributeAccessIssue]
        self.keep_after(page.status.change, page)
        page.at_once(self.keeper.forgotten, self.forget)
        page.model.change(None, inputs, None, js=SETTINGS_JS % names, **PRIVATE)
        changes = [self.keeper, page.model, page.shape, *page.landed, *self._others(page)]
        restored = page.on(self.keeper.restore, self.restore, changes=changes, show_progress="hidden")
        restored.failure(None, js=UNANSWERED_JS, **PRIVATE)
        return restored

    @staticmethod
    def _others(page: Page) -> list[Any]:
        return [page.controls[name] for name in ("live", "keep_seed", "frames")]

    def keep_after(self, event: Event, page: Page) -> None:
        """Give the browser the state after an event that may have changed it."""
        how: dict[str, Any] = {"queue": False, "show_progress": "hidden", "trigger_mode": "always_last"}
        self.send_after(page.on(event, self.keep, changes=[self.state], **how))

    def send_after(self, kept: Dependency) -> None:
        """Send the browser what `keep` gave to the event before."""
        kept.then(None, self.state, self.state, js=STATE_JS, **PRIVATE)

    def keep(self, controls: Controls) -> View:
        """The state of the chosen model, and its opened photo if the browser does not have it yet."""
        session, state = controls.session, controls.state
        if session.labelling is not None:
            session.labelling.see(controls.on_canvas)
        if controls.model != session.model or session.labelling is not None:  # the canvas is not this model's
            return View()
        mark, known = photo_mark(state), session.kept.get(controls.model)
        new = known is None or len(known) != len(mark) or any(a is not b for a, b in zip(known, mark))
        photo = keep_photo(controls.request(), state) if new else None
        session.kept[controls.model] = mark
        return View(parts={self.state: {"model": controls.model, "state": keep_state(state), "photo": photo}})

    def paint_missing_after(self, event: Event, page: Page) -> None:
        """The first picture of a page, or of a model whose layout comes after a set that came back."""
        page.newest(event, self.paint_missing, changes=page.painted)

    def paint_missing(self, controls: Controls) -> Iterator[View]:
        """The canvas, where it shows no set and has no picture yet."""
        if controls.session.labelling is None and controls.state.photo is None:
            yield from self.painting.paint(controls)

    def forget(self, controls: Controls) -> None:
        """The browser has nothing any more."""
        controls.session.kept.clear()

    def restore(self, controls: Controls, event: gr.EventData) -> View:
        """What the browser kept comes back. The picture comes with the next `paint`."""
        try:
            kept = read_kept(read_text(uploaded(getattr(event, "kept", ""))))
            files = getattr(event, "files", {})
            files = {name: uploaded(path) for name, path in files.items()} if isinstance(files, dict) else {}
            view = restore_visit(self.models, controls, kept, files)
        except Exception as error:  # the page must open in any case
            if not isinstance(error, InputError):
                report(error, "what a browser kept")
            gr.Warning(f"{REFUSED} ({as_html(str(error))})." if isinstance(error, InputError) else f"{REFUSED}.")
            return View(parts={self.keeper: gr.update(answer="refused")})
        gr.Info(AWAY if getattr(event, "away", False) is True else BACK)
        return view.then(View(parts={self.keeper: gr.update(answer="restored")}))


def uploaded(path: Any) -> Path:
    """A file that the page has just uploaded.

    Raises:
        InputError: it is none, for visitors are not to open files of the server.
    """
    folder, mistake = Path(get_upload_folder()).resolve(), InputError("the page sent no file; reload it")
    try:
        file = Path(path).resolve()
        if file.is_relative_to(folder) and not file.is_relative_to(folder / SETS) and file.is_file():
            return file
    except (TypeError, ValueError, OSError):
        raise mistake from None
    raise mistake
