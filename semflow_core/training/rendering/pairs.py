"""Pairs at the rendered photo's size, and batches of them: what a layout is solved from, and the photo it should give.

Everything that depends on the sample is done for the whole batch at once, on the device.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from ...data.augment import sloppy
from ...data.pairs import find_pairs, load_pair
from ...errors import InputError
from ...method.appearance import region_colors
from ...method.codebook import to_model
from ...method.perturbation import SPECTRA, moved
from ...nets.placement import in_channels_last
from ...pipeline.pipeline import SemFlowPipeline

# kinds of samples: the annotated layout in the photo's own colours; the same, painted with a broad brush; the photo's
# own latents, encoded; the annotated layout in the colours of a random seed, of which there is no photo
OWN, SLOPPY, ENCODED, DRAWN = range(4)


@dataclass(frozen=True)
class RenderingBatch:
    kind: torch.Tensor  # (B,) of OWN .. DRAWN
    photos: torch.Tensor  # (B, 3, H, W) in [-1, 1]
    labels: torch.Tensor  # (B, S, S) class indices, as annotated
    z0: torch.Tensor  # (B, C, h, w) the photos' own latents
    z1: torch.Tensor  # (B, C, h, w) the perturbed layouts; of all kinds but DRAWN they make a pair with z0


class RenderingPairs:
    """The training pairs of a folder, in memory: photos at the rendered height, squeezed to squares.

    Args:
        folder: with images/ and masks/.
        held_out: pairs at its end that are left out.
        pipeline: of the model whose flow is rendered.
        height: of rendered photos, in pixels; a multiple of the layouts' size.
        seed: of the layouts that are painted with a broad brush, one per pair.

    Raises:
        InputError: a pair is broken, none is left, or the height does not fit.
    """

    def __init__(self, folder: Path, held_out: int, pipeline: SemFlowPipeline, height: int, seed: int) -> None:
        size, palette = pipeline.size, pipeline.palette
        if height % size or height < size:
            raise InputError(f"the height of rendered photos is {height}; it must be a multiple of {size}")
        self.pipeline, self.shape = pipeline, (height, round(height * pipeline.aspect))
        pairs = find_pairs(folder)[:-held_out]
        if not pairs:
            raise InputError(f"{folder} has no pairs beside the {held_out} that are held out; there must be some")
        rng, photos, labels, rough, colors = np.random.default_rng((seed, 4)), [], [], [], []
        for pair in pairs:
            photo, mask = load_pair(pair, palette, height)
            mask = palette.paintable(cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST_EXACT))
            photos.append(photo)
            labels.append(palette.index(mask).astype(np.uint8))
            rough.append(palette.index(sloppy(mask, rng)).astype(np.uint8))
            colors.append(region_colors(cv2.resize(photo, (size, size), interpolation=cv2.INTER_AREA), mask, palette))
        self.photos, self.labels, self.rough = (torch.from_numpy(np.stack(x)) for x in (photos, labels, rough))
        appearance = pipeline.appearance
        self.offsets = None if appearance is None else appearance.offsets(torch.from_numpy(np.stack(colors))).float()
        self.mirrored = torch.from_numpy(palette.index(palette.mirror_of_id[palette.ids]))

    def __len__(self) -> int:
        return len(self.photos)

    def batch(self, rng: np.random.Generator, size: int, shares: list[float], device: torch.device) -> RenderingBatch:
        """A batch of pairs and their mirror images.

        Args:
            shares: how often OWN, SLOPPY, ENCODED and DRAWN are drawn; they add up to 1.
        """
        rows = torch.from_numpy(rng.integers(len(self), size=size))
        flip = torch.from_numpy(rng.random(size) < 0.5).to(device)
        kind = torch.from_numpy(rng.choice(4, size=size, p=shares)).to(device)
        photos = to_model(self.photos[rows].to(device).movedim(-1, 1).float())
        photos = torch.where(flip.view(-1, 1, 1, 1), photos.flip(-1), photos)
        labels, rough = (self._flipped(x[rows].to(device).long(), flip) for x in (self.labels, self.rough))
        codec = self.pipeline.codec
        with torch.no_grad():
            small = F.avg_pool2d(photos, self.shape[0] // labels.shape[-1])
            z0 = codec.encode(small)
            offsets = self._offsets(rows, kind)
            layout = torch.where((kind == SLOPPY).view(-1, 1, 1), rough, labels)
            z1 = codec.encode(to_model(self._painted(layout, offsets)))
        if self.shape[1] != self.shape[0]:
            photos = F.interpolate(photos, self.shape, mode="bicubic", align_corners=False).clamp(-1, 1)
        return RenderingBatch(kind, in_channels_last(photos), labels, z0, z1)

    def _flipped(self, labels: torch.Tensor, flip: torch.Tensor) -> torch.Tensor:
        """Class indices (B, S, S), those of mirror images where `flip` (B,) says so."""
        mirrored = self.mirrored.to(labels.device)[labels.flip(-1)]
        return torch.where(flip.view(-1, 1, 1), mirrored, labels)

    def _offsets(self, rows: torch.Tensor, kind: torch.Tensor) -> torch.Tensor:
        """Regional offsets (B, n, 3) in [-1, 1]: the photos' own, drawn ones for DRAWN and for what is too small."""
        palette, appearance = self.pipeline.palette, self.pipeline.appearance
        if appearance is None or self.offsets is None:
            drawn = 2 * torch.rand(len(rows), len(palette.ids), 3) - 1
        else:
            drawn = appearance.draw_batch(len(rows)).float()
        drawn = drawn[:, palette.first_of_pair].to(kind.device)
        if self.offsets is None:
            return drawn
        own = self.offsets[rows].to(kind.device)
        return torch.where((kind == DRAWN).view(-1, 1, 1) | own.isnan(), drawn, own)

    def _painted(self, index: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        """Perturbed pseudo masks (B, 3, S, S) in 0..255 units (Eq. 14) of class indices (B, S, S)."""
        spec = self.pipeline.perturbation
        noise = 2 * torch.rand(len(index), 3, *index.shape[1:], device=index.device) - 1
        pixel = spec.beta * SPECTRA[spec.spectrum].pixel
        return moved(self.pipeline.codebook, index, noise, offsets, pixel, spec.regional_amplitude)[0]
