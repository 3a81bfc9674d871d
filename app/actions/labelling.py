"""Photos that are labelled: what a model proposes for one, and how it comes to the canvas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import cv2
import numpy as np

from semflow_core.errors import InputError
from semflow_core.pictures.frames import part_for
from semflow_core.pipeline.progress import Progress
from semflow_core.requests.packing import pack_labels

from ..controls import Controls, View
from ..guard.logs import cut
from ..state.label_item import Item, Proposal, pack
from ..state.label_set import LabelSet
from ..state.names import readable
from ..state.own_palette import ids_between
from ..state.photos import CERTAIN, data_url, doubt_url
from ..state.pipeline import Pipeline
from ..state.session import Cancelled, Session
from ..state.sheet import Sheet
from ..widgets.painter import painter_props
from .models import Models, style_of
from .switching import switch_model

UNSURE = CERTAIN  # margin below which a pixel is unsure
SMALLEST_SPOT = 0.0008  # of the picture
MOST_SPOTS = 30
KINDS = {".jpg": "image/jpeg", ".png": "image/png"}


class Labelling:
    """Shows the photos of a session's set, and lets the chosen model propose their layouts."""

    def __init__(self, models: Models) -> None:
        self.models = models

    def arrive(self, controls: Controls, doubt: bool) -> Iterator[View]:
        """The set's photo comes to the canvas: at once, and again with the model's proposal where there is none yet.

        Raises:
            Cancelled: the visitor went on, or painted, before the proposal came.
        """
        session = controls.session
        labelled, pipeline = session.labelled, self.models.pipeline(controls.model)
        if labelled is None or not labelled.items:
            return
        labelled.own = labelled.palette != pipeline.palette
        item = labelled.item
        labelled.proposed, labelled.seen = item.proposal is not None, False
        photo = item.pixels()
        session.enter_set(labelled, photo, controls.canvas)
        yield show(labelled, doubt).then(View(photo=photo))
        # the proposal may have come ahead since the canvas was put together
        if item.labels is None and not labelled.proposed and proposes(pipeline, labelled):
            if item.proposal is None:
                yield View(status=f"Reading photo {labelled.place()} …")
                self.propose(pipeline, labelled, item, session.start())
            if session.labelling is labelled and labelled.item is item:
                labelled.proposed = True
                yield show(labelled, doubt)
        if session.labelling is labelled and labelled.item is item:
            # the photo once more, for a page that lost the first message
            yield View(photo=photo, status=f"{labelled.progress()}. {guidance(pipeline, labelled, item)}")

    def open_with_its_model(self, controls: Controls) -> tuple[Controls, View, str]:
        """A saved set goes on with the model that proposed its layouts -> what the page then holds, what changes on it,
        and a sentence where that model is not there.

        Raises:
            InputError: it is damaged.
        """
        labelled = controls.session.labelled
        model = "" if labelled is None else labelled.model
        if model in ("", controls.model):
            return controls, View(), ""
        if model not in self.models.names():
            words = (
                f"Its layouts were proposed by the model {cut(model, 60)}, which is not here; {controls.model} goes on."
            )
            return controls, View(), f" {words}"
        view = switch_model(self.models, controls, model)
        values = {k: v["value"] if isinstance(v, Mapping) else v for k, v in view.settings.items()}
        landing = view.painter["landing"]
        controls = replace(
            controls, model=model, labels=view.painter["value"], sheet=0, landing=landing, **values
        )  # the canvas of that model, which comes back when the set is left
        return controls, View(model=model, settings=view.settings), ""

    def note_model(self, controls: Controls) -> None:
        """The chosen model proposes what is still to be proposed."""
        labelled, pipeline = controls.session.labelled, self.models.pipeline(controls.model)
        if labelled is not None and any(i.labels is None for i in labelled.items) and proposes(pipeline, labelled):
            labelled.model = pipeline.name

    def ahead(self, controls: Controls) -> None:
        """The next photo's proposal, before anybody asks. Strokes do not stop it, for they need no model.

        Raises:
            Cancelled: the canvas shows something else by now.
        """
        session, labelled = controls.session, controls.session.labelling
        pipeline = self.models.pipeline(controls.model)
        item = labelled.waiting() if labelled is not None and labelled.items else None
        if labelled is None or item is None or not proposes(pipeline, labelled):
            return

        def report(done: int, total: int) -> None:
            if session.labelling is not labelled:
                raise Cancelled

        self.propose(pipeline, labelled, item, report)

    def awaits(self, controls: Controls) -> bool:
        """Whether the canvas is empty only because the proposal is not on it yet."""
        labelled = current(controls.session)
        return labelled.is_untouched(controls.on_canvas) and proposes(self.models.pipeline(controls.model), labelled)

    @staticmethod
    def propose(pipeline: Pipeline, labelled: LabelSet, item: Item, progress: Progress) -> None:
        """Read a photo as everywhere, in the set's classes. What came ahead in the meantime is taken."""
        palette = labelled.palette

        def report(done: int, total: int) -> None:
            progress(done, total)
            if item.proposal is not None:
                raise Arrived

        try:
            proposal = read(pipeline, labelled, item, report)
        except Arrived:
            return
        if labelled.palette is palette:
            item.proposal = proposal


class Arrived(Exception):
    """The proposal is there already."""


def read(pipeline: Pipeline, labelled: LabelSet, item: Item, progress: Progress) -> Proposal:
    """A model's proposal for a photo, at the photo's size. Faces are found and aligned first."""
    part = part_for(item.pixels(), pipeline.palette)
    result = pipeline.segment(pipeline.read_request(np.ascontiguousarray(part.crop)), progress)
    background = pipeline.palette.background
    labels = part.back(result.labels, outside=background)
    margin = part.back(np.rint(255 * np.clip(result.margin, 0, 1)).astype(np.uint8), outside=255)
    if pipeline.palette == labelled.palette:
        return Proposal(pack(labels), pack(margin))
    table, _ = ids_between(pipeline.palette, labelled.palette)
    own = table[labels]
    margin = np.where(own == labelled.palette.background, 255, margin)  # of what has no name here nothing is known
    return Proposal(pack(own), pack(margin))


def proposes(pipeline: Pipeline, labelled: LabelSet) -> bool:
    """Whether the model has a class of the set."""
    return pipeline.palette == labelled.palette or bool(ids_between(pipeline.palette, labelled.palette)[1])


def show(labelled: LabelSet, doubt: bool) -> View:
    """The canvas with a photo of the set under its layout."""
    item, palette = labelled.item, labelled.palette
    margin = item.margin() if item.labels is None else None
    regions = spots(margin, item.mask(palette)) if margin is not None else None
    painter = {
        **painter_props(palette),
        "model": "",  # the canvas is no model's
        "value": Sheet(item.mask(palette), labelled.shown),
        "photo": data_url(item.file, KINDS[item.suffix]),
        "heat": doubt_url(margin) if doubt and margin is not None else "",
        "spots": pack_labels(regions) if regions is not None and regions.any() else "",
    }
    height, width = item.shape
    return View(painter=painter, shape=style_of(width / height), film=None, draft="", before="")


def guidance(pipeline: Pipeline, labelled: LabelSet, item: Item) -> str:
    """What there is to do about a photo."""
    if item.accepted:
        return "It is accepted; changes are kept."
    if item.labels is not None:
        return "As you left it."
    if item.proposal is None:
        return f"No class here has the name of one of the model {pipeline.name}: paint it from nothing."
    if pipeline.palette != labelled.palette:
        names = ", ".join(readable(name)["name"] for name in ids_between(pipeline.palette, labelled.palette)[1])
        return f"The model {pipeline.name} proposes {names}; the other classes are yours to paint."
    return "Correct the proposal, then Enter."


def spots(margin: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The unsure regions of a proposal, each of one class, the most doubtful first: their numbers from 1, (H, W) uint8.

    The lines between classes are always unsure; what is no wider than they are is left out.
    """
    width = max(3, round(max(margin.shape) / 48)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    unsure = cv2.morphologyEx((margin < UNSURE).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    regions: list[tuple[float, np.ndarray]] = []
    for class_id in np.unique(labels[unsure > 0]):
        count, numbers = cv2.connectedComponents(unsure * (labels == class_id).astype(np.uint8))
        doubt = np.bincount(numbers.ravel(), (UNSURE - margin).ravel(), minlength=count)
        areas = np.bincount(numbers.ravel(), minlength=count)
        regions += [(doubt[i], numbers == i) for i in range(1, count) if areas[i] >= SMALLEST_SPOT * margin.size]
    found = np.zeros(margin.shape, np.uint8)
    for number, (_, region) in enumerate(sorted(regions, key=lambda r: -r[0])[:MOST_SPOTS], 1):
        found[region] = number
    return found


def current(session: Session) -> LabelSet:
    """The set on the canvas.

    Raises:
        InputError: there is none.
    """
    if session.labelling is None:
        raise InputError("the canvas shows no photo of a set; open photos, or press “Back to the set”")
    return session.labelling
