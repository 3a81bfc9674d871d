"""Cross-entropy of decoded pseudo masks: softmax over the distances to the anchors."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from ...method.codebook import Codebook, from_model
from ...nets.placement import autocast


def rarity(masks: np.ndarray, codebook: Codebook, power: float) -> torch.Tensor:
    """A weight per class, (n,): its share of the pixels to the -power, 1 for the median class, within 1/10 .. 10."""
    counts = np.bincount(codebook.palette.index(masks).ravel(), minlength=len(codebook.palette.classes)).clip(1)
    return torch.from_numpy(((np.median(counts) / counts) ** power).clip(0.1, 10).astype(np.float32))


def anchor_cross_entropy(
    masks: torch.Tensor,
    codebooks: list[Codebook],
    labels: list[torch.Tensor],
    weights: list[torch.Tensor],
    width: float,
    power: float = 0.0,
) -> torch.Tensor:
    """Cross-entropy of nearest-anchor decoding: logits are -d^2 / (2 sigma^2), sigma = width * s.

    Where two classes are equally likely, -log p is least between their anchors, where a third class's may be nearest.
    With `power` q above 0 it is the generalised cross-entropy (1 - p^q) / q (Zhang & Sabuncu 2018), which is robust to
    such doubt: it is least where the likeliest class is the nearest.

    Args:
        masks: (B, 3, H, W) decoded pseudo masks in [-1, 1], the codebooks' parts one after another.
        labels: per codebook, (b, H, W) class indices.
        weights: per codebook, (n,) weight of each class.
        width: deviation of the softmax as a share of the anchors' spacing s, so that it means the same in every
            codebook.
        power: q; 0 is the common cross-entropy.
    """
    total = masks.new_zeros(())
    parts = masks.split([len(i) for i in labels])
    for part, codebook, index, weight in zip(parts, codebooks, labels, weights, strict=True):
        flat = from_model(part).permute(0, 2, 3, 1).reshape(-1, 3)
        anchors = codebook.anchors.to(flat.device)
        # |x - a|^2 without |x|^2, which softmax does not depend on; squares of 250 are too long for bfloat16
        sigma = width * codebook.s
        with autocast(flat.device, False):
            logits = (2 * flat @ anchors.T - anchors.square().sum(1)) / (2 * sigma**2)
        if power:
            w = weight.to(flat.device)[index.reshape(-1)]
            p = logits.softmax(1).gather(1, index.reshape(-1, 1))[:, 0]
            cost = (w * (1 - p.clamp(min=1e-9) ** power)).sum() / (power * w.sum())
        else:
            cost = F.cross_entropy(logits, index.reshape(-1), weight.to(flat.device))
        total = total + cost / len(labels)
    return total
