"""Editing a photo through its layout, without inversion: repaint what changed, recolour what got another colour.

Around the changed region all is known: the photo's latents x at t=0, the changed layout's latents b at t=1 and the
straight path between them (Eq. 9). So the solve goes from t=1 to t=0 with the model's velocity where the layout
changed, and with the constant x - b of the straight path, seen backwards, elsewhere: it arrives at x there exactly, and
the network gets the photo taking shape around the region that it paints.

FlowEdit's difference of two velocities (arXiv 2412.08629) was tried on the same photos instead: new regions came out as
double exposures of what had been there (docs/method.md, "Edits").
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

from ..method.appearance import Offset
from ..method.flow import Velocity, times_to_image
from ..pictures.blending import composite, recolor, to_means
from ..requests import EditRequest
from . import reading
from .engine import Engine, Progress, Steps
from .results import Edit, Segmentation


@dataclass(frozen=True)
class Plan:
    """What an edit is made of.

    Attributes:
        request: the request, its `before` filled in and its offsets those of the photo and those asked for.
        asked: the regional offsets that the request asks for, by class id.
        own: the photo's own regional offsets, by class id; empty where the model's offsets say nothing of a photo.
        changed: (size, size) bool, where the layout changed: to be repainted.
        recoloured: (size, size) bool, where a class stays and gets an offset: to be recoloured.
    """

    request: EditRequest
    asked: dict[int, Offset]
    own: dict[int, Offset]
    changed: np.ndarray
    recoloured: np.ndarray

    @property
    def solves(self) -> int:
        """How many times the flow is solved, 0 to 2."""
        return int(self.changed.any()) + int(self.recoloured.any())


def edit(engine: Engine, request: EditRequest, progress: Progress | None = None) -> Edit:
    """Change in the photo what changed in its layout, and nothing else (docs/method.md, "Edits").

    With an appearance, a class that the request gives an offset is recoloured where its layout stayed.

    Args:
        progress: its total is known once the photo is segmented; before, it counts one solve.

    Raises:
        InputError: the photo or a layout does not fit this model.
    """
    read = engine.read_request(request.photo)
    segments = request.before is None or engine.appearance is None
    steps = Steps(progress, request.steps + (read.steps if segments else 0))
    segmentation = reading.segment(engine, [read], lambda *_: steps(), margins=False)[0] if segments else None
    plan = plan_of(engine, request, segmentation)
    del segmentation  # its labels have the photo's size
    steps.total += (plan.solves - 1) * request.steps
    photo, share = recolour(engine, plan, steps)
    if not plan.changed.any():
        return Edit(photo, share, engine.encode_photo(photo))
    repainted = repaint(engine, plan, photo, steps)
    np.maximum(repainted.changed, share, out=repainted.changed)
    return repainted


def plan_of(engine: Engine, request: EditRequest, segmentation: Segmentation | None) -> Plan:
    """What is to be repainted and what recoloured.

    Args:
        segmentation: the photo's; it is needed without a `before`, and without an appearance.

    Raises:
        InputError: an offset is for no class.
    """
    if request.before is None:
        assert segmentation is not None
        request = replace(request, before=engine.sized(segmentation.labels))
    assert request.before is not None
    before, after = engine.sized(request.before), engine.sized(request.layout)
    asked, own = dict(request.offsets), {}
    if engine.perturbation.regional_amplitude and request.spectrum in (None, engine.perturbation.spectrum):
        own = reading.photo_offsets(engine, request.photo, segmentation, before)  # a region that grows keeps its colour
    changed = before != after
    engine.colors.regions(after, changed, asked)  # refuses offsets for no class, also where nothing is painted
    stays = ~changed & np.isin(before, [i for i in asked if i in own])
    recoloured = stays if engine.appearance is not None else np.zeros_like(stays)
    return Plan(replace(request, offsets=tuple((own | asked).items())), asked, own, changed, recoloured)


def recolour(engine: Engine, plan: Plan, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
    """Give regions of the photo another colour: what two syntheses of its own layout differ in is added to it.

    Returns:
        the photo (H, W, 3) uint8 and the share of the change that was let through (H, W) uint8.
    """
    request = plan.request
    if not plan.recoloured.any():
        return request.photo, np.zeros(request.photo.shape[:2], np.uint8)
    assert request.before is not None
    unchanged = replace(request, layout=request.before)
    offsets = (plan.own, plan.own | plan.asked)
    pair = torch.cat([engine.encode_layout(replace(unchanged, offsets=tuple(o.items()))) for o in offsets])
    z0 = engine.solve(pair, times_to_image(request.steps, request.grid), request.solver, steps)
    # decoded, not rendered: the difference is to be colour and light, and the photo keeps its own detail
    old, new = engine.decode_photos(engine.states.photos(z0))
    regions = engine.colors.regions(engine.sized(request.before), plan.recoloured, plan.asked)
    return recolor(request.photo, old, new, regions)


def repaint(engine: Engine, plan: Plan, photo: np.ndarray, steps: Steps) -> Edit:
    """Paint the changed regions anew, and let the result into the photo there and in a margin around them.

    Args:
        plan: with something to repaint.
        photo: the photo (H, W, 3) uint8, recoloured.
    """
    request = plan.request
    x, b = engine.encode_photo(photo), engine.encode_layout(request)
    where = changed_cells(plan.changed, engine.codec.factor).to(x.device)
    velocity = edit_velocity(engine.velocity, x, b, where)
    z0 = engine.solve(b, times_to_image(request.steps, request.grid), request.solver, steps, velocity)
    assert request.before is not None
    unchanged = replace(request, layout=request.before)
    a = engine.encode_layout(unchanged) if engine.learned else b  # the codec's decoder does not use it
    ends, starts = torch.cat([x, z0]), torch.cat([a, b])
    own_photo, edited = engine.render(ends, starts, engine.detail(ends, [unchanged, request]))
    regions = engine.colors.regions(engine.sized(request.layout), plan.changed, plan.asked)
    edited = to_means(edited, regions)
    return Edit(*composite(photo, own_photo, edited, plan.changed), z0)


def edit_velocity(v: Velocity, x: torch.Tensor, b: torch.Tensor, where: torch.Tensor) -> Velocity:
    """The field of an edit: v where the layout changed, the straight path's constant elsewhere.

    Args:
        v: the model's velocity.
        x: latents of the photo (B, C, h, w).
        b: latents of the changed, perturbed layout, the same shape; the solve starts there.
        where: (B, 1, h, w) in 0..1, 1 where the layout changed.
    """
    return lambda z, t: torch.lerp(b - x, v(z, t), where)


def changed_cells(where: np.ndarray, factor: int) -> torch.Tensor:
    """Changed pixels (H, W) bool -> latent cells (1, 1, H/factor, W/factor) float32, with one more cell around them."""
    h, w = where.shape
    cells = where.reshape(h // factor, factor, w // factor, factor).max((1, 3)).astype(np.float32)
    return torch.from_numpy(cv2.dilate(cells, np.ones((3, 3), np.uint8)))[None, None]
