"""Files and requests that are opened: a photo is segmented, a layout lands as it is, a project brings its settings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.pictures.frames import part_for
from semflow_core.pictures.layouts import open_layout
from semflow_core.pictures.photos import open_photo as open_photo_file
from semflow_core.requests import SynthesisRequest
from semflow_core.texts import read_text

from ..controls import Controls, View
from ..reporting import report_to
from ..state.kept import original_file
from ..state.names import in_words
from ..state.opened import Source
from ..state.own_palette import is_palette
from ..state.photos import CERTAIN, fit_layout, fit_photo, shape_photo, underlay_url
from ..state.pipeline import Pipeline, canvas_size
from ..state.project import EditProject, read_project, reopened
from ..state.regions import Regions
from ..state.sentences import count_of, cropped_to
from ..state.session import Session
from ..state.settings import Settings
from ..widgets.painter import painter_props
from .models import shape_style

DROPPED = "The photo that was open with this layout is too large to be kept for an undo; open it again."


def open_photo(file: Path, session: Session, pipeline: Pipeline, example: str = "") -> View:
    """A photo is segmented, and strokes edit it from then on.

    Args:
        example: the file's name where it ships with the studio.

    Raises:
        InputError: the file cannot be read.
        Cancelled: a newer request came.
    """
    progress = report_to(gr.Progress(), "Reading the photo", last="Reading the photo")
    whole_photo = open_photo_file(file)
    framed = part_for(whole_photo.pixels, pipeline.palette)
    photo, way, cropped = shape_photo(framed, pipeline.aspect)
    small, _ = fit_photo(photo, *canvas_size(pipeline))
    left, started = leave_set(session, pipeline), time.perf_counter()
    source = Source(whole_photo, way, original_file(file, example))
    result = session.open_photo(pipeline, photo, pipeline.read_request(small), source, progress)
    classes = count_of(len(np.unique(result.labels)), "class", "classes")
    status = (
        f"Read in {time.perf_counter() - started:.1f} s: {classes}, "
        f"{100 * float((result.margin > CERTAIN).mean()):.0f} % of the picture clearly decided."
    )
    if framed.note:
        status += f" {framed.note}"
    elif cropped:
        status += cropped_to(pipeline.aspect)
    if whole_photo.note:
        status += f" {whole_photo.note}"
    painter = {"value": result.labels, "landing": session.current.landing, "photo": underlay_url(small), "heat": ""}
    view = View(painter=painter, photo=photo, film=None, draft="", before=underlay_url(photo), status=status)
    return left.then(view)


def open_layout_files(files: Sequence[Path], session: Session, pipeline: Pipeline, ids: str = "") -> tuple[View, str]:
    """A layout, or several files that are the parts of one, lands as it is -> (the View, what was read, in a line).

    Args:
        ids: whose ids its pixel values are, where the visitor says so.

    Raises:
        InputError: a file is no layout.
    """
    layout = open_layout(list(files) if len(files) > 1 else files[0], pipeline.palette, pipeline.codebook, ids)
    return land_layout(layout.labels, session, pipeline), in_words(layout.line(pipeline.palette))


def open_project(file: Path, session: Session, pipeline: Pipeline) -> View:
    """A project brings its settings along, and the photo that it edits. Its picture comes with the next `paint`.

    Raises:
        InputError: the file is no project, or one of another model.
    """
    try:
        text = read_text(file)
    except OSError:
        raise InputError(
            f"the file '{file.name}' cannot be read as text; open a project that the studio saved"
        ) from None
    try:
        request = read_project(text)
    except InputError as error:
        if is_palette(text):
            raise InputError(
                f"the file '{file.name}' is a palette, the classes of a model; choose a model that has them"
            ) from None
        raise InputError(f"the file '{file.name}' is no project that the studio saved: {error}") from None
    if request.model != pipeline.name:
        raise InputError(f"this project was made with the model '{request.model}'; choose that model first")
    return open_request(request, session, pipeline)


def open_request(request: SynthesisRequest, session: Session, pipeline: Pipeline) -> View:
    """A project of this pipeline's lands. Its picture comes with the next `paint`.

    Raises:
        InputError: it cannot be shown as it is.
    """
    if request.spectrum not in (None, pipeline.perturbation.spectrum):
        # opening it as another photo than it stands for would be worse
        raise InputError(
            f"this project's perturbation is '{request.spectrum}', which the studio does not show; "
            "make its photo from Python"
        )
    pipeline.palette.index(request.layout)  # refuses ids that are no class
    # read before anything changes: a damaged project leaves everything as it is
    size = canvas_size(pipeline)
    saved = reopened(request, pipeline.palette, *size) if isinstance(request, EditProject) else None
    view = land_layout(request.layout, session, pipeline)
    if saved is not None:
        opened, photo_offsets = saved
        session.reopen(opened, photo_offsets)
        underlay = underlay_url(fit_photo(opened.base, *size)[0])
        view = view.then(View(painter={"photo": underlay}, before=underlay_url(opened.photo)))
    session.current.regions = Regions.of(request)
    return view.then(View(settings=vars(Settings.of(request, pipeline.perturbation.beta))))


def land_layout(labels: np.ndarray, session: Session, pipeline: Pipeline) -> View:
    """A layout of any size lands, and no photo is edited any more. Its picture comes with the next `paint`."""
    left = leave_set(session, pipeline)
    session.close()
    fitted, cropped = fit_layout(labels, *canvas_size(pipeline))
    status = "Opened a layout." + (cropped_to(pipeline.aspect) if cropped else "")
    painter = {"value": fitted, "landing": session.current.landing, "photo": "", "heat": ""}
    return left.then(View(painter=painter, film=None, before="", status=status))


def turn_to_landing(controls: Controls, pipeline: Pipeline) -> View:
    """An undo or redo has brought a layout of another landing back, and the photo that was open with it."""
    state = controls.state
    if controls.session.labelling is None:
        state.turn_to(controls.landing)
    if state.dropped:
        gr.Info(DROPPED)
    opened = state.opened
    underlay = "" if opened is None else underlay_url(fit_photo(opened.base, *canvas_size(pipeline))[0])
    before = "" if opened is None else underlay_url(opened.photo)
    return View(painter={"photo": underlay, "heat": ""}, film=None, draft="", before=before)


def leave_set(session: Session, pipeline: Pipeline) -> View:
    """The canvas gets the model's classes and shape back, where it shows a set that is being labelled."""
    if session.labelling is None:
        return View()
    return View(
        painter={**painter_props(pipeline.palette), "model": pipeline.name, "spots": ""}, shape=shape_style(pipeline)
    )
