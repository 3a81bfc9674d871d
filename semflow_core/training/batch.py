"""What a flow is trained on in one step: the batch of pairs, and the states between them at which it is asked."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..method.flow import sample_path


@dataclass(frozen=True)
class Times:
    """When the samples of a batch are taken, (n,) each.

    Attributes:
        t: times in [0, 1], float32.
        from_photo, from_layout: True where a state is reached from that end by the network itself, instead of lying on
            the straight path.
    """

    t: torch.Tensor
    from_photo: torch.Tensor
    from_layout: torch.Tensor

    @staticmethod
    def straight(t: torch.Tensor) -> Times:
        never = torch.zeros(len(t), dtype=torch.bool)
        return Times(t, never, never)

    @staticmethod
    def joined(parts: list[Times]) -> Times:
        return Times(*(torch.cat([getattr(p, name) for p in parts]) for name in ("t", "from_photo", "from_layout")))

    @property
    def segments(self) -> torch.Tensor:
        """True where a sample counts for segmentation: it is nearer to the photo, or comes from it, (n,)."""
        return self.from_photo | (self.t < 0.5) & ~self.from_layout


@dataclass(frozen=True)
class Batch:
    """Pairs of latents and their times; every attribute has one row per sample.

    Attributes:
        z0: photos' latents (B, C, h, w) float32.
        z1: layouts' latents (B, C, h, w) float32; for samples of synthesis they may be of sloppy layouts.
        times: when each sample is taken.
        labels: exact layouts (B, S, S) uint8, class indices.
        index: rows of the encoded copies that the pairs are, (B,).
    """

    z0: torch.Tensor
    z1: torch.Tensor
    times: Times
    labels: torch.Tensor
    index: torch.Tensor

    @property
    def t(self) -> torch.Tensor:
        return self.times.t

    def nearest_photo(self, n: int) -> torch.Tensor:
        """Indices of the n straight samples that are nearest to the photo, and of all that come from it."""
        return self._nearest(self.t, n, self.times.from_photo)

    def nearest_layout(self, n: int) -> torch.Tensor:
        """Indices of the n straight samples that are nearest to the layout, and of all that come from it."""
        return self._nearest(1 - self.t, n, self.times.from_layout)

    def _nearest(self, distance: torch.Tensor, n: int, more: torch.Tensor) -> torch.Tensor:
        straight = ~(self.times.from_photo | self.times.from_layout)
        nearest = distance.masked_fill(~straight, torch.inf).topk(n, largest=False).indices
        return torch.cat([nearest, more.nonzero()[:, 0]])


@dataclass(frozen=True)
class States:
    """Where the velocity is asked, and the right answer.

    Attributes:
        zt: (B, C, h, w) float32.
        t: (B,) float32.
        target: the velocity that leads to the end in time, (B, C, h, w).
        weight: factor of each sample's error, (B,).
    """

    zt: torch.Tensor
    t: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor

    @staticmethod
    def straight(batch: Batch) -> States:
        """On the straight path (Eq. 9), where all errors count alike."""
        path = sample_path(batch.z0, batch.z1, batch.t)
        return States(path.zt, path.t, path.target, torch.ones_like(path.t))

    def photos(self, v: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        """Latents z0 that the velocities v (B, C, h, w) come from, of the chosen samples (n,): (n, C, h, w)."""
        return self.zt[chosen] - self.t[chosen].view(-1, 1, 1, 1) * v[chosen]

    def masks(self, v: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        """Latents z1 that the velocities v (B, C, h, w) point to, of the chosen samples (n,): (n, C, h, w)."""
        return self.zt[chosen] + (1 - self.t[chosen]).view(-1, 1, 1, 1) * v[chosen]
