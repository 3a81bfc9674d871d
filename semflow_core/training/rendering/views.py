"""The two views of a photo that features and critic get: the whole of it made smaller, and a crop at full size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from ...nets.placement import in_channels_last

SHARE = 15, 16  # a view's side as a share of the layouts' side: the rest is room for random corners
NEAR_A_CLASS = 0.5  # share of the crops that show a class which is drawn evenly: eyes are a percent of the pixels
LIGHT = 0.2  # most change of brightness, contrast and saturation


@dataclass(frozen=True)
class Window:
    """Where the two views of a photo are.

    Corners are any pixel, so that no place of the photo keeps its phase in the critic's strides.

    Attributes:
        side: of either view, in its own pixels; a multiple of 4.
        whole: (y, x), the corner of the whole view in the photo.
        crop: (y, x), the corner of the crop.
        scale: (vertical, horizontal) pixels of the photo per pixel of the whole view, and of the layout.
    """

    side: int
    whole: tuple[int, int]
    crop: tuple[int, int]
    scale: tuple[int, int]

    def views(self, photos: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (2B, 3, side, side): the whole photos made smaller, then the crops."""
        (y, x), (top, left), (tall, wide), side = self.whole, self.crop, self.scale, self.side
        whole = F.avg_pool2d(photos[..., y : y + tall * side, x : x + wide * side], self.scale)
        return torch.cat([whole, photos[..., top : top + side, left : left + side]])

    def labels(self, labels: torch.Tensor) -> torch.Tensor:
        """Class indices (B, S, S) -> (2B, side / 4, side / 4), those of `views`."""
        parts, steps_of_whole = [], [4 * n for n in self.scale]
        for corner, steps in ((self.whole, steps_of_whole), (self.crop, [4, 4])):  # pixels of the photo per place
            ys, xs = (
                (n + step // 2 + step * torch.arange(self.side // 4, device=labels.device)) // scale
                for n, step, scale in zip(corner, steps, self.scale)
            )
            parts.append(labels[:, ys[:, None], xs[None]])
        return torch.cat(parts)


def draw_window(rng: np.random.Generator, labels: torch.Tensor, shape: tuple[int, int]) -> Window:
    """Random corners of the two views.

    Args:
        labels: (B, S, S) class indices of the photos.
        shape: (H, W) of the photos.
    """
    size = labels.shape[-1]
    side = 4 * (size * SHARE[0] // SHARE[1] // 4)
    scale = np.array(shape) // size
    whole, crop = (rng.integers(0, np.array(shape) - extent + 1) for extent in (side * scale, side))
    if rng.random() < NEAR_A_CLASS:
        layout = labels[int(rng.integers(len(labels)))].cpu()
        places = (layout == int(rng.choice(layout.unique().numpy()))).nonzero().numpy()
        center = places[int(rng.integers(len(places)))] * scale
        shift = rng.integers(-side // 3, side // 3 + 1, size=2)
        crop = np.clip(center - side // 2 + shift, 0, np.array(shape) - side)
    return Window(side, *(tuple(pair.tolist()) for pair in (whole, crop, scale)))


def draw_light(rng: np.random.Generator, photos: int, device: torch.device) -> Any:
    """A random change of brightness, contrast and saturation of so many photos, the same in both of their views."""
    shift, contrast, saturation = (
        torch.from_numpy(rng.uniform(-LIGHT, LIGHT, photos).astype(np.float32)).to(device).repeat(2).view(-1, 1, 1, 1)
        for _ in range(3)
    )

    def change(x: torch.Tensor) -> torch.Tensor:
        grey = x.mean(1, keepdim=True)
        x = grey + (1 + saturation) * (x - grey)
        return in_channels_last((1 + contrast) * x + shift)

    return change


def averages(x: torch.Tensor, fields: int) -> torch.Tensor:
    """Pictures (B, 3, H, W) -> averages over so many fields per axis, (B, 3, fields, fields)."""
    return F.avg_pool2d(x, [max(1, n // fields) for n in x.shape[2:]])
