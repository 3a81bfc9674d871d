"""What a state of the flow holds: the latents between photo and layout (SemFlow), or both side by side (SymmFlow)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

Noise = Callable[[], torch.Tensor]  # standard normal (B, C, h, w), drawn only where a state needs it


class States(Protocol):
    """Latents of pictures (B, C, h, w) <-> states of the flow (B, D, h, w)."""

    def of_photos(self, latents: torch.Tensor, noise: Noise) -> torch.Tensor:
        """States at t = 0."""
        ...

    def of_layouts(self, latents: torch.Tensor, noise: Noise) -> torch.Tensor:
        """States at t = 1."""
        ...

    def photos(self, z: torch.Tensor) -> torch.Tensor:
        """The photos' latents in states at t = 0."""
        ...

    def layouts(self, z: torch.Tensor) -> torch.Tensor:
        """The layouts' latents in states at t = 1."""
        ...

    def shown(self, z: torch.Tensor, times: Sequence[float]) -> torch.Tensor:
        """Latents that stand for states on the way, one for each of `times`."""
        ...


class OneLatent:
    """SemFlow's: the state is the latents, of the photo at t = 0 and of the layout at t = 1."""

    def of_photos(self, latents: torch.Tensor, noise: Noise) -> torch.Tensor:
        return latents

    of_layouts = of_photos

    def photos(self, z: torch.Tensor) -> torch.Tensor:
        return z

    layouts = photos

    def shown(self, z: torch.Tensor, times: Sequence[float]) -> torch.Tensor:
        return z


@dataclass(frozen=True)
class SideBySide:
    """SymmFlow's: [photo; noise] at t = 0, [noise; layout] at t = 1, `channels` each."""

    channels: int

    def of_photos(self, latents: torch.Tensor, noise: Noise) -> torch.Tensor:
        return torch.cat([latents, noise().to(latents)], dim=1)

    def of_layouts(self, latents: torch.Tensor, noise: Noise) -> torch.Tensor:
        return torch.cat([noise().to(latents), latents], dim=1)

    def photos(self, z: torch.Tensor) -> torch.Tensor:
        return z[:, : self.channels]

    def layouts(self, z: torch.Tensor) -> torch.Tensor:
        return z[:, self.channels :]

    def shown(self, z: torch.Tensor, times: Sequence[float]) -> torch.Tensor:
        """The photo's half fades into the layout's, as the state of a `OneLatent` flow does."""
        t = torch.tensor(times, device=z.device, dtype=z.dtype).view(-1, 1, 1, 1)
        return torch.lerp(self.photos(z), self.layouts(z), t)


def states_of(velocity: Any, channels: int) -> States:
    """The states that a velocity is asked for, with latents of `channels`."""
    return SideBySide(channels) if getattr(velocity, "paired", False) else OneLatent()
