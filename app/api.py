"""The HTTP endpoints: files in, files out, for gradio_client, curl and, with --mcp, agents (docs/api.md).

They are hidden components of the same page, so that Gradio checks uploads and serves results as it does for
people. The functions' docstrings are the endpoints' documentation.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.pictures.layouts import is_layout, read_layout, write_layout
from semflow_core.pictures.photos import read_photo, write_photo
from semflow_core.requests.packing import pack_labels, pack_photo
from semflow_core.requests.requests import (
    EditRequest,
    MorphRequest,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)

from .actions import Actions
from .painter import sentence

MAX_VARIATIONS = 16


class PictureFile(gr.Image):
    """A picture as the file it was, which keeps the ids of L and P PNGs: `semflow_core.images` reads it, or refuses it
    in a sentence, where Gradio would only say that something was raised.
    """

    def get_block_name(self) -> str:
        return "image"  # the page's own component

    def preprocess(self, payload: Any) -> str | None:
        if payload is not None and not payload.path:
            return cast(str, super().preprocess(payload))  # a data URL
        return payload and payload.path


class WholeNumber(gr.Number):
    """A whole number. Anything else is the caller's mistake, and said as such."""

    def get_block_name(self) -> str:
        return "number"

    def preprocess(self, payload: Any) -> int:
        if isinstance(payload, bool) or not isinstance(payload, (int, float)) or payload % 1 != 0:
            mistake = InputError(f"{self.label} is {str(payload)[:60]!r}; it must be a whole number")
            raise gr.Error(sentence(mistake), print_exception=False)
        return int(payload)


def add_endpoints(actions: Actions, model: str) -> None:
    """Define the endpoints inside the current Blocks; `model` is their default."""
    best = SegmentationRequest(**actions.pipeline(model).reading)
    with gr.Row(visible=False):
        file = functools.partial(PictureFile, type="filepath")
        picture, after = file(label="picture"), file(label="layout")
        before, other = file(label="before"), file(label="other")
        name = gr.Textbox(model, label="model")
        steps = WholeNumber(8, precision=0, label="steps")
        seed = WholeNumber(0, precision=0, label="seed")
        other_seed = WholeNumber(1, precision=0, label="other_seed")
        solver = gr.Textbox("euler", label="solver")
        grid = gr.Textbox("quadratic", label="grid")
        even = gr.Textbox("uniform", label="grid")
        colors = gr.Textbox("", label="colors")
        read_steps = WholeNumber(best.steps, precision=0, label="steps")
        mirror = gr.Checkbox(best.mirror, label="mirror")
        smooth = gr.Number(best.smooth, label="smooth")
        count = WholeNumber(4, precision=0, label="count")
        frames = WholeNumber(25, precision=0, label="frames")
        photo = gr.Image(type="filepath", format="png", label="photo")
        changed = gr.Image(type="filepath", format="png", label="changed")
        layout = gr.Image(type="filepath", format="png", label="layout")
        photos = gr.File(file_count="multiple", label="photos")
        seeds = gr.JSON(label="seeds")
        places = gr.JSON(label="places")
        button = gr.Button()

    def packed_layout(path: str | None, model: str, what: str = "layout") -> str:
        pipeline = actions.pipeline(model)
        return pack_labels(read_layout(_given(path, what), pipeline.palette, pipeline.codebook))

    def save_all(pictures: list[np.ndarray]) -> list[str]:
        folder = _folder(photos)
        paths = [folder / f"{i:03d}.png" for i in range(len(pictures))]
        for path, one in zip(paths, pictures):
            write_photo(path, one)
        return [str(p) for p in paths]

    def colored(text: str, model: str) -> Any:
        """ "hair=#b5651d, cloth=#203080" -> offsets."""
        words = [word.partition("=") for word in (text or "").split(",") if word.strip()]
        return actions.pipeline(model).colors.offsets((name.strip(), color) for name, _, color in words)

    def synthesize(picture: str, model: str, steps: int, seed: int, solver: str, grid: str, colors: str = "") -> str:
        """Make a photo from a layout.

        Args:
            picture: the layout: a PNG of class ids (modes L or P), or a picture in the palette's colours.
            model: a model's name.
            steps: solver steps, 1 to 1000.
            seed: another seed gives another photo of the same layout.
            solver: euler, ab2, midpoint, heun, rk4, rk45 or leapfrog.
            grid: times of the steps: uniform, quadratic or cubic.
            colors: mean colours of classes, such as "hair=#b5651d, cloth=#203080"; the others are drawn by the seed.

        Returns:
            the photo, a PNG.
        """
        request = SynthesisRequest(
            model,
            steps,
            solver,
            layout=packed_layout(picture, model),
            seed=seed,
            grid=grid,
            offsets=colored(colors, model),
        )
        path = _folder(photo) / "photo.png"
        write_photo(path, actions.pipeline(model).synthesize(request).photo)
        return str(path)

    def segment(picture: str, model: str, steps: int, solver: str, grid: str, mirror: bool, smooth: float) -> str:
        """Find the layout of a photo.

        Args:
            picture: the photo.
            model: a model's name.
            steps: solver steps, 1 to 1000.
            solver: euler, ab2, midpoint, heun, rk4, rk45 or leapfrog.
            grid: times of the steps: uniform, quadratic or cubic.
            mirror: read the mirror image, too, and decide by both: better, at twice the work.
            smooth: let neighbours decide together, 0 to 16 pixels of the model's square.

        Returns:
            a PNG of class ids (mode P, ids as pixel values) at the photo's own size.
        """
        pipeline = actions.pipeline(model)
        packed = pack_photo(read_photo(_given(picture, "photo")))
        request = SegmentationRequest(model, steps, solver, packed, grid, mirror, smooth)
        result = pipeline.segment(request)
        path = _folder(layout) / "layout.png"
        write_layout(path, result.labels, pipeline.palette)
        return str(path)

    def edit(
        picture: str,
        layout: str,
        model: str,
        steps: int,
        seed: int,
        solver: str,
        grid: str,
        before: str | None = None,
        colors: str = "",
    ) -> tuple[str, str]:
        """Change in a photo what was changed in its layout, and nothing else.

        Args:
            picture: the photo.
            layout: its layout after the change, as for /synthesize.
            model: a model's name.
            steps: solver steps, 1 to 1000.
            seed: another seed gives new regions another look.
            solver: euler, ab2, midpoint, heun, rk4, rk45 or leapfrog.
            grid: times of the steps: uniform, quadratic or cubic.
            before: its layout before the change; without it the model's own segmentation.
            colors: as for /synthesize; regions that are not named keep the photo's.

        Returns:
            the changed photo at its own size, and a grey PNG that is white where it changed.
        """
        request = EditRequest(
            model,
            steps,
            solver,
            layout=packed_layout(layout, model),
            seed=seed,
            grid=grid,
            photo=pack_photo(read_photo(_given(picture, "photo"))),
            before=packed_layout(before, model) if before else "",
            offsets=colored(colors, model),
        )
        result = actions.pipeline(model).edit(request)
        folder = _folder(photo)
        write_photo(folder / "photo.png", result.photo)
        write_photo(folder / "changed.png", np.round(255 * result.changed).astype(np.uint8))
        return str(folder / "photo.png"), str(folder / "changed.png")

    def variations(
        picture: str, model: str, count: int, steps: int, seed: int, solver: str, grid: str
    ) -> tuple[list[str], list[int]]:
        """Make several photos from one layout, as one batch.

        Args:
            picture: the layout, as for /synthesize.
            model: a model's name.
            count: how many photos, 1 to 16.
            steps: solver steps, 1 to 1000.
            seed: the first photo's seed; the others have the seeds after it.
            solver: euler, ab2, midpoint, heun, rk4, rk45 or leapfrog.
            grid: times of the steps: uniform, quadratic or cubic.

        Returns:
            the photos, PNGs, and their seeds.
        """
        if not 1 <= count <= MAX_VARIATIONS:
            raise InputError(f"the number of variations is {count}; it must be from 1 to {MAX_VARIATIONS}")
        first = SynthesisRequest(model, steps, solver, layout=packed_layout(picture, model), seed=seed, grid=grid)
        requests = [replace(first, seed=seed + i) for i in range(count)]
        results = actions.pipeline(model).synthesize_many(requests)
        return save_all([r.photo for r in results]), [r.seed for r in requests]

    def trajectory(
        picture: str, model: str, steps: int, seed: int, solver: str, frames: int
    ) -> tuple[list[str], list[float]]:
        """Show how a photo and its layout turn into each other.

        Args:
            picture: a photo, or a layout as for /synthesize: the path starts from it.
            model: a model's name.
            steps: solver steps, 1 to 1000.
            seed: the seed, where a layout is given.
            solver: euler, ab2, midpoint, heun, rk4, rk45 or leapfrog.
            frames: how many moments, 2 to 240.

        Returns:
            PNGs along the path, and their times from 0 (photo) to 1 (layout).
        """
        pipeline = actions.pipeline(model)
        if is_layout(_given(picture, "photo or layout"), pipeline.palette, pipeline.codebook):
            start: dict[str, Any] = {"layout": packed_layout(picture, model), "seed": seed}
        else:
            start = {"photo": pack_photo(read_photo(picture))}
        result = pipeline.trajectory(TrajectoryRequest(model, steps, solver, frames=frames, **start))
        return save_all(list(result.frames)), list(result.times)

    def morph(
        picture: str,
        model: str,
        steps: int,
        seed: int,
        other_seed: int,
        solver: str,
        grid: str,
        frames: int,
        other: str | None = None,
    ) -> tuple[list[str], list[float]]:
        """Go from one layout and seed to another, a photo at each place between.

        Args:
            picture: the layout at the start, as for /synthesize.
            model: a model's name.
            steps: solver steps, 1 to 1000.
            seed: the seed at the start.
            other_seed: the seed at the end.
            solver: euler, ab2, midpoint, heun, rk4, rk45 or leapfrog.
            grid: times of the steps: uniform, quadratic or cubic.
            frames: how many photos, both ends included, 2 to 240.
            other: the layout at the end; without it the same one.

        Returns:
            PNGs along the way, and their places from 0 (start) to 1 (end).
        """
        request = MorphRequest(
            model,
            steps,
            solver,
            layout=packed_layout(picture, model),
            seed=seed,
            grid=grid,
            frames=frames,
            other_layout=packed_layout(other, model) if other else "",
            other_seed=other_seed,
        )
        result = actions.pipeline(model).morph(request)
        return save_all(list(result.frames)), list(result.shares)

    how = [solver, grid]
    for endpoint, inputs, outputs in (
        (synthesize, [picture, name, steps, seed, *how, colors], photo),
        (segment, [picture, name, read_steps, solver, even, mirror, smooth], layout),
        (edit, [picture, after, name, steps, seed, *how, before, colors], [photo, changed]),
        (variations, [picture, name, count, steps, seed, *how], [photos, seeds]),
        (trajectory, [picture, name, steps, seed, solver, frames], [photos, places]),
        (morph, [picture, name, steps, seed, other_seed, *how, frames, other], [photos, places]),
    ):
        button.click(
            _plain(endpoint),
            inputs,
            outputs,
            api_name=endpoint.__name__,
            concurrency_id="model",
            concurrency_limit=1,
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
