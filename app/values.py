"""How the endpoints' values come in and go out: the annotations that endpoints.py is written with."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import gradio as gr
import numpy as np

from semflow_core.errors import InputError, either
from semflow_core.method.grids import GRIDS
from semflow_core.method.limits import MAX_FRAMES, MAX_SMOOTH, MAX_STEPS, MIN_FRAMES, MIN_SMOOTH, MIN_STEPS
from semflow_core.method.solvers import SOLVERS
from semflow_core.pictures.layouts import read_layout, write_layout
from semflow_core.pictures.photos import read_photo, write_photo

from .serving import Parameter, PictureFile, Result, WholeNumber
from .state.pipeline import Pipeline

MAX_VARIATIONS = 16

# ---- how values come in --------------------------------------------------------------------------


def _require(path: str | None, name: str) -> str:
    if not path:
        raise InputError(f"no {name} was given")
    return path


def _read_layout(path: str | None, pipeline: Pipeline, name: str) -> np.ndarray:
    return read_layout(_require(path, name), pipeline.palette, pipeline.codebook)


def _read_colors(text: str | None, pipeline: Pipeline, name: str) -> tuple[tuple[int, Any], ...]:
    words = [word.partition("=") for word in (text or "").split(",") if word.strip()]
    return pipeline.colors.offsets((name.strip(), color) for name, _, color in words)


_picture, _whole = partial(PictureFile, type="filepath"), partial(WholeNumber, precision=0)
Model = Annotated[Pipeline, Parameter("a model's name.", gr.Textbox)]
PhotoFile = Annotated[
    np.ndarray, Parameter("the photo.", _picture, lambda path, pipeline, name: read_photo(_require(path, "photo")))
]
LayoutFile = Annotated[
    np.ndarray,
    Parameter(
        "the layout: a PNG of class ids (modes L or P), or a picture in the palette's colours.", _picture, _read_layout
    ),
]
OtherLayoutFile = Annotated[
    "np.ndarray | None",
    Parameter(
        "another layout.", _picture, lambda path, pipeline, name: _read_layout(path, pipeline, name) if path else None
    ),
]
EitherFile = Annotated[
    str,
    Parameter("a photo or a layout.", _picture, lambda path, pipeline, name: _require(path, "photo or layout")),
]
Steps = Annotated[int, Parameter(f"solver steps, {MIN_STEPS} to {MAX_STEPS}.", _whole)]
Seed = Annotated[int, Parameter("another seed gives another photo of the same layout.", _whole)]
Solver = Annotated[str, Parameter(f"{either(SOLVERS)}.", gr.Textbox)]
Grid = Annotated[str, Parameter(f"times of the steps: {either(GRIDS)}.", gr.Textbox)]
Count = Annotated[int, Parameter(f"how many photos, 1 to {MAX_VARIATIONS}.", _whole)]
Frames = Annotated[int, Parameter(f"how many pictures, both ends included, {MIN_FRAMES} to {MAX_FRAMES}.", _whole)]
Colors = Annotated[
    tuple[tuple[int, Any], ...],
    Parameter(
        'mean colours of classes, such as "hair=#b5651d, cloth=#203080"; the others are drawn by the seed.',
        lambda default, label: gr.Textbox("", label=label),
        _read_colors,
    ),
]
Mirror = Annotated[
    bool, Parameter("segment the mirror image, too, and decide by both: better, at twice the work.", gr.Checkbox)
]
Smooth = Annotated[
    float,
    Parameter(
        f"let neighbours decide together, {MIN_SMOOTH} to {MAX_SMOOTH} pixels of the model's square.",
        gr.Number,
    ),
]

# ---- how values go out ---------------------------------------------------------------------------


def _write_photo(photo: np.ndarray, pipeline: Pipeline, folder: Path, name: str) -> str:
    write_photo(folder / name, photo)
    return str(folder / name)


def _write_layout(labels: np.ndarray, pipeline: Pipeline, folder: Path) -> str:
    write_layout(folder / "layout.png", labels, pipeline.palette)
    return str(folder / "layout.png")


def _write_photos(photos: list[np.ndarray], pipeline: Pipeline, folder: Path) -> list[str]:
    return [_write_photo(photo, pipeline, folder, f"{i:03d}.png") for i, photo in enumerate(photos)]


_png, _files = partial(gr.Image, type="filepath", format="png"), partial(gr.File, file_count="multiple")
Photo = Annotated[np.ndarray, Result("photo", _png, partial(_write_photo, name="photo.png"))]
Changed = Annotated[np.ndarray, Result("changed", _png, partial(_write_photo, name="changed.png"))]
Layout = Annotated[np.ndarray, Result("layout", _png, _write_layout)]
Photos = Annotated[list[np.ndarray], Result("photos", _files, _write_photos)]
Seeds = Annotated[list[int], Result("seeds", gr.JSON)]
Places = Annotated[list[float], Result("places", gr.JSON)]
