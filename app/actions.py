"""What happens when something is pressed: from the components' values to their new values.

Every action catches the visitor's mistakes and says them in one sentence; what was painted stays as it is.
"""

from __future__ import annotations

import functools
import inspect
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette
from semflow_core.pictures.align import align, is_of_faces, whole
from semflow_core.pictures.layouts import is_layout, open_layout, write_layout
from semflow_core.pictures.photos import read_photo
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests.packing import pack_labels, pack_photo, unpack_labels
from semflow_core.requests.requests import SegmentationRequest, SynthesisRequest

from . import zero
from .examples import first_layout, load_examples
from .painter import painter_props, sentence
from .photos import data_url, fit_layout, fit_photo, png_bytes, shape_photo, underlay_url
from .project import EditProject, read_project, reopened, save_project
from .regions import Regions, region_name
from .session import Cancelled, Session, Source, new_seed

SURE = 0.5  # a pixel is called clearly decided when its colour is at most a quarter of the anchors' spacing off
WIDE = 1.5  # width over height from which three pictures beside each other would be too small to paint in
# the grid-template of app/studio.css for those: layout and photo, the path below them
TWO_COLUMNS = '"layout result" auto "layout more" auto "path more" 1fr / calc((100% - 154px) / 2 + 134px) 1fr'
UNCHANGED = "The photo as it is: repaint a part of its layout, and only that part changes."


def tells(action: Callable[..., Any]) -> Callable[..., Any]:
    """Say a mistake as a warning, and keep quiet about cancelled work; in both cases nothing (more) changes."""
    if inspect.isgeneratorfunction(action):

        @functools.wraps(action)
        def stepwise(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from action(*args, **kwargs)
            except (Cancelled, InputError) as error:
                _say(error)
                yield gr.skip()

        return stepwise

    @functools.wraps(action)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return action(*args, **kwargs)
        except (Cancelled, InputError) as error:
            _say(error)
            return gr.skip()

    return wrapped


def _say(error: Exception) -> None:
    if isinstance(error, InputError):
        gr.Warning(sentence(error))


class Actions:
    """The actions of one studio; `models` are folders to look for models in, beside the shipped ones."""

    def __init__(self, models: list[Path], device: str = "cpu") -> None:
        self.models, self.device = models, device

    def pipeline(self, model: str) -> SemFlowPipeline:
        """The model by name, loaded once.

        Raises:
            InputError: there is no such model or device.
        """
        return zero.pipeline(model, self.models, self.device)

    def recolours(self, model: str) -> bool:
        """Whether a model can give a region of a photo another colour."""
        return self.pipeline(model).appearance is not None

    # ---- layout -> photo ---------------------------------------------------------------------------

    @tells
    def paint(
        self,
        session: Session,
        model: str,
        labels: np.ndarray,
        steps: int,
        seed: int,
        locked: bool,
        solver: str,
        grid: str,
        beta: float,
        draft: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        """The canvas -> (photo, seed, player, status), drafts first; `draft` stops at the first of them."""
        if locked:
            seed = int(seed or 0)
        else:
            seed = new_seed()
            session.regions.renew()
        request = synthesis_request(model, labels, steps, seed, solver, grid, beta, session.regions)
        if session.unchanged(labels, self.recolours(model)):
            yield session.show_base(), seed, gr.update(value=None), UNCHANGED
            return
        started = time.perf_counter()
        for painted in session.paint(self.pipeline(model), session.wanted(request), draft):
            if painted.last:
                how = "from memory" if painted.recalled else f"in {time.perf_counter() - started:.1f} s"
                did = "Edited" if session.opened else "Painted"
                status = f"{did} {how} with {count_steps(steps)} of {solver}, seed {seed}."
                status += exchanged_sides(self.pipeline(model).palette, labels)
            else:
                status = f"A draft of {count_steps(painted.steps)}; {int(steps)} are on their way."
            yield painted.photo, seed, gr.update(value=None), status

    def stroke(self, live: bool, *inputs: Any) -> Iterator[Any]:
        """A finished stroke: paints if `live`; else the picture waits for its button, unless it is there."""
        session, model, labels, *_ = inputs
        if live or session.unchanged(labels, self.recolours(model)):
            yield from self.paint(*inputs)
        else:
            yield gr.skip(), gr.skip(), gr.skip(), "Layout changed. Press “Paint it” for its photo."

    def another(self, *inputs: Any) -> Iterator[Any]:
        """The dice: the same layout under a new seed. Locked regions stay."""
        session, model, labels, steps, _, _, *how = inputs
        session.regions.renew()
        yield from self.paint(session, model, labels, steps, new_seed(), True, *how)

    def reseed(self, live: bool, session: Session, *inputs: Any) -> Iterator[Any]:
        """A seed was typed: another picture, unless it is the one that is there."""
        seed = inputs[3]
        if int(seed or 0) != session.seed_shown(seed):
            session.regions.renew()
        yield from self.stroke(live, session, *inputs)

    # ---- opening files -----------------------------------------------------------------------------

    @tells
    def open(self, files: str | list[str], session: Session, model: str) -> tuple[Any, ...]:
        """What was opened -> (painter, photo, player, status, steps, seed, solver, grid, beta).

        A photo is segmented; a layout, or several files that are the parts of one, lands as it is; a project brings
        its settings along, and the photo that it edits. The picture of the last two comes with `finish_open`.
        """
        pipeline = self.pipeline(model)
        paths = [Path(f) for f in ([files] if isinstance(files, str) else files)]
        file = paths[0]
        if len(paths) == 1 and file.suffix.lower() == ".json":
            return self._open_project(file, session, pipeline)
        if len(paths) > 1 or is_layout(file, pipeline.palette, pipeline.codebook):
            source = paths if len(paths) > 1 else file
            layout = open_layout(source, pipeline.palette, pipeline.codebook)
            landed = self._land_layout(layout.labels, session, pipeline) + (gr.skip(),) * 5
            if layout.note:
                gr.Info(layout.note)  # the status will speak of the photo in a moment
            return landed
        taken = read_photo(file)
        framed = (align if is_of_faces(pipeline.palette) else whole)(taken)
        photo, way, cropped = shape_photo(framed, pipeline.aspect)
        small, _ = fit_photo(photo, *canvas_size(pipeline))
        started = time.perf_counter()
        result = session.read(pipeline, photo, reading(pipeline, small), Source(taken, way))
        status = (
            f"Read in {time.perf_counter() - started:.1f} s: {len(np.unique(result.labels))} classes, "
            f"{100 * float((result.margin > SURE).mean()):.0f} % of the picture clearly decided."
            + (f" {framed.note}" if framed.note else _cropped(cropped, pipeline))
        )
        painter = gr.update(value=result.labels, photo=underlay_url(small), heat="")
        return painter, photo, gr.update(value=None), status, *(gr.skip(),) * 5

    def _open_project(self, file: Path, session: Session, pipeline: SemFlowPipeline) -> tuple[Any, ...]:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise InputError(f"{file.name} cannot be read as text") from None
        request = read_project(text)
        if request.model != pipeline.name:
            raise InputError(f"this project was made with the model '{request.model}'; choose that model first")
        return self.open_request(request, session, pipeline)

    def open_request(self, request: SynthesisRequest, session: Session, pipeline: SemFlowPipeline) -> tuple[Any, ...]:
        """A project of this pipeline's -> the outputs of `open`.

        Raises:
            InputError: it cannot be shown as it is.
        """
        if request.spectrum not in (None, pipeline.perturbation.spectrum):
            # opening it as another photo than it stands for would be worse
            raise InputError(
                f"this project's perturbation is '{request.spectrum}', which the studio does not show; "
                "make its photo from Python"
            )
        labels = unpack_labels(request.layout)
        pipeline.palette.index(labels)  # refuses ids that are no class
        beta = pipeline.perturbation.beta if request.beta is None else request.beta
        settings = (request.steps, request.seed, request.solver, request.grid, beta)
        # read before anything changes: a damaged photo leaves everything as it is
        size = canvas_size(pipeline)
        own, styles = reopened(request, pipeline.palette, *size) if isinstance(request, EditProject) else (None, {})
        painter, *landed = self._land_layout(labels, session, pipeline)
        if own is not None:
            session.reopen(own, styles)
            painter["photo"] = underlay_url(fit_photo(own.base, *size)[0])
        session.regions = Regions.of(request)
        return painter, *landed, *settings

    def _land_layout(self, labels: np.ndarray, session: Session, pipeline: SemFlowPipeline) -> tuple[Any, ...]:
        session.close()
        fitted, cropped = fit_layout(labels, *canvas_size(pipeline))
        status = "Opened a layout." + _cropped(cropped, pipeline)
        return gr.update(value=fitted, photo="", heat=""), gr.skip(), gr.update(value=None), status

    def finish_open(self, session: Session, *inputs: Any) -> Iterator[Any]:
        """Paint what was opened with the seed it brought, kept or not, unless it was a photo."""
        if session.opened:
            yield gr.skip()
        else:
            model, labels, steps, seed, _, *how = inputs
            yield from self.paint(session, model, labels, steps, seed, True, *how)

    # ---- the rest ----------------------------------------------------------------------------------

    @tells
    def switch(self, session: Session, model: str, *held: Any) -> tuple[Any, ...]:
        """Another model -> (look, painter, photo, player, status, steps, seed, solver, grid, beta).

        It comes back as it was left, or starts with an example and the settings that are there (`held`).
        """
        pipeline = self.pipeline(model)
        width, height = canvas_size(pipeline)
        left = session.switch(model, held)
        props = painter_props(pipeline.palette, load_examples(pipeline.palette, width, height))
        own = session.own
        under = underlay_url(fit_photo(own.base, width, height)[0]) if own is not None else ""
        labels, *settings = left or (first_layout(pipeline.palette, width, height), *(gr.skip(),) * 4, None)
        beta = beta_range(pipeline)
        if settings[-1] is not None:
            beta["value"] = settings[-1]
        painter = gr.update(value=labels, photo=under, heat="", **props)
        status = f"{model}: as you left it." if left else f"{model}: a layout to start from."
        return look(pipeline), painter, session.photo, gr.update(value=None), status, *settings[:-1], gr.update(**beta)

    def arrive(self, live: bool, session: Session, *inputs: Any) -> Iterator[Any]:
        """Another model's layout is there: painted with the seed shown if `live`; else it waits for its button."""
        if live:
            model, labels, steps, seed, _, *how = inputs
            yield from self.paint(session, model, labels, steps, seed, True, *how)
        elif session.photo is None:
            yield gr.skip(), gr.skip(), gr.skip(), "Press “Paint it” for the photo of this layout."
        else:
            yield gr.skip()

    @tells
    def save(
        self,
        what: str,
        session: Session,
        model: str,
        labels: np.ndarray,
        steps: int,
        seed: int,
        solver: str,
        grid: str,
        beta: float,
    ) -> dict[str, str]:
        """A download: {name, url}. `what` is photo, ids, colours or project."""
        palette = self.pipeline(model).palette
        if what == "photo":
            if session.photo is None:
                raise InputError("there is no photo yet; paint one or open one")
            return download_of("photo.png", png_bytes(session.photo), "image/png")
        palette.index(labels)  # refuses ids that are no class
        if what == "colours":
            return download_of("layout_colours.png", png_bytes(palette.colorize(labels)), "image/png")
        if what == "project":
            request = synthesis_request(model, labels, steps, seed, solver, grid, beta, session.regions)
            return download_of("project.json", save_project(request, session).encode(), "application/json")
        return layout_download(labels, palette)


def synthesis_request(
    model: str,
    labels: np.ndarray,
    steps: int,
    seed: float | None,
    solver: str,
    grid: str,
    beta: float,
    regions: Regions,
) -> SynthesisRequest:
    """The components' values as a request. An emptied seed field is seed 0.

    Raises:
        InputError: a value is out of bounds.
    """
    return SynthesisRequest(
        model=model,
        steps=int(steps),
        solver=solver,
        grid=grid,
        beta=float(beta),
        seed=int(seed or 0),
        layout=pack_labels(labels),
        **regions.fields(),
    )


def exchanged_sides(palette: Palette, labels: np.ndarray) -> str:
    """What to say of a layout whose left and right are exchanged; "" where they are not."""
    pairs = palette.exchanged(labels)
    if not pairs:
        return ""
    names = " and ".join(region_name(palette, left).replace(" + ", "/") for left, _ in pairs)
    return f" {names.capitalize()}: exchanged? A person's left is on the picture's right."


def count_steps(steps: float) -> str:
    """ "1 step", "8 steps"."""
    return f"{int(steps)} {'step' if steps == 1 else 'steps'}"


def reading(pipeline: SemFlowPipeline, photo: np.ndarray) -> SegmentationRequest:
    """How the studio reads a photo: as the model does it best, whatever its pictures are painted with."""
    return SegmentationRequest(model=pipeline.name, photo=pack_photo(photo), **pipeline.reading)


def canvas_size(pipeline: SemFlowPipeline) -> tuple[int, int]:
    """(width, height) of the canvas and of every picture shown."""
    return round(pipeline.size * pipeline.aspect), pipeline.size


def look(pipeline: SemFlowPipeline) -> str:
    """A style sheet that gives every frame the model's shape, so that nothing jumps when pictures come."""
    columns = f"; --columns: {TWO_COLUMNS}" if pipeline.aspect >= WIDE else ""
    return f"<style>:root {{ --aspect: {pipeline.aspect:g}{columns} }}</style>"


def beta_range(pipeline: SemFlowPipeline) -> dict[str, Any]:
    """The amplitude slider: up to the last half below s/2, where classes would stop surviving."""
    half_steps = int(np.ceil(2 * pipeline.codebook.max_beta)) - 1
    return {"maximum": half_steps / 2, "value": pipeline.perturbation.beta}


def _cropped(cropped: bool, pipeline: SemFlowPipeline) -> str:
    shape = "square" if pipeline.aspect == 1 else f"{pipeline.aspect:g}:1 part"
    return f" Cropped to its centred {shape}." if cropped else ""


def layout_download(labels: np.ndarray, palette: Palette) -> dict[str, str]:
    """Class ids as an index PNG in the palette's colours."""
    with tempfile.TemporaryDirectory() as folder:
        write_layout(Path(folder) / "layout.png", labels, palette)
        return download_of("layout.png", (Path(folder) / "layout.png").read_bytes(), "image/png")


def download_of(name: str, data: bytes, kind: str) -> dict[str, str]:
    """What the page makes a download of (page.SAVE_JS): {name, url}."""
    return {"name": name, "url": data_url(data, kind)}
