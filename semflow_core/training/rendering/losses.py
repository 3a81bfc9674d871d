"""Distances of rendered photos to real ones, weighted by the rarity of classes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F


def perceptual(a: Sequence[torch.Tensor], b: Sequence[torch.Tensor], weights: torch.Tensor) -> torch.Tensor:
    """Squared distance of unit features, averaged over places and depths, (B,) (LPIPS without its learned weights).

    Args:
        a, b: features (B, C, h, w), one per depth.
        weights: (B, h, w) of the places, 1 on average.
    """
    each = []
    for f, g in zip(a, b):
        d = (F.normalize(f.float(), dim=1) - F.normalize(g.float(), dim=1)).square().sum(1)
        each.append((d * F.adaptive_avg_pool2d(weights, d.shape[1:])).mean((1, 2)))  # type: ignore[arg-type]
    return torch.stack(each).mean(0)


def mean_where(values: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """The sum of the chosen values (B,) over B, so that every sample weighs alike."""
    return (values * which).mean()


def class_weights(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Weights of the batch's classes and of "synthesised", (classes + 1,): the root of their rarity.

    Args:
        labels: class indices of any shape.
    """
    share = torch.bincount(labels.flatten(), minlength=classes).float() / labels.numel()
    weights = torch.where(share > 0, share.clamp(min=1e-3).rsqrt(), 0)
    weights = weights / (weights * share).sum()  # 1 on average over places
    return torch.cat([weights, weights.new_ones(1)])


def hinge_of_critic(on_real: Sequence[torch.Tensor], on_synthesised: Sequence[torch.Tensor]) -> torch.Tensor:
    """The critic's hinge loss, averaged over its judgements."""
    losses = [F.relu(1 - r.float()).mean() + F.relu(1 + s.float()).mean() for r, s in zip(on_real, on_synthesised)]
    return torch.stack(losses).mean()


def hinge_of_renderer(judged: Sequence[torch.Tensor], patches: float) -> torch.Tensor:
    """The renderer's side of it; the last judgement, that of pixels, has the weight `patches`, the others have 1."""
    *heads, pixels = (-j.float().mean() for j in judged)
    return (torch.stack(heads).sum() + patches * pixels) / (len(heads) + patches)
