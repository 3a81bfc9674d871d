"""Project files: a request, and while an opened photo is being edited, that photo and the way its edits took.

A file that is opened and saved again is the same file.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette
from semflow_core.requests.packing import pack_labels, pack_photo, unpack_labels, unpack_photo
from semflow_core.requests.requests import KINDS, EditRequest, SynthesisRequest

from .photos import fit_layout
from .regions import Offset
from .session import Opened, Session


@dataclass(frozen=True)
class EditProject(EditRequest):
    """An edit of an opened photo, with what a session knows of that photo (`session.Opened`).

    Attributes:
        opened: the photo as it was opened, packed; "" where no edit was accepted yet, so that it is `photo`.
        read: what the model read in it, packed; "" where that is `before`.
        margin: how sure that reading is, packed as a layout is, 255 for certain.
        styles: (class id, (r, g, b)) pairs: what `Session.styles` holds.
    """

    opened: str = ""
    read: str = ""
    margin: str = ""
    styles: tuple[tuple[int, tuple[float, float, float]], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, kind in (("opened", "photo"), ("read", "layout"), ("margin", "layout"), ("styles", "offsets")):
            what, fits = KINDS[kind]
            if not fits(getattr(self, name)):
                raise InputError(f"the project's {name} is {str(getattr(self, name))[:60]!r}; it must be {what}")


def save_project(request: SynthesisRequest, session: Session) -> str:
    """The JSON from which a visitor's present state comes back; `request` is the canvas and the settings."""
    edit, own = session.wanted(request), session.own
    if own is None or not isinstance(edit, EditRequest):
        return request.to_json()
    accepted = own.base is not own.photo
    return EditProject(
        **{field.name: getattr(edit, field.name) for field in fields(edit)},
        opened=pack_photo(own.photo) if accepted else "",
        read=pack_labels(own.layout) if accepted else "",
        margin=pack_labels(np.rint(255 * own.margin).astype(np.uint8)),
        styles=tuple(sorted(session.styles.items())),
    ).to_json()


def read_project(text: str) -> SynthesisRequest:
    """The inverse of `save_project`: a request, or an EditProject, of which `reopened` makes the photo.

    Raises:
        InputError: the text is no project.
    """
    kind = EditProject if '"kind": "EditProject"' in text else SynthesisRequest
    return kind.from_json(text)


def reopened(project: EditProject, palette: Palette, width: int, height: int) -> tuple[Opened, dict[int, Offset]]:
    """The photo of a project and where its edits stand, for a canvas of that size, and the photo's styles.

    Raises:
        InputError: a photo or a layout is damaged, or of another palette.
    """

    def layout(text: str) -> np.ndarray:
        labels = unpack_labels(text)
        palette.index(labels)  # refuses ids that are no class
        return fit_layout(labels, width, height)[0]

    base, before = unpack_photo(project.photo), layout(project.before)
    photo = unpack_photo(project.opened) if project.opened else base
    read = layout(project.read) if project.read else before
    margin = fit_layout(unpack_labels(project.margin), width, height)[0]
    return Opened(photo, read, margin.astype(np.float32) / 255, base, before), dict(project.styles)
