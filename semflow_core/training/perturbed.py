"""Perturbed pseudo masks for training (Eq. 14), drawn for a whole batch at once."""

from __future__ import annotations

import numpy as np
import torch

from ..method.codebook import Codebook, to_model
from ..method.perturbation import SPECTRA


def to_float(photos: np.ndarray) -> torch.Tensor:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W) in [-1, 1], channels_last."""
    return to_model(torch.from_numpy(np.array(photos)).permute(0, 3, 1, 2).float())


def perturbed(
    codebook: Codebook,
    labels: np.ndarray,
    beta: float,
    rng: np.random.Generator,
    spectrum: str = "regional",
    offsets: np.ndarray | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A batch of perturbed label maps (Eq. 14): (noisy, the regional part alone, class indices).

    Colours are (B, 3, H, W) in 0..255 units. The fast form of `perturbation.perturb` for training, where
    no seed of a class has to be kept apart: same distribution.

    Args:
        offsets: (B, n, 3) in [-1, 1], regional offsets that are not to be drawn; those that are nan are.
    """
    index = torch.from_numpy(codebook.palette.index(labels))  # (B, H, W)
    b, n = len(labels), len(codebook.palette.classes)
    shares = SPECTRA[spectrum]
    drawn = rng.uniform(-1, 1, (b, n, 3))
    drawn = drawn[:, codebook.palette.first_of_pair]
    if offsets is not None:
        drawn = np.where(np.isnan(offsets), drawn, offsets)
    colors = codebook.anchors + torch.from_numpy(drawn.astype(np.float32)) * beta * shares.region  # (B, n, 3)
    smooth = colors[torch.arange(b)[:, None, None], index].permute(0, 3, 1, 2).contiguous()
    noise = torch.from_numpy(rng.uniform(-1, 1, smooth.shape).astype(np.float32)) * beta * shares.pixel
    return smooth + noise, smooth, index
