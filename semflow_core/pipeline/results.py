"""What the methods of the pipeline return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Synthesis:
    photo: np.ndarray  # (H, W, 3) uint8, the renderer's size, in the colours asked for (`synthesis.match_colors`)
    z0: torch.Tensor  # (1, C, h, w) float32, where the flow ended; its photo before colours are matched
    z1: torch.Tensor  # (1, C, h, w) float32, where the flow started: the perturbed layout


@dataclass(frozen=True)
class Segmentation:
    labels: np.ndarray  # (H, W) uint8 class ids, the photo's own size
    margin: np.ndarray  # (H, W) float32 confidence in 0..1: `Codebook.decode`'s, or the reader's probability
    z0: torch.Tensor  # (1, C, h, w) float32, the encoded photo
    z1: torch.Tensor  # (1, C, h, w) float32, where the flow ended


@dataclass(frozen=True)
class Trajectory:
    times: tuple[float, ...]  # ascending, 0 = photo, 1 = layout
    frames: np.ndarray  # (N, H, W, 3) uint8, the decoded latents, and (1 - t) of what rendering adds to the photo
    latents: torch.Tensor  # (N, C, h, w) float32
    marks: tuple[float, ...]  # the solver's own times, ascending; between them the path is drawn straight
    photos: np.ndarray | None = None  # (N, ...) as frames: the photo that each moment heads for
    layouts: np.ndarray | None = None  # (N, ...) as frames: the pseudo mask that each moment heads for


@dataclass(frozen=True)
class Morph:
    shares: tuple[float, ...]  # ascending, 0 = start, 1 = end
    frames: np.ndarray  # (N, H, W, 3) uint8


@dataclass(frozen=True)
class Edit:
    photo: np.ndarray  # (H, W, 3) uint8, the photo's own size; the photo's own pixels where `changed` is 0
    changed: np.ndarray  # (H, W) uint8: how much of the change was let through, 255 for all of it
    z0: torch.Tensor  # (1, C, h, w) float32, of the edited photo
