"""Project files: a request, and while an opened photo is being edited, that photo and how far its edits have come.

A file that is opened and saved again is the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.appearance import Offset
from semflow_core.method.palette import Palette
from semflow_core.requests import EditRequest, SynthesisRequest
from semflow_core.requests.requests import Layout, Offsets, Photo

from .model_state import ModelState
from .opened import Opened
from .photos import fit_layout


@dataclass(frozen=True, eq=False, kw_only=True)
class EditProject(EditRequest):
    """An edit of an opened photo, with what a visit has of that photo (`opened.Opened`).

    Attributes:
        opened: the photo as it was opened; None where no edit was accepted yet, so that it is `photo`.
        read: what the model segmented it into; None where that is `before`.
        margin: how certain that layout is, (H, W) uint8, 255 for certain.
        styles: (class id, (r, g, b)) pairs: `ModelState.photo_offsets`, by the name they have in files.
    """

    opened: Photo | None = None
    read: Layout | None = None
    margin: Layout | None = None
    styles: Offsets = ()


def save_project(request: SynthesisRequest, state: ModelState) -> str:
    """The JSON from which a visitor's present state comes back; `request` is the canvas and the settings."""
    if state.opened is None or not state.editing:
        return request.to_json()
    return edit_project(request, state.opened, state.photo_offsets).to_json()


def edit_project(request: SynthesisRequest, opened: Opened, photo_offsets: Mapping[int, Offset]) -> EditProject:
    """The edit of an opened photo as a project; `request` is the canvas and the settings."""
    accepted = opened.base is not opened.photo
    return EditProject(
        **{field.name: getattr(request, field.name) for field in fields(request)},
        photo=opened.base,
        before=opened.before,
        opened=opened.photo if accepted else None,
        read=opened.layout if accepted else None,
        margin=np.rint(255 * opened.margin).astype(np.uint8),
        styles=tuple(sorted(photo_offsets.items())),
    )


def read_project(text: str) -> SynthesisRequest:
    """The inverse of `save_project`: a request, or an EditProject, of which `reopened` makes the photo.

    Raises:
        InputError: the text is no project.
    """
    request = SynthesisRequest.from_json(text)
    if type(request) not in (SynthesisRequest, EditProject):
        raise InputError(f"the file holds a {type(request).__name__}, not a project; open a file that the studio saved")
    return request


def reopened(project: EditProject, palette: Palette, width: int, height: int) -> tuple[Opened, dict[int, Offset]]:
    """The photo of a project and how far its edits have come, for a canvas of that size, and the photo's offsets.

    Raises:
        InputError: the project lacks a layout, or one is of another palette.
    """

    def layout(labels: np.ndarray) -> np.ndarray:
        palette.index(labels)  # refuses ids that are no class
        return fit_layout(labels, width, height)[0]

    if project.before is None or project.margin is None:
        raise InputError("the project lacks the layout that its photo had; open the photo itself instead")
    base, before = project.photo, layout(project.before)
    photo = base if project.opened is None else project.opened
    read = before if project.read is None else layout(project.read)
    margin = fit_layout(project.margin, width, height)[0]
    return Opened(photo, read, margin.astype(np.float32) / 255, base, before), dict(project.styles)
