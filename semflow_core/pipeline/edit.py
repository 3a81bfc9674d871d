"""The velocity of an edit: the network's where the layout changed, the known straight path's elsewhere."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from ..method.flow import Velocity


def edit_velocity(v: Velocity, x: torch.Tensor, b: torch.Tensor, where: torch.Tensor) -> Velocity:
    """The field of an edit: v where the layout changed, the known straight path's elsewhere.

    Args:
        v: the model's velocity.
        x: latents of the photo (B, C, h, w).
        b: latents of the changed, perturbed layout, the same shape; the solve starts there.
        where: (B, 1, h, w) in 0..1, 1 where the layout changed.
    """
    return lambda z, t: torch.lerp(b - x, v(z, t), where)


def changed_cells(where: np.ndarray, cell: int = 8) -> torch.Tensor:
    """Changed pixels (H, W) bool -> latent cells (1, 1, H/8, W/8) float32, with one more cell around them."""
    h, w = where.shape
    cells = where.reshape(h // cell, cell, w // cell, cell).max((1, 3)).astype(np.float32)
    return torch.from_numpy(cv2.dilate(cells, np.ones((3, 3), np.uint8)))[None, None]
