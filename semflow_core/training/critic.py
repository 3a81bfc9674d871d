"""An adversary for the photo that the velocity points to, in latents: fewer steps without the average's blur.

At t near 1 the mean squared error (Eq. 10) pulls towards the mean of all photos that fit a layout, and one step from
there shows it. A small critic is taught to tell real (z0, z1) from (where v points to, z1); the flow is pushed to where
the critic errs. The path stays straight and the target of the flow's own loss what it was.
"""

from __future__ import annotations

from typing import Any

import torch
from accelerate.utils import reduce
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from ..pipeline import channels_last


class Critic(nn.Module):
    """Scores of patches of a photo's latents under a layout's, at three scales (Lipschitz by spectral norms)."""

    def __init__(self, channels: int, widths: tuple[int, int, int] = (96, 128, 192)) -> None:
        super().__init__()

        def conv(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Module:
            return spectral_norm(nn.Conv2d(inputs, outputs, size, stride, padding=size // 2 if stride == 1 else 1))

        a, b, c = widths
        act = nn.LeakyReLU(0.2)
        self.levels = nn.ModuleList(
            [
                nn.Sequential(conv(2 * channels, a, 3), act, conv(a, a, 3), act),
                nn.Sequential(conv(a, b, 4, 2), act, conv(b, b, 3), act),
                nn.Sequential(conv(b, c, 4, 2), act, conv(c, c, 3), act),
            ]
        )
        self.heads = nn.ModuleList([conv(w, 1, 1) for w in widths])

    def forward(self, z0: torch.Tensor, z1: torch.Tensor) -> list[torch.Tensor]:
        """(B, C, h, w) twice -> [(B, 1, h, w), (B, 1, h/2, w/2), (B, 1, h/4, w/4)], higher is more real."""
        x, scores = torch.cat([z0, z1], 1).contiguous(memory_format=torch.channels_last), []
        for level, head in zip(self.levels, self.heads, strict=True):
            x = level(x)
            scores.append(head(x).float())
        return scores


class Adversary:
    """A critic that learns (hinge loss) as the flow does, and what its judgement costs the flow."""

    def __init__(self, channels: int, device: torch.device, lr: float = 4e-4) -> None:
        self.critic: Any = channels_last(Critic(channels).to(device))
        self.optimizer = torch.optim.Adam(self.critic.parameters(), lr=lr, betas=(0.0, 0.99))

    def learn(self, real: torch.Tensor, made: torch.Tensor, z1: torch.Tensor) -> torch.Tensor:
        """One step of the critic; its loss."""
        self.optimizer.zero_grad(set_to_none=True)
        with torch.enable_grad():
            yes, no = self.critic(real, z1), self.critic(made.detach(), z1)
            parts = [F.relu(1 - y).mean() + F.relu(1 + n).mean() for y, n in zip(yes, no, strict=True)]
            loss = torch.stack(parts).mean()
        loss.backward()
        for p in self.critic.parameters():  # of all processes
            p.grad = reduce(p.grad, "mean")
        self.optimizer.step()
        return loss.detach()

    def judge(self, made: torch.Tensor, z1: torch.Tensor) -> torch.Tensor:
        """What the flow pays: minus the critic's mean score of what it made."""
        self.critic.requires_grad_(False)
        try:
            return -torch.stack([s.mean() for s in self.critic(made, z1)]).mean()
        finally:
            self.critic.requires_grad_(True)

    def state_dict(self) -> dict[str, Any]:
        return {"critic": self.critic.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.critic.load_state_dict(state["critic"])
        self.optimizer.load_state_dict(state["optimizer"])
