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
from semflow_core.pictures import layouts, photos
from semflow_core.pictures.files import write_atomically

from .serving import Parameter, PictureFile, Result, WholeNumber
from .state.pipeline import Pipeline

MAX_VARIATIONS = 16

# ---- how values come in --------------------------------------------------------------------------


def _yes_or_no(value: object, pipeline: Pipeline, name: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{name} is {str(value)[:60]!r}; it must be true or false")
    return value


def _text(value: str | None, pipeline: Pipeline, name: str) -> str:
    return value or ""


def _require(path: str | None, name: str) -> str:
    if not path:
        raise InputError(f"no {name} was given")
    return path


def read_layout(path: str | None, pipeline: Pipeline, name: str) -> np.ndarray:
    """Class ids of a layout file; what was read is a message of the response's stream, so that its result stays itself.

    Raises:
        InputError: it cannot be read, or there is none.
    """
    layout = layouts.open_layout(_require(path, name), pipeline.palette, pipeline.codebook)
    gr.Info(f"{name}: {layout.line(pipeline.palette)}")
    layout.labels.setflags(write=False)  # a request takes what cannot change without a copy
    return layout.labels


def _open_photo(path: str | None, pipeline: Pipeline, name: str) -> photos.Photo:
    photo = photos.open_photo(_require(path, "photo"))
    if photo.note:
        gr.Info(f"{name}: {photo.note}")
    return photo


def _read_colors(text: str | None, pipeline: Pipeline, name: str) -> tuple[tuple[int, Any], ...]:
    words = [word.partition("=") for word in (text or "").split(",") if word.strip()]
    return pipeline.colors.offsets((name.strip(), color) for name, _, color in words)


_picture, _whole = partial(PictureFile, type="filepath"), partial(WholeNumber, precision=0)
Model = Annotated[Pipeline, Parameter("a model's name.", gr.Textbox)]
PhotoFile = Annotated[photos.Photo, Parameter("the photo.", _picture, _open_photo)]
LayoutFile = Annotated[
    np.ndarray,
    Parameter(
        "the layout: a PNG of class ids (modes L or P), or a picture in the palette's colours.", _picture, read_layout
    ),
]
OtherLayoutFile = Annotated[
    "np.ndarray | None",
    Parameter(
        "another layout.", _picture, lambda path, pipeline, name: read_layout(path, pipeline, name) if path else None
    ),
]
AnyLayoutFile = Annotated[
    str, Parameter("the layout, as any program wrote it.", _picture, lambda path, pipeline, name: _require(path, name))
]
Ids = Annotated[
    str,
    Parameter(
        "what its pixel values are, if that is known: own, another order by name, or pairs such as 17=hair,14=neck.",
        gr.Textbox,
        _text,
    ),
]
Align = Annotated[
    bool,
    Parameter(
        "find the face and work on it, as models of faces need it; else take the whole photo.", gr.Checkbox, _yes_or_no
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
    bool,
    Parameter("segment the mirror image, too, and decide by both: better, at twice the work.", gr.Checkbox, _yes_or_no),
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
    photos.write_photo(folder / name, photo)
    return str(folder / name)


def _write_png(data: bytes, pipeline: Pipeline, folder: Path, name: str) -> str:
    write_atomically(folder / name, lambda temporary: temporary.write_bytes(data))
    return str(folder / name)


def _write_edited(edit: tuple[photos.Photo, np.ndarray], pipeline: Pipeline, folder: Path) -> str:
    photos.write_edited(folder / "photo.png", *edit)
    return str(folder / "photo.png")


def _write_layout(labels: np.ndarray, pipeline: Pipeline, folder: Path) -> str:
    layouts.write_layout(folder / "layout.png", labels, pipeline.palette)
    return str(folder / "layout.png")


def _write_photos(pictures: list[np.ndarray], pipeline: Pipeline, folder: Path) -> list[str]:
    return [_write_photo(picture, pipeline, folder, f"{i:03d}.png") for i, picture in enumerate(pictures)]


_png, _files = partial(gr.Image, type="filepath", format="png"), partial(gr.File, file_count="multiple")
Photo = Annotated[np.ndarray, Result("photo", _png, partial(_write_photo, name="photo.png"))]
EditedPhoto = Annotated[tuple[photos.Photo, np.ndarray], Result("photo", _png, _write_edited)]
Changed = Annotated[bytes, Result("changed", _png, partial(_write_png, name="changed.png"))]
Layout = Annotated[np.ndarray, Result("layout", _png, _write_layout)]
Line = Annotated[str, Result("line", gr.Textbox)]
Photos = Annotated[list[np.ndarray], Result("photos", _files, _write_photos)]
Seeds = Annotated[list[int], Result("seeds", gr.JSON)]
Places = Annotated[list[float], Result("places", gr.JSON)]
