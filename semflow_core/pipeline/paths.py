"""Paths: from a photo to its layout and back, and from one photo to another, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from ..method.flow import Velocity, times_to_image, times_to_mask
from ..method.perturbation import Draw
from ..requests import MorphRequest, SynthesisRequest, TrajectoryRequest
from .engine import DECODED, Engine, Progress, Steps
from .results import Morph, Trajectory
from .synthesis import match_colors

MORPH_BATCH = 8  # frames solved at once: more are no faster on a CPU, and a stop would take longer


def trajectory(engine: Engine, request: TrajectoryRequest, progress: Progress | None = None) -> Trajectory:
    """The path from photo (t=0) to layout (t=1), decoded at the request's times.

    Between the solver's own points the path is drawn straight, which for Euler is what it is.

    Raises:
        InputError: the photo or layout does not fit this model.
    """
    painted = request.synthesis()
    velocity = None
    if painted is None:
        assert request.photo is not None
        velocity = engine.towards_layouts([request.photo])
        z, times = engine.encode_photo(request.photo), times_to_mask(request.steps, request.time_grid)
    else:
        z, times = engine.encode_layout(painted), times_to_image(request.steps, request.time_grid)
    points: list[torch.Tensor] = []
    shown = request.shown_times
    decodes = (3 if request.predict else 1) * -(-len(shown) // DECODED)
    steps = Steps(progress, request.steps + decodes)

    def keep(i: int, t: float, zt: torch.Tensor, v: torch.Tensor) -> None:
        points.append(zt)
        steps()

    points.append(engine.solve(z, times, request.solver, keep, velocity))
    if times[0] > times[-1]:
        points.reverse()
        times = times[::-1]
    latents = torch.cat([between(times, points, t) for t in shown])
    heads_for = ends(engine, latents, shown, velocity) if request.predict else ()
    frames, *predicted = (decoded(engine, z, steps) for z in (engine.states.shown(latents, shown), *heads_for))
    if painted is not None and (
        painted.offsets or engine.learned
    ):  # the path ends in the photo that `synthesize` makes
        photo = match_colors(
            engine, painted, engine.render(points[0], points[-1], engine.detail(points[0], [painted]))[0]
        )
        added = photo - fitted(engine.decode_photos(engine.states.photos(points[0])), photo)[0].astype(np.float32)
        frames = np.stack([plus(f, (1 - t) * added) for t, f in zip(shown, fitted(frames, photo))])
        predicted = [fitted(part, photo) for part in predicted]
        predicted[:1] = [np.stack([plus(f, added) for f in part]) for part in predicted[:1]]
    return Trajectory(shown, frames, latents, tuple(times), *predicted)


def decoded(engine: Engine, latents: torch.Tensor, steps: Steps) -> np.ndarray:
    """Latents (N, C, h, w) as the codec decodes them, (N, H, W, 3) uint8; each batch counts as a step."""
    parts = []
    for part in latents.split(DECODED):
        parts.append(engine.decode_photos(part))
        steps()
    return np.concatenate(parts)


def morph(engine: Engine, request: MorphRequest, progress: Progress | None = None) -> Morph:
    """From one layout and seed to another: each frame is a photo made from a pseudo mask between the two, and both
    ends are in the colours asked for.

    The perturbed colours are blended, so where both layouts agree every frame's perturbation is below s/2.

    Raises:
        InputError: as in `synthesize`, for either end.
    """
    start, end = request.ends()
    start_colors, end_colors = engine.perturbed(start, start.layout), engine.perturbed(end, end.layout)
    times = times_to_image(request.steps, request.grid)
    shares = tuple(np.linspace(0, 1, request.frames).tolist())
    parts = [shares[i : i + MORPH_BATCH] for i in range(0, request.frames, MORPH_BATCH)]
    steps = Steps(progress, len(parts) * request.steps)
    frames = []
    for part in parts:
        latents = engine.encode_colors(torch.cat([torch.lerp(start_colors, end_colors, share) for share in part]))
        z1 = engine.states.of_layouts(latents, lambda part=part: blended(*sides(engine, start, end), part))
        z0 = engine.solve(z1, times, request.solver, steps)
        noise = engine.detail(z0, (start, end))
        frames.append(engine.render(z0, z1, None if noise is None else blended(noise[0], noise[1], part)))
    photos = np.concatenate(frames)
    # both ends are the photos that `synthesize` makes; what this adds to them fades in between, and by half-way
    # where the other end shows another class
    at_start, at_end = (
        match_colors(engine, r, photo) - photo.astype(np.float32)
        for r, photo in ((start, photos[0]), (end, photos[-1]))
    )
    one, other = engine.sized(start.layout), engine.sized(end.layout)
    stays = cv2.resize((one == other).astype(np.float32), photos.shape[2:0:-1])[..., None]
    shown = []
    for share, photo in zip(shares, photos):
        here, there = ((1 - (2 - stays) * s).clip(0) for s in (share, 1 - share))
        shown.append(plus(photo, here * at_start + there * at_end))
    return Morph(shares, np.stack(shown))


@torch.inference_mode()
def ends(
    engine: Engine, latents: torch.Tensor, times: Sequence[float], velocity: Velocity | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents of the ends that the flow heads for at each moment: z_t - t v, the photo, z_t + (1 - t) v, the layout.

    Args:
        latents: states (N, D, h, w), one for each of `times`.
        velocity: of the path, if it is another than the model's own.
    """
    field = velocity or engine.velocity
    v = torch.cat([field(z[None], t) for z, t in zip(latents, times)])
    t = torch.tensor(times, device=v.device, dtype=v.dtype).view(-1, 1, 1, 1)
    return engine.states.photos(latents - t * v), engine.states.layouts(latents + (1 - t) * v)


def sides(engine: Engine, start: SynthesisRequest, end: SynthesisRequest) -> tuple[torch.Tensor, torch.Tensor]:
    """The noise beside the two layouts' latents, (C, h, w) each."""
    first, last = (engine.other_end(r.layout, Draw(r.seed, dict(r.class_seeds)))[0] for r in (start, end))
    return first, last


def blended(start: torch.Tensor, end: torch.Tensor, shares: Sequence[float]) -> torch.Tensor:
    """Noise between two noises (C, H, W) at shares in 0..1, (N, C, H, W), of unit variance; the same stays the same."""
    s = torch.tensor(shares, dtype=start.dtype).view(-1, 1, 1, 1)
    same = (start == end).to(start.dtype)
    variance = (1 - s) ** 2 + s**2 + 2 * s * (1 - s) * same
    return torch.lerp(start[None], end[None], s) / variance.sqrt()


def between(times: Sequence[float], points: Sequence[torch.Tensor], t: float) -> torch.Tensor:
    """Linear interpolation at t in a path with ascending times."""
    j = int(np.clip(np.searchsorted(times, t), 1, len(times) - 1))
    share = (t - times[j - 1]) / (times[j] - times[j - 1])
    return torch.lerp(points[j - 1], points[j], share)


def fitted(frames: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Frames (N, h, w, 3) uint8 at the size of a photo (H, W, 3)."""
    if frames.shape[1:] == photo.shape:
        return frames
    return np.stack([cv2.resize(f, photo.shape[1::-1], interpolation=cv2.INTER_CUBIC) for f in frames])


def plus(photo: np.ndarray, added: np.ndarray) -> np.ndarray:
    """A photo (H, W, 3) uint8 and a change of the same shape, rounded and cut to 0..255."""
    return (photo + added).round().clip(0, 255).astype(np.uint8)
