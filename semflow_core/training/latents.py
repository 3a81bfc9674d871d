"""Latents to train on: augmented copies of the training pairs, encoded once."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
from accelerate import PartialState
from tqdm import tqdm

from ..data.augment import Augmentation, augment, sloppy
from ..data.pairs import PairArrays
from ..errors import InputError
from ..method.appearance import Appearance, fit_appearance, region_colors
from ..method.codebook import Codebook, photos_to_model, to_model
from ..method.perturbation import Perturbation, perturb_batch
from ..nets.contracts import Codec
from ..nets.placement import autocast, compact
from ..nets.starts import load_codec
from ..pipeline.pipeline import SemFlowPipeline
from ..requests.typed import Bounds
from .config import DomainConfig
from .losses.anchors import rarity

ENCODED_AT_ONCE = 16
RARITY_POWER = 0.5  # a class's weight is its share of the pixels to the minus this
REPORTED = 50  # held-out pairs at most


@dataclass(frozen=True)
class LatentConfig:
    """What the latents depend on, and with them a model: codec, pairs, perturbation, augmentation."""

    codec: str  # folder of the autoencoder
    domain: DomainConfig
    size: int = 256  # side in pixels of the square that pairs are squeezed to, or their height
    width: int | None = None  # in pixels, where that is no square
    aspect: float = 1.0  # width over height at which pictures are shown
    beta: float = 6.0  # amplitude of the perturbation, in 0..255 units
    spectrum: str = "white"
    appearance: bool = False  # regional offsets ask for the colours of the photo's regions, instead of being noise
    copies: int = 8  # augmented copies of the training pairs, each with a perturbation of its own
    augment: Augmentation = field(default_factory=Augmentation)
    # share of the copies whose layout synthesis gets roughly painted: `data.augment.sloppy`
    sloppy: Annotated[float, Bounds(0, 1, "latents.sloppy")] = 0.0
    stream: bool = False  # encode each batch from disk (training/streaming.py); `copies` are not made then
    readers: Annotated[int, Bounds(1, 256, "latents.readers")] = 8  # threads that read a batch, with `stream`


class Copies(NamedTuple):
    """Encoded training pairs: copies * N rows each, and what is measured on the pairs themselves."""

    z0: torch.Tensor  # (copies * N, C, h, w) float16, photos
    z1: torch.Tensor  # (copies * N, C, h, w) float16, exact layouts
    labels: torch.Tensor  # (copies * N, S, S) uint8 class indices
    offsets: np.ndarray | None  # (copies * N, n, 3) regional offsets, nan where a region is too small
    rarity: torch.Tensor  # (n,) weight of each class in a cross-entropy
    appearance: Appearance | None


@dataclass(frozen=True)
class Drawn:
    """A batch of encoded pairs, a row each."""

    z0: torch.Tensor  # (n, C, h, w) float16, photos
    z1: torch.Tensor  # (n, C, h, w) float16, exact layouts
    painted: torch.Tensor  # (n, C, h, w) float16, layouts as synthesis gets them
    labels: torch.Tensor  # (n, H, W) uint8 class indices
    index: torch.Tensor  # (n,) rows of the copies, or of the pairs on disk


class LatentPairs:
    """The pairs of one domain in the latents of one codec. The copies are encoded when they are first asked for.

    Args:
        root: the data root.
        seed: of augmentation and perturbation.
        bf16: encode under autocast, which errs by half a percent of the latents' deviation.
        limit: at most so many training pairs, for a trial.

    Raises:
        InputError: the codec, the data or a setting is wrong.
    """

    def __init__(self, config: LatentConfig, root: Path, seed: int, bf16: bool, limit: int | None = None) -> None:
        self.config, self.root, self.seed, self.bf16, self.limit = config, root, seed, bf16, limit
        self.width = config.width or config.size
        self.device: Any = PartialState().device  # the device of this process
        self.codebook: Codebook = config.domain.codebook()
        self.perturbation = Perturbation(config.beta, config.spectrum)
        self.perturbation.check(self.codebook)
        if config.appearance and not self.perturbation.regional_amplitude:
            raise InputError("appearance needs a regional perturbation: spectrum regional, and beta above 0")
        self.codec: Codec = load_codec(config.codec, self.device)
        factor = self.codec.factor
        if config.augment.crop and not config.stream:
            raise InputError("latents.augment.crop cuts squares out of whole photos; it needs latents.stream")
        sides = (config.size, self.width)
        if config.copies < 1 or any(side % factor or side < 4 * factor for side in sides):
            raise InputError(
                f"copies must be at least 1, and size a multiple of {factor} and at least {4 * factor}, as the codec's "
                f"latents are {factor} times smaller"
            )
        self.dev: PairArrays = config.domain.split(root, "dev", config.size, REPORTED, self.width)

    @property
    def side(self) -> int:
        """Cells of the latents per axis; of the shorter one."""
        return min(self.config.size, self.width) // self.codec.factor

    @property
    def appearance(self) -> Appearance | None:
        """How the photos' regional colours are distributed, where offsets ask for them."""
        return self.copies.appearance

    @property
    def rarity(self) -> torch.Tensor:
        """Weight of each class in a cross-entropy, (n,)."""
        return self.copies.rarity

    def draw(self, rng: np.random.Generator, n: int, painted: bool = False) -> Drawn:
        """n pairs at random.

        Args:
            painted: whether `Drawn.painted` is used; without, it is the exact layouts.
        """
        copies = self.copies
        i = torch.from_numpy(rng.integers(len(copies.z0), size=n))
        return Drawn(copies.z0[i], copies.z1[i], self.painted[i] if painted else copies.z1[i], copies.labels[i], i)

    @cached_property
    def copies(self) -> Copies:
        """All copies, in a process's memory."""
        pairs = self.config.domain.split(self.root, "train", self.config.size, self.limit, self.width)
        with autocast(self.device, False):  # whoever asks first may be in the middle of a step
            appearance = self._fit_appearance(pairs) if self.config.appearance else None
            weights = rarity(pairs.masks, self.codebook, RARITY_POWER)
            z0, z1, labels, offsets = self._encode_copies(pairs, appearance)
        return Copies(z0, z1, labels, offsets, weights, appearance)

    @cached_property
    @torch.inference_mode()
    def painted(self) -> torch.Tensor:
        """`Copies.z1` as synthesis gets it, (copies * N, C, h, w) float16: some layouts are roughly painted.

        Only flows ask for it, so only they pay for encoding these layouts.
        """
        copies, rng = self.copies, np.random.default_rng((self.seed, 3))
        chosen = np.flatnonzero(rng.random(len(copies.z1)) < self.config.sloppy)
        if not len(chosen):
            return copies.z1
        painted = copies.z1.clone()
        with autocast(self.device, False):
            for start in tqdm(range(0, len(chosen), ENCODED_AT_ONCE), desc="rough layouts", mininterval=10):
                rows = chosen[start : start + ENCODED_AT_ONCE]
                rough = np.stack([sloppy(self.codebook.palette.ids[copies.labels[i].numpy()], rng) for i in rows])
                offsets = None if copies.offsets is None else copies.offsets[rows]
                painted[rows] = self._encode_layouts(rough, rng, offsets)[0]
        return painted

    def pipeline(self, network: Any) -> SemFlowPipeline:
        """The model whose velocity is a network that was trained on these latents."""
        return SemFlowPipeline(
            self.codec,
            network,
            self.codebook,
            self.perturbation,
            self.config.size,
            self.config.aspect,
            appearance=self.appearance,
            width=self.width,
        )

    def encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B, 3, S, S) in [-1, 1] -> latents (B, C, h, w) float16 on the CPU."""
        with torch.inference_mode(), autocast(self.device, self.bf16):
            return compact(self.codec.encode(pictures))

    @torch.inference_mode()
    def _encode_copies(
        self, pairs: PairArrays, appearance: Appearance | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, np.ndarray | None]:
        """z0, z1, labels and offsets of `Copies`."""
        rng = np.random.default_rng((self.seed, 1))
        parts: list[tuple[torch.Tensor, ...]] = []
        all_offsets: list[np.ndarray] = []
        rows = [i for _ in range(self.config.copies) for i in range(len(pairs))]
        for start in tqdm(range(0, len(rows), ENCODED_AT_ONCE), desc="encoding", mininterval=10):
            augmented = [
                augment(pairs.photos[i], pairs.masks[i], self.codebook.palette, rng, self.config.augment)
                for i in rows[start : start + ENCODED_AT_ONCE]
            ]
            photos, masks = (np.stack(part) for part in zip(*augmented))
            offsets = self.offsets(photos, masks, appearance)
            z0 = self.encode(photos_to_model(photos))
            z1, index = self._encode_layouts(masks, rng, offsets)
            parts.append((z0, z1, index.to(torch.uint8)))
            all_offsets += [] if offsets is None else [offsets]
        z0, z1, labels = (torch.cat(part) for part in zip(*parts))
        return z0, z1, labels, np.concatenate(all_offsets) if all_offsets else None

    def _encode_layouts(
        self, masks: np.ndarray, rng: np.random.Generator, offsets: np.ndarray | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents of perturbed layouts (B, S, S), and their class indices."""
        noisy, _, index = perturb_batch(self.codebook, masks, self.perturbation, rng, offsets)
        return self.encode(to_model(noisy)), index

    def _fit_appearance(self, pairs: PairArrays) -> Appearance:
        palette = self.codebook.palette
        return fit_appearance(np.stack([region_colors(p, m, palette) for p, m in zip(pairs.photos, pairs.masks)]))

    def offsets(self, photos: np.ndarray, masks: np.ndarray, appearance: Appearance | None) -> np.ndarray | None:
        """The photos' regional offsets, (B, n, 3), nan where a region is too small; None without appearance."""
        if appearance is None:
            return None
        colors = [region_colors(p, m, self.codebook.palette) for p, m in zip(photos, masks)]
        return appearance.offsets(torch.from_numpy(np.stack(colors))).numpy()


def open_pairs(config: LatentConfig, root: Path, seed: int, bf16: bool, limit: int | None = None) -> LatentPairs:
    """The pairs of a configuration, in memory or streamed. Arguments and errors: see `LatentPairs`."""
    from .streaming import StreamedPairs  # which is one of them

    return (StreamedPairs if config.stream else LatentPairs)(config, root, seed, bf16, limit)


class LatentCache:
    """The latents that were asked for last: variants of a study mostly share theirs. Whoever trains owns one."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._pairs: LatentPairs | None = None

    def get(self, config: LatentConfig, root: Path, seed: int, bf16: bool) -> LatentPairs:
        """`LatentPairs` of these arguments, as it was if they are those of the call before."""
        key = repr((asdict(config), root, seed, bf16))
        if self._pairs is None or key != self._key:
            self._pairs = None  # before the next one needs the memory
            self._key, self._pairs = key, open_pairs(config, root, seed, bf16)
        return self._pairs
