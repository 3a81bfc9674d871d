"""What the browser kept of a visit comes back: layouts, settings, opened photos with their edits, of every model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from semflow_core.errors import InputError

from ..controls import Controls, View
from ..guard.large import room_for
from ..guard.logs import cut
from ..state.examples import example_photos
from ..state.kept import KeptFile, KeptModel, KeptVisit, original_photo, photo_mark
from ..state.model_state import Canvas
from ..state.opened import Source
from ..state.photos import fit_layout
from ..state.pipeline import Pipeline, canvas_size
from ..state.sentences import as_html
from ..state.session import Session
from ..state.settings import Settings
from .models import Models
from .opening import leave_set, open_request
from .switching import switch_model

LEFT_OUT = "What this browser kept of the model {} cannot be shown, so that model starts fresh"


def restore_visit(models: Models, controls: Controls, kept: KeptVisit, files: Mapping[str, Path]) -> View:
    """Every model comes back as it was left. The picture comes with the next `paint`.

    Of a model that is not chosen, what is damaged is left out, with a warning.

    Args:
        files: the whole photos, by model.

    Raises:
        InputError: what was kept of the chosen model is damaged; then nothing has changed.
    """
    session, landed = controls.session, dict[str, tuple[Session, View]]()
    names = models.names()
    if kept.model not in names:
        raise InputError(f"there is no model '{cut(kept.model, 60)}' any more")
    for name, model in kept.models.items():
        if name not in names:  # of the others one may be gone
            continue
        try:
            landed[name] = _land(model, controls.settings, models.pipeline(name), files.get(name))
        except InputError as error:
            if name == kept.model:
                raise
            gr.Warning(as_html(f"{LEFT_OUT.format(name)} ({error})."))
    view = landed[kept.model][1]
    if kept.model != controls.model:
        view = switch_model(models, controls, kept.model).then(view).then(View(model=kept.model))
    controls.keep_set()
    view = leave_set(session, models.pipeline(kept.model)).then(view)
    session.cancel_running()
    session.leave_set()
    session.scene += 1
    for name, (visit, _) in landed.items():
        session.models[name] = visit.current
        session.kept[name] = photo_mark(visit.current)
    settings: dict[str, Any] = {"live": kept.live, "keep_seed": kept.keep_seed}
    if kept.frames is not None:
        settings["frames"] = kept.frames
    return view.then(View(settings=settings))


def _land(model: KeptModel, page: Settings, pipeline: Pipeline, file: Path | None) -> tuple[Session, View]:
    """One model's state, in a session of its own, and what the page shows of it."""
    session, request = Session(pipeline.name), model.request(pipeline.name, pipeline, page)
    view = open_request(request, session, pipeline)
    original = _original(model.state.file, pipeline, file) if session.current.opened is not None else None
    model.apply(session.current, pipeline, original)
    labels, _ = fit_layout(request.layout, *canvas_size(pipeline))
    session.current.canvas = Canvas(labels, Settings.of(request, pipeline.perturbation.beta))
    return session, view.then(View(painter={"landing": session.current.landing}))


def _original(kept: KeptFile | None, pipeline: Pipeline, file: Path | None) -> Source | None:
    """The whole photo; None where there is none, or not the one that was opened. The rest comes back without it."""
    if kept is not None and kept.example:
        file = next((e.file for e in example_photos(pipeline.palette) if e.file.name == kept.example), None)
    if file is None:
        return None
    try:
        with room_for([file]):
            return original_photo(kept, file)
    except (InputError, OSError):
        return None
