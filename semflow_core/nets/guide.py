"""The guide: how a U-Net with a backbone follows the layout that a reader saw in a photo, where it sees another itself.

Between two velocities there are two layouts: what the reader saw at the start of the path, and what the backbone sees
at every step. A small network of both adds to the U-Net's first convolution and to its result. The U-Net's own weights
stay as they are, and with them everything that is made of layouts.
"""

from __future__ import annotations

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn
from torch.nn import functional as F


class LayoutGuide(ModelMixin, ConfigMixin):
    """Class probabilities by the reader and by the backbone, (B, classes, fine h, fine w) each -> what is added.

    It starts at zero: the U-Net as it is.

    Args:
        classes: of the label set.
        fine: class probabilities per latent cell and axis.
        hint_channels: of the U-Net's first convolution.
        latent_channels: of its result.
        width: channels in between.
    """

    @register_to_config
    def __init__(
        self,
        classes: int = 19,
        fine: int = 4,
        hint_channels: int = 64,
        latent_channels: int = 16,
        width: int = 96,
    ) -> None:
        super().__init__()
        self.fine, self.channels = fine, [hint_channels, latent_channels]
        self.narrow = nn.Conv2d(2 * fine**2 * classes, width, 1)
        self.near = nn.Conv2d(width, width, 3, padding=1)
        self.far = nn.Conv2d(width, width, 3, padding=1)
        self.out = nn.Conv2d(width, hint_channels + latent_channels, 3, padding=1)
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def forward(self, read: torch.Tensor, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What is added to the first convolution (B, hint_channels, h, w), and to the velocity (B, C, h, w).

        Args:
            read: by the reader, in the photo at the start of the path.
            seen: by the backbone, in the state.
        """
        x = self.narrow(F.pixel_unshuffle(torch.cat([read, seen], dim=1), self.fine))
        x = x + self.near(F.silu(x))
        x = x + self.far(F.silu(x))
        hint, correction = self.out(F.silu(x)).split(self.channels, dim=1)
        return hint, correction
