"""The HTTP endpoints /synthesize, /segment and /trajectory: files in, files out, for gradio_client and curl.

They are hidden components of the same page, so that Gradio checks uploads and serves results as it does for
people.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from semflow_core.errors import InputError
from semflow_core.images import is_layout, read_layout, read_photo, write_layout, write_photo
from semflow_core.request import (
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
    pack_labels,
    pack_photo,
)

from .actions import Actions
from .painter import sentence


def add_endpoints(actions: Actions, model: str) -> None:
    """Define the endpoints inside the current Blocks; `model` is their default."""
    with gr.Row(visible=False):
        # a layout must reach us as the file it was: image_mode=None keeps the ids of L and P PNGs
        picture = gr.Image(type="filepath", image_mode=None, label="picture")
        name = gr.Textbox(model, label="model")
        steps = gr.Number(8, precision=0, label="steps")
        seed = gr.Number(0, precision=0, label="seed")
        solver = gr.Textbox("euler", label="solver")
        grid = gr.Textbox("quadratic", label="grid")
        even = gr.Textbox("uniform", label="grid")
        frames = gr.Number(25, precision=0, label="frames")
        photo = gr.Image(type="filepath", format="png", label="photo")
        layout = gr.Image(type="filepath", format="png", label="layout")
        moments = gr.File(file_count="multiple", label="frames")
        times = gr.JSON(label="times")
        button = gr.Button()

    def synthesize(picture: str, model: str, steps: int, seed: int, solver: str, grid: str) -> str:
        """Layout (PNG of class ids, modes L or P, or in the palette's colours) -> photo PNG."""
        pipeline = actions.pipeline(model)
        labels = read_layout(_given(picture, "layout"), pipeline.palette, pipeline.codebook)
        request = SynthesisRequest(model, steps, solver, layout=pack_labels(labels), seed=seed, grid=grid)
        path = _folder(photo) / "photo.png"
        write_photo(path, pipeline.synthesize(request).photo)
        return str(path)

    def segment(picture: str, model: str, steps: int, solver: str, grid: str) -> str:
        """Photo -> PNG of class ids (mode P, ids as pixel values) at the photo's own size."""
        pipeline = actions.pipeline(model)
        packed = pack_photo(read_photo(_given(picture, "photo")))
        result = pipeline.segment(SegmentationRequest(model, steps, solver, photo=packed, grid=grid))
        path = _folder(layout) / "layout.png"
        write_layout(path, result.labels, pipeline.palette)
        return str(path)

    def trajectory(
        picture: str, model: str, steps: int, seed: int, solver: str, frames: int
    ) -> tuple[list[str], list[float]]:
        """Photo or layout -> PNGs along the path and their times, from 0 (photo) to 1 (layout)."""
        pipeline = actions.pipeline(model)
        if is_layout(_given(picture, "photo or layout"), pipeline.palette, pipeline.codebook):
            start: dict[str, Any] = {
                "layout": pack_labels(read_layout(picture, pipeline.palette, pipeline.codebook)),
                "seed": seed,
            }
        else:
            start = {"photo": pack_photo(read_photo(picture))}
        result = pipeline.trajectory(TrajectoryRequest(model, steps, solver, frames=frames, **start))
        folder = _folder(moments)
        paths = [folder / f"{i:03d}.png" for i in range(len(result.frames))]
        for path, frame in zip(paths, result.frames):
            write_photo(path, frame)
        return [str(p) for p in paths], list(result.times)

    shared: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
    button.click(_plain(synthesize), [picture, name, steps, seed, solver, grid], photo, api_name="synthesize", **shared)
    button.click(_plain(segment), [picture, name, steps, solver, even], layout, api_name="segment", **shared)
    button.click(
        _plain(trajectory),
        [picture, name, steps, seed, solver, frames],
        [moments, times],
        api_name="trajectory",
        **shared,
    )


def _plain(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The caller's mistakes become the error message of the response, as they stand."""

    @functools.wraps(endpoint)  # Gradio reads the parameters' names and the description off it
    def wrapped(*args: Any) -> Any:
        try:
            return endpoint(*args)
        except InputError as error:
            raise gr.Error(sentence(error), print_exception=False) from None

    return wrapped


def _given(path: str | None, what: str) -> str:
    if not path:
        raise InputError(f"no {what} was given")
    return path


def _folder(component: Any) -> Path:
    """A new folder in the component's cache: served from there, and deleted with the rest of it."""
    cache = Path(component.GRADIO_CACHE)
    cache.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=cache))
