"""Pairs that stay on disk: read, augmented, perturbed and encoded batch by batch, as the paper trains.

A step's pairs depend on its generator alone, so a run goes on as it would have, on any number of processes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
import torch

from ..data.augment import Augmentation, augment, crop_square, sloppy
from ..data.shards import ShardedPairs, is_prepared
from ..errors import InputError
from ..method.codebook import photos_to_model
from .latents import RARITY_POWER, Drawn, LatentConfig, LatentPairs
from .losses.anchors import rarity

RARITY_PAIRS = 512  # pairs whose layouts say how rare a class is


class StreamedPairs(LatentPairs):
    """The training pairs of a prepared data set; a batch of them is all that is in memory.

    Args: as those of `LatentPairs`.

    Raises:
        InputError: the folder is not prepared, or a setting needs all pairs at once.
    """

    def __init__(self, config: LatentConfig, root: Path, seed: int, bf16: bool, limit: int | None = None) -> None:
        folder = root / config.domain.folder
        if not is_prepared(folder):
            raise InputError(f"latents.stream reads shards, and {folder} has none; semflow data prepare writes them")
        if config.appearance:
            raise InputError("latents.appearance is fitted to all pairs at once; it cannot be had with latents.stream")
        super().__init__(config, root, seed, bf16, limit)
        if config.sloppy and self.width != config.size:
            raise InputError("latents.sloppy needs squares; leave latents.width out")
        self.pairs = ShardedPairs(folder / "train")
        self.threads = ThreadPoolExecutor(config.readers)

    @property
    def copies(self) -> NoReturn:  # type: ignore[override]
        raise InputError("a setting of this stage needs all pairs in memory; it cannot be had with latents.stream")

    @property
    def appearance(self) -> None:
        return None

    @property
    def rarity(self) -> torch.Tensor:
        return self._rarity

    @cached_property
    def _rarity(self) -> torch.Tensor:
        chosen = np.unique(np.linspace(0, len(self.pairs) - 1, RARITY_PAIRS).astype(int))
        side = (self.width // 4, self.config.size // 4)
        masks = [cv2.resize(self.pairs.pair(i)[1], side, interpolation=cv2.INTER_NEAREST_EXACT) for i in chosen]
        return rarity(self.codebook.palette.paintable(np.stack(masks)), self.codebook, RARITY_POWER)

    def draw(self, rng: np.random.Generator, n: int, painted: bool = False) -> Drawn:
        index = rng.integers(len(self.pairs), size=n)
        generators = [np.random.default_rng(s) for s in rng.integers(2**63, size=n)]
        photos, masks = (np.stack(part) for part in zip(*self.threads.map(self.read, index.tolist(), generators)))
        z0 = self.encode(photos_to_model(photos))
        z1, labels = self._encode_layouts(masks, rng, None)
        loose = z1.clone()
        rough = np.flatnonzero(rng.random(n) < self.config.sloppy) if painted and self.config.sloppy else ()
        if len(rough):
            layouts = np.stack([sloppy(masks[i], rng) for i in rough])
            loose[rough] = self._encode_layouts(layouts, rng, None)[0]
        return Drawn(z0, z1, loose, labels.to(torch.uint8), torch.from_numpy(index))

    def read(self, i: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A pair at the size of the training, augmented: photo (H, W, 3) uint8 and class ids (H, W) uint8."""
        photo, masks = self.pairs.pair(i)
        how: Augmentation = self.config.augment
        if how.crop:
            photo, masks = crop_square(photo, masks, rng)
        size = (self.width, self.config.size)
        photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        masks = cv2.resize(masks, size, interpolation=cv2.INTER_NEAREST_EXACT)
        masks = self.codebook.palette.paintable(masks).astype(np.uint8)
        return augment(photo, masks, self.codebook.palette, rng, how)
