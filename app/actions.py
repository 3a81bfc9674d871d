"""What happens when something is pressed: from the components' values to their new values.

Every action catches the visitor's mistakes and says them in one sentence; what was painted stays as it is.
"""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.images import is_layout, read_layout, read_photo, write_layout
from semflow_core.pipeline import SemFlowPipeline
from semflow_core.registry import load_pipeline
from semflow_core.request import (
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
    pack_labels,
    pack_photo,
    unpack_labels,
)

from .examples import first_layout, load_examples
from .painter import painter_props, sentence
from .photos import data_url, fit_layout, fit_photo, png_bytes, underlay_url
from .session import Cancelled, Session, new_seed

SURE = 0.5  # a pixel is called clearly decided when its colour is at most a quarter of the anchors' spacing off
NO_PATH = "Show the path to see how this photo and its layout turn into each other."


def tells(action: Callable[..., Any]) -> Callable[..., Any]:
    """Say a mistake as a warning, and keep quiet about cancelled work; in both cases nothing changes."""

    @functools.wraps(action)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return action(*args, **kwargs)
        except Cancelled:
            return gr.skip()
        except InputError as error:
            gr.Warning(sentence(error))
            return gr.skip()

    return wrapped


class Actions:
    """The actions of one studio; `models` are folders to look for models in, beside the shipped ones."""

    def __init__(self, models: list[Path]) -> None:
        self.models = models

    def pipeline(self, model: str) -> SemFlowPipeline:
        """The model by name, loaded once.

        Raises:
            InputError: there is no such model.
        """
        return load_pipeline(model, self.models)

    # ---- layout -> photo ---------------------------------------------------------------------------

    @tells
    def paint(
        self, session: Session, model: str, labels: np.ndarray, steps: int, seed: int, locked: bool,
        solver: str, grid: str, beta: float,
    ) -> tuple[Any, ...]:  # fmt: skip
        """The canvas -> (photo, seed, player, status)."""
        seed = int(seed or 0) if locked else new_seed()
        request = synthesis_request(model, labels, steps, seed, solver, grid, beta)
        started = time.perf_counter()
        photo = session.paint(self.pipeline(model), request)
        how = "from memory" if session.recalled else f"in {time.perf_counter() - started:.1f} s"
        status = f"Painted {how} with {steps} {'step' if steps == 1 else 'steps'} of {solver}, seed {seed}."
        return photo, seed, gr.update(value=None), status

    def stroke(self, live: bool, *inputs: Any) -> Any:
        """A finished stroke: paints if `live`; otherwise the picture waits for its button."""
        if live:
            return self.paint(*inputs)
        return gr.skip(), gr.skip(), gr.skip(), "Layout changed. Press “Paint it” for its photo."

    def another(self, *inputs: Any) -> Any:
        """The dice: the same layout under a new seed."""
        session, model, labels, steps, _, _, *how = inputs
        return self.paint(session, model, labels, steps, new_seed(), True, *how)

    # ---- opening files -----------------------------------------------------------------------------

    @tells
    def open(self, file: str, session: Session, model: str, steps: int, solver: str) -> tuple[Any, ...]:
        """A file -> (painter, photo, player, status, steps, seed, solver, grid, beta).

        A photo is segmented; a layout lands as it is; a project brings its settings along. The photo of
        the last two comes with `finish_open`.
        """
        pipeline = self.pipeline(model)
        if Path(file).suffix.lower() == ".json":
            return self._open_project(file, session, pipeline)
        if is_layout(file, pipeline.palette, pipeline.codebook):
            labels = read_layout(file, pipeline.palette, pipeline.codebook)
            return self._land_layout(labels, session, pipeline) + (gr.skip(),) * 5
        photo, cropped = fit_photo(read_photo(file), *canvas_size(pipeline))
        started = time.perf_counter()
        # the grid stays even here: segmentation contracts, and needs no more steps near t=1 than elsewhere
        request = SegmentationRequest(model=model, steps=steps, solver=solver, photo=pack_photo(photo))
        result = session.read(pipeline, photo, request)
        status = (
            f"Read in {time.perf_counter() - started:.1f} s: {len(np.unique(result.labels))} classes, "
            f"{100 * float((result.margin > SURE).mean()):.0f} % of the picture clearly decided."
            + _cropped(cropped, pipeline)
        )
        painter = gr.update(value=result.labels, photo=underlay_url(photo))
        return painter, photo, gr.update(value=None), status, *(gr.skip(),) * 5

    def _open_project(self, file: str, session: Session, pipeline: SemFlowPipeline) -> tuple[Any, ...]:
        try:
            text = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise InputError(f"{Path(file).name} cannot be read as text") from None
        request = SynthesisRequest.from_json(text)
        if request.model != pipeline.name:
            raise InputError(f"this project was made with the model '{request.model}'; choose that model first")
        if request.class_seeds or request.offsets or request.spectrum not in (None, pipeline.perturbation.spectrum):
            # opening it as another photo than it stands for would be worse
            raise InputError(
                "this project has a perturbation that the studio cannot show yet (regions of their own seed or style, "
                "another spectrum); make its photo from Python"
            )
        labels = unpack_labels(request.layout)
        pipeline.palette.index(labels)  # refuses ids that are no class
        beta = pipeline.perturbation.beta if request.beta is None else request.beta
        settings = (request.steps, request.seed, request.solver, request.grid, beta)
        return self._land_layout(labels, session, pipeline) + settings

    def _land_layout(self, labels: np.ndarray, session: Session, pipeline: SemFlowPipeline) -> tuple[Any, ...]:
        session.begin()
        session.opened = False
        fitted, cropped = fit_layout(labels, *canvas_size(pipeline))
        status = "Opened a layout." + _cropped(cropped, pipeline)
        return gr.update(value=fitted, photo=""), gr.skip(), gr.update(value=None), status

    def finish_open(self, session: Session, *inputs: Any) -> Any:
        """Paint what was opened, unless it was a photo."""
        return gr.skip() if session.opened else self.paint(session, *inputs)

    # ---- the path ----------------------------------------------------------------------------------

    @tells
    def path(
        self, session: Session, model: str, labels: np.ndarray, steps: int, seed: int, solver: str, grid: str,
        beta: float, frames: int, progress: gr.Progress = gr.Progress(),  # noqa: B008 (how Gradio finds it)
    ) -> tuple[Any, ...]:  # fmt: skip
        """The photo that was opened, or else the canvas -> (player, status)."""
        progress(0, desc="Walking the path")
        if session.opened and session.photo is not None:
            start = "photo"
            request = TrajectoryRequest(
                model=model, steps=steps, solver=solver, frames=frames, photo=pack_photo(session.photo)
            )
        else:
            start = "layout"
            layout = synthesis_request(model, labels, steps, seed, solver, grid, beta)
            request = TrajectoryRequest(
                model=model, steps=steps, solver=solver, frames=frames, layout=layout.layout,
                seed=layout.seed, grid=grid, beta=layout.beta,
            )  # fmt: skip

        def report(done: int, n: int) -> None:
            progress((done, n), desc="Walking the path" if done < n else "Drawing its moments", unit="steps")

        result = session.walk(self.pipeline(model), request, report)
        return (
            result.times,
            result.frames,
        ), f"The path from your {start}: {frames} moments, {steps} steps of {solver}."

    # ---- the rest ----------------------------------------------------------------------------------

    @tells
    def switch(self, session: Session, model: str) -> tuple[Any, ...]:
        """Another model -> (painter, photo, player, look, beta). Its photo comes with the next `paint`."""
        pipeline = self.pipeline(model)
        width, height = canvas_size(pipeline)
        session.begin()
        session.photo, session.opened = None, False
        props = painter_props(pipeline.palette, load_examples(pipeline.palette, width, height))
        painter = gr.update(value=first_layout(pipeline.palette, width, height), photo="", **props)
        return painter, None, gr.update(value=None), look(pipeline), gr.update(**beta_range(pipeline))

    @tells
    def save(
        self, what: str, session: Session, model: str, labels: np.ndarray, steps: int, seed: int, solver: str,
        grid: str, beta: float,
    ) -> dict[str, str]:  # fmt: skip
        """A download: {name, url}. `what` is photo, ids, colours or project."""
        palette = self.pipeline(model).palette
        if what == "photo":
            if session.photo is None:
                raise InputError("there is no photo yet; paint one or open one")
            return _download("photo.png", png_bytes(session.photo), "image/png")
        palette.index(labels)  # refuses ids that are no class
        if what == "colours":
            return _download("layout_colours.png", png_bytes(palette.colorize(labels)), "image/png")
        if what == "project":
            request = synthesis_request(model, labels, steps, seed, solver, grid, beta)
            return _download("project.json", request.to_json().encode(), "application/json")
        with tempfile.TemporaryDirectory() as folder:
            write_layout(Path(folder) / "layout.png", labels, palette)
            return _download("layout.png", (Path(folder) / "layout.png").read_bytes(), "image/png")


def synthesis_request(
    model: str, labels: np.ndarray, steps: int, seed: float | None, solver: str, grid: str, beta: float
) -> SynthesisRequest:
    """The components' values as a request. An emptied seed field is seed 0.

    Raises:
        InputError: a value is out of bounds.
    """
    return SynthesisRequest(
        model=model, steps=int(steps), solver=solver, grid=grid, beta=float(beta), seed=int(seed or 0),
        layout=pack_labels(labels),
    )  # fmt: skip


def canvas_size(pipeline: SemFlowPipeline) -> tuple[int, int]:
    """(width, height) of the canvas and of every picture shown."""
    return round(pipeline.size * pipeline.aspect), pipeline.size


def look(pipeline: SemFlowPipeline) -> str:
    """A style sheet that gives every frame the model's shape, so that nothing jumps when pictures come."""
    return f"<style>:root {{ --aspect: {pipeline.aspect:g} }}</style>"


def beta_range(pipeline: SemFlowPipeline) -> dict[str, Any]:
    """The amplitude slider: up to the last half below s/2, where classes would stop surviving."""
    half_steps = int(np.ceil(2 * pipeline.codebook.max_beta)) - 1
    return {"maximum": half_steps / 2, "value": pipeline.perturbation.beta}


def _cropped(cropped: bool, pipeline: SemFlowPipeline) -> str:
    shape = "square" if pipeline.aspect == 1 else f"{pipeline.aspect:g}:1 part"
    return f" Cropped to its centred {shape}." if cropped else ""


def _download(name: str, data: bytes, kind: str) -> dict[str, str]:
    return {"name": name, "url": data_url(data, kind)}
