"""Class probabilities of a photo, read from its pixels by a model's reader."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from ..method.codebook import photos_to_model
from ..method.palette import Palette
from ..nets.contracts import Reader
from .engine import squeezed

READ_AT_ONCE = 8  # photos


@torch.inference_mode()
def probabilities(reader: Reader, photos: Sequence[np.ndarray], palette: Palette, mirror: bool = False) -> torch.Tensor:
    """What a reader sees in photos (H, W, 3) uint8 of any sizes: (B, n, h, w) float32 on the CPU.

    Args:
        mirror: read their mirror images, too, and average.
    """
    sized = np.stack([squeezed(photo, *reader.size) for photo in photos])
    found = _of(reader, sized)
    if mirror:
        other = palette.index(palette.mirror_of_id[palette.ids])
        found = (found + _of(reader, sized[:, :, ::-1]).flip(-1)[:, torch.from_numpy(other)]) / 2
    return found


def labels_of(found: torch.Tensor, palette: Palette, height: int, width: int) -> np.ndarray:
    """Class ids (height, width) from probabilities (n, h, w), enlarged before the likeliest is taken."""
    large = F.interpolate(found[None], (height, width), mode="bilinear", align_corners=False)[0]
    return palette.ids[large.argmax(0).numpy()]


def _of(reader: Reader, photos: np.ndarray) -> torch.Tensor:
    parts = photos_to_model(photos).split(READ_AT_ONCE)
    return torch.cat([reader(part).softmax(1).cpu() for part in parts])
