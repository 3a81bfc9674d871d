"""What the parts of the page share: its components, and how an action that paints is bound to an event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from .session import Session

MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1, "api_visibility": "private"}
# {name, url} becomes a download
SAVE_JS = "(d) => { if (d) Object.assign(document.createElement('a'), {href: d.url, download: d.name}).click() }"
AT_ONCE: dict[str, Any] = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}  # needs no model


@dataclass(frozen=True)
class Page:
    """The components that actions read and write."""

    session: gr.State
    model: Any
    painter: Any
    photo: Any
    shown: Any  # where the photo is; it changes when the picture does, and not when its progress is shown
    player: Any
    status: Any
    tabs: Any
    live: Any
    steps: Any
    seed: Any
    keep: Any
    how: Sequence[Any]  # solver, grid, beta

    @property
    def inputs(self) -> list[Any]:
        """What `Actions.paint` takes."""
        return [self.session, self.model, self.painter, self.steps, self.seed, self.keep, *self.how]

    @property
    def results(self) -> list[Any]:
        """What `Actions.paint` gives."""
        return [self.photo, self.seed, self.player, self.status]

    @property
    def held(self) -> list[Any]:
        """What a model keeps while another one is chosen (session.Held)."""
        return [self.painter, self.steps, self.seed, *self.how]

    @property
    def switched(self) -> list[Any]:
        """What another model or a project sets."""
        return [self.painter, self.photo, self.player, self.status, self.steps, self.seed, *self.how]

    @property
    def waits(self) -> dict[str, Any]:
        """For what needs the model: while others use it, the photo's corner says the place in the queue."""
        return {**MODEL, "show_progress": "minimal", "show_progress_on": self.photo}

    @property
    def newest(self) -> dict[str, Any]:
        """Where events come faster than pictures, the newest counts."""
        return {**self.waits, "trigger_mode": "always_last"}

    def begin(self, event: Any) -> Any:
        """Beside the queue: what runs is for an older state and stops at its next step."""
        return event(Session.begin, self.session, **AT_ONCE)

    def paints(self, event: Any, action: Callable[..., Any], *first: Any) -> Any:
        """Bind an action whose inputs are `first` and `inputs`, and whose outputs are `results`. The newest wins."""
        return self.begin(event).then(action, [*first, *self.inputs], self.results, **self.newest)
