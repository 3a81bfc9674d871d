"""The column "Path": from photo to layout, from one seed or state to another, and saving what plays.

A film is made again from its request when it is saved: nothing is kept on the server, and the same request gives
the same pictures.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.pictures.animations import write_frames
from semflow_core.requests.packing import pack_photo
from semflow_core.requests.requests import MorphRequest, SynthesisRequest, TrajectoryRequest

from .actions import Actions, count_steps, synthesis_request, tells
from .page import MODEL, SAVE_JS, Page
from .photos import data_url
from .player import Film, Player, film_of_morph, film_of_path
from .player.film import with_both_timelines
from .session import Session, new_seed

NO_PATH = "Show the path to see how this photo and its layout turn into each other."
KINDS = {
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "zip": "application/zip",
}


class PathPanel:
    """The column's components and what they do."""

    def __init__(self, actions: Actions) -> None:
        self.actions = actions
        with gr.Row(elem_classes="cap"):
            gr.HTML("<h2 class='title'><b>3</b> Path</h2>")
            self.show = gr.Button("Show the path", size="sm", min_width=110)
        self.player: Any = Player(hint=NO_PATH, elem_id="player")
        with gr.Row(elem_classes="line", elem_id="morph"):
            self.other = gr.Number(
                3, precision=0, minimum=0, label="Or from this seed to", scale=3, elem_id="other-seed", min_width=150
            )
            self.dice = gr.Button("⚄ New", elem_id="other-dice", min_width=76, scale=0)
            self.morph = gr.Button("Morph", size="sm", min_width=60, scale=1, elem_id="show-morph")
        self.saved = gr.JSON(visible=False)

    def wire(self, page: Page, frames: Any) -> None:
        """Bind the events; `frames` is the component that says how many moments."""
        shown = [self.player, page.status]
        state = [page.session, page.model, page.painter, page.steps, page.seed, *page.how, frames]
        slow = {**MODEL, "show_progress_on": self.player}
        self.show.click(self.walk, state, shown, **slow)
        self.morph.click(self.between_seeds, [self.other, *state], shown, **slow)
        self.dice.click(new_seed, None, self.other, queue=False, api_visibility="private").then(
            self.between_seeds, [self.other, *state], shown, **slow
        )
        self.player.predict(self.predict, page.session, shown, **slow)
        self.player.save(self.save, None, [self.saved, page.status], **page.waits).then(
            None, self.saved, js=SAVE_JS, api_visibility="private"
        )

    @tells
    def walk(
        self,
        session: Session,
        model: str,
        labels: np.ndarray,
        steps: int,
        seed: int,
        solver: str,
        grid: str,
        beta: float,
        frames: int,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (how Gradio finds it)
    ) -> tuple[Film, str]:
        """The photo that was opened, or else the canvas -> (player, status)."""
        if session.opened and session.photo is not None:
            start = "photo"
            request = with_both_timelines(
                int(frames), model=model, steps=int(steps), solver=solver, photo=pack_photo(session.photo)
            )
        else:
            start = "layout"
            layout = synthesis_request(model, labels, steps, seed, solver, grid, beta, session.regions)
            known = {f.name for f in fields(TrajectoryRequest)}
            same = {f.name: getattr(layout, f.name) for f in fields(layout) if f.name in known}
            request = with_both_timelines(int(frames), **same)
        result = session.walk(self.actions.pipeline(model), request, _report(progress, "Walking the path"))
        status = f"The path from your {start}: {int(frames)} moments, {count_steps(steps)} of {solver}."
        return film_of_path(request, result), status

    @tells
    def between_seeds(
        self,
        other: float | None,
        session: Session,
        model: str,
        labels: np.ndarray,
        steps: int,
        seed: int,
        solver: str,
        grid: str,
        beta: float,
        frames: int,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Film, str]:
        """The same layout under another seed -> (player, status). Locked regions are the same at both ends."""
        here = synthesis_request(model, labels, steps, seed, solver, grid, beta, session.regions)
        request = _morph(here, replace(here, seed=int(other or 0)), int(frames))
        if request.seed == request.other_seed:
            raise InputError(f"both seeds are {request.seed}; choose another one to go to")
        result = session.walk(self.actions.pipeline(model), request, _report(progress, "Walking between the seeds"))
        status = f"From seed {request.seed} to seed {request.other_seed}: {int(frames)} photos."
        return film_of_morph(request, result), status

    def between_states(
        self,
        then: SynthesisRequest,
        session: Session,
        model: str,
        labels: np.ndarray,
        steps: int,
        seed: int,
        solver: str,
        grid: str,
        beta: float,
        frames: int,
        progress: gr.Progress,
    ) -> tuple[Film, str]:
        """From an earlier state to the canvas as it is now -> (player, status). Solver and steps are today's.

        Raises:
            InputError: the earlier state is another model's.
        """
        if then.model != model:
            raise InputError(f"that state was painted with the model '{then.model}', this one with '{model}'")
        now = synthesis_request(model, labels, steps, seed, solver, grid, beta, session.regions)
        start = replace(now, layout=then.layout, seed=then.seed, class_seeds=then.class_seeds, offsets=then.offsets)
        request = _morph(start, now, int(frames))
        result = session.walk(self.actions.pipeline(model), request, _report(progress, "Walking from then to now"))
        return film_of_morph(request, result), f"From that state to this one: {int(frames)} photos."

    @tells
    def predict(
        self,
        session: Session,
        event: gr.EventData,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:
        """The film that plays, with the ends that each of its moments heads for -> (player, status)."""
        request = replace(TrajectoryRequest.from_json(_text(event, "request")), predict=True)
        result = session.walk(self.actions.pipeline(request.model), request, _report(progress, "Looking ahead"))
        return film_of_path(request, result), "Photo: z − t v. Layout: z + (1 − t) v. Straight ahead of each moment."

    @tells
    def save(self, event: gr.EventData) -> tuple[dict[str, str], str]:
        """The film that plays, as it plays -> (download, status)."""
        kind = _text(event, "format")
        if kind not in KINDS:
            raise InputError(f"there is no format '{kind}'; it is one of {', '.join(KINDS)}")
        film = self._again(_text(event, "request"))
        view, timeline = _text(event, "view"), _text(event, "timeline")
        if view not in film.views or timeline not in film.timelines:
            raise InputError("what is to be saved is not shown any more; show the path again")
        once = len(film.timelines[timeline])
        frames = film.frames(view, timeline, getattr(event, "there_and_back", False) is True)
        seconds = getattr(event, "seconds", None)
        fps = (once - 1) / seconds if isinstance(seconds, (int, float)) and seconds > 0 else 12.0
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"path.{kind}"
            write_frames(path, frames, min(50.0, max(0.5, fps)))  # GIF knows no more than 50 a second
            data = path.read_bytes()
        status = f"Saved {len(frames)} pictures as path.{kind}, {len(data) / 2**20:.1f} MB."
        return {"name": path.name, "url": data_url(data, KINDS[kind])}, status

    def _again(self, text: str) -> Film:
        """The film of a request's JSON."""
        if '"kind": "MorphRequest"' in text:
            morph = MorphRequest.from_json(text)
            return film_of_morph(morph, self.actions.pipeline(morph.model).morph(morph))
        request = TrajectoryRequest.from_json(text)
        return film_of_path(request, self.actions.pipeline(request.model).trajectory(request))


def _morph(start: SynthesisRequest, end: SynthesisRequest, frames: int) -> MorphRequest:
    here = {f.name: getattr(start, f.name) for f in fields(start)}
    return MorphRequest(
        **here,
        frames=frames,
        other_layout=end.layout,
        other_seed=end.seed,
        other_class_seeds=end.class_seeds,
        other_offsets=end.offsets,
    )


def _report(progress: gr.Progress, what: str) -> Callable[[int, int], None]:
    progress(0, desc=what)

    def report(done: int, n: int) -> None:
        progress((done, n), desc=what if done < n else "Drawing the pictures", unit="steps")

    return report


def _text(event: gr.EventData, name: str) -> str:
    """A text that the browser sent with an event.

    Raises:
        InputError: it did not.
    """
    value = getattr(event, name, None)
    if not isinstance(value, str):
        raise InputError("the page and the server do not understand each other; reload the page")
    return value
