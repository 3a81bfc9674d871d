"""The HTTP endpoints: files in, files out, for gradio_client, curl and, with --mcp, agents (docs/api.md).

Each is one function. Its docstring is its documentation, to which `serving.documentation` adds the parameters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.grids import TO_IMAGE_GRID, TO_MASK_GRID
from semflow_core.method.limits import DEFAULT_FRAMES, DEFAULT_SEED, DEFAULT_SOLVER, DEFAULT_STEPS
from semflow_core.pictures.frames import layout_in_part, part_for
from semflow_core.pictures.layouts import is_layout, open_layout
from semflow_core.pictures.photos import open_photo
from semflow_core.requests import EditRequest, MorphRequest, SegmentationRequest, SynthesisRequest, TrajectoryRequest

from .serving import AS_THE_MODEL, endpoint
from .state.photos import png_bytes
from .values import (
    MAX_VARIATIONS,
    Align,
    AnyLayoutFile,
    Changed,
    Colors,
    Count,
    EditedPhoto,
    EitherFile,
    Frames,
    Grid,
    Ids,
    Layout,
    LayoutFile,
    Line,
    Mirror,
    Model,
    OtherLayoutFile,
    Photo,
    PhotoFile,
    Photos,
    Places,
    Seed,
    Seeds,
    Smooth,
    Solver,
    Steps,
    read_layout,
)


def _report(note: str) -> None:
    """A message of the response's stream."""
    if note:
        gr.Info(note)


DEFAULT: Any = None  # the model that the studio starts with


@endpoint
def synthesize(
    picture: LayoutFile,
    model: Model = DEFAULT,
    steps: Steps = DEFAULT_STEPS,
    seed: Seed = DEFAULT_SEED,
    solver: Solver = DEFAULT_SOLVER,
    grid: Grid = TO_IMAGE_GRID,
    colors: Colors = (),
) -> Photo:
    """Make a photo from a layout.

    Returns:
        the photo, a PNG.
    """
    request = SynthesisRequest(
        model=model.name, steps=steps, solver=solver, layout=picture, seed=seed, grid=grid, offsets=colors
    )
    return model.synthesize(request).photo


@endpoint
def read(picture: AnyLayoutFile, model: Model = DEFAULT, ids: Ids = "") -> tuple[Layout, Line]:
    """Read a layout that any program wrote, and say how it was read.

    Returns:
        a PNG of the model's class ids, and one line: the file's format, the classes with their shares, what was
        translated and what is uncertain.
    """
    layout = open_layout(picture, model.palette, model.codebook, ids.strip())
    return layout.labels, layout.line(model.palette)


@endpoint
def segment(
    picture: PhotoFile,
    model: Model = DEFAULT,
    steps: Steps = AS_THE_MODEL,
    solver: Solver = DEFAULT_SOLVER,
    grid: Grid = TO_MASK_GRID,
    mirror: Mirror = AS_THE_MODEL,
    smooth: Smooth = AS_THE_MODEL,
    align: Align = True,
) -> Layout:
    """Find the layout of a photo.

    Returns:
        a PNG of class ids (mode P, ids as pixel values) at the photo's own size; what was not looked at, around a face
        that was cut out, is the background.
    """
    part = part_for(picture.pixels, model.palette, align)
    request = SegmentationRequest(
        model=model.name, steps=steps, solver=solver, photo=part.crop, grid=grid, mirror=mirror, smooth=smooth
    )
    labels = model.segment(request).labels
    _report(part.note)
    return part.back(labels, outside=model.palette.background)


@endpoint
def edit(
    picture: PhotoFile,
    layout: LayoutFile,
    model: Model = DEFAULT,
    steps: Steps = DEFAULT_STEPS,
    seed: Seed = DEFAULT_SEED,
    solver: Solver = DEFAULT_SOLVER,
    grid: Grid = TO_IMAGE_GRID,
    before: OtherLayoutFile = None,
    colors: Colors = (),
    align: Align = True,
) -> tuple[EditedPhoto, Changed]:
    """Change in a photo what was changed in its layout, and nothing else.

    Args:
        layout: its layout after the change, as for /synthesize: of the whole photo, or of the face that is cut out.
        seed: another seed paints the new regions in another way.
        before: its layout before the change; without it the model's own segmentation.
        colors: as for /synthesize; regions that are not named keep the photo's.

    Returns:
        the changed photo at its own size, with its colour profile, EXIF and resolution, and a grey PNG that is white
        where it changed.
    """
    part = part_for(picture.pixels, model.palette, align)
    after, note = layout_in_part(layout, part, "after the change")
    earlier = None if before is None else layout_in_part(before, part, "before the change")[0]
    _report(f"{part.note} {note}".strip())
    request = EditRequest(
        model=model.name,
        steps=steps,
        solver=solver,
        photo=part.crop,
        layout=model.sized(after),
        before=None if earlier is None else model.sized(earlier),
        seed=seed,
        grid=grid,
        offsets=colors,
    )
    del after, earlier
    result = model.edit(request)
    photo, changed = result.photo, result.changed
    del result, request  # of 40 megapixels each copy counts, and they are not needed together
    edited = part.put_back(picture.pixels, part.crop, photo)
    del photo
    if part.changed:
        black, unchanged = np.zeros((*part.shape, 1), np.uint8), np.zeros((*changed.shape, 1), np.uint8)
        changed = part.put_back(black, unchanged, changed[..., None])[..., 0]
    return (picture, edited), png_bytes(changed)


@endpoint
def variations(
    picture: LayoutFile,
    model: Model = DEFAULT,
    count: Count = 4,
    steps: Steps = DEFAULT_STEPS,
    seed: Seed = DEFAULT_SEED,
    solver: Solver = DEFAULT_SOLVER,
    grid: Grid = TO_IMAGE_GRID,
) -> tuple[Photos, Seeds]:
    """Make several photos from one layout, as one batch.

    Args:
        picture: the layout, as for /synthesize.
        seed: the first photo's seed; the others have the seeds after it.

    Returns:
        the photos, PNGs, and their seeds.
    """
    if not 1 <= count <= MAX_VARIATIONS:
        raise InputError(f"the number of variations is {count}; it must be from 1 to {MAX_VARIATIONS}")
    first = SynthesisRequest(model=model.name, steps=steps, solver=solver, layout=picture, seed=seed, grid=grid)
    requests = [replace(first, seed=seed + i) for i in range(count)]
    return [result.photo for result in model.synthesize_many(requests)], [r.seed for r in requests]


@endpoint
def trajectory(
    picture: EitherFile,
    model: Model = DEFAULT,
    steps: Steps = DEFAULT_STEPS,
    seed: Seed = DEFAULT_SEED,
    solver: Solver = DEFAULT_SOLVER,
    frames: Frames = DEFAULT_FRAMES,
    align: Align = True,
) -> tuple[Photos, Places]:
    """Show how a photo and its layout turn into each other.

    Args:
        picture: a photo, or a layout as for /synthesize: the path starts from it.
        seed: the seed, where a layout is given.

    Returns:
        PNGs along the path, and their times from 0 (photo) to 1 (layout).
    """
    is_photo = not is_layout(picture, model.palette, model.codebook)
    request = TrajectoryRequest(
        model=model.name,
        steps=steps,
        solver=solver,
        frames=frames,
        seed=DEFAULT_SEED if is_photo else seed,
        photo=part_for(open_photo(picture).pixels, model.palette, align).crop if is_photo else None,
        layout=None if is_photo else read_layout(picture, model, "picture"),
    )
    result = model.trajectory(request)
    return list(result.frames), list(result.times)


@endpoint
def morph(
    picture: LayoutFile,
    model: Model = DEFAULT,
    steps: Steps = DEFAULT_STEPS,
    seed: Seed = DEFAULT_SEED,
    other_seed: Seed = 1,
    solver: Solver = DEFAULT_SOLVER,
    grid: Grid = TO_IMAGE_GRID,
    frames: Frames = DEFAULT_FRAMES,
    other: OtherLayoutFile = None,
) -> tuple[Photos, Places]:
    """Go from one layout and seed to another, a photo at each place between.

    Args:
        picture: the layout at the start, as for /synthesize.
        seed: the seed at the start.
        other_seed: the seed at the end.
        other: the layout at the end; without it the same one.

    Returns:
        PNGs along the way, and their places from 0 (start) to 1 (end).
    """
    request = MorphRequest(
        model=model.name,
        steps=steps,
        solver=solver,
        layout=picture,
        seed=seed,
        grid=grid,
        frames=frames,
        other_layout=other,
        other_seed=other_seed,
    )
    result = model.morph(request)
    return list(result.frames), list(result.shares)
