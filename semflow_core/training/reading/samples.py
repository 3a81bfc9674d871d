"""What a layout reader learns from: pairs at the photos' own size, and photos that another reader labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from ...data.augment import Augmentation, augment
from ...data.masks import usual_ids
from ...data.names import Pair, pictures_in
from ...data.pairs import find_pairs, read_pair
from ...method.palette import UNLABELLED, Palette
from ...nets.contracts import Reader
from ...pictures.photos import read_photo
from ...pipeline.engine import squeezed
from ...pipeline.pixels import probabilities
from .losses import VOID

UNCOUNTED = 254  # id of pixels that no loss counts; 255 may be a class
STRIDE = 2  # pixels of a photo per class score and axis


class LabelledFolder:
    """The pairs of a folder, read from their files one by one.

    Args:
        folder: with images/ and masks/.
        ids: whose ids the masks' are; empty is found out.
        ambiguous: class ids of this folder that mean several classes. Where they are, and where no class is, no loss
            counts, if there are any; otherwise pixels without a class are a region, as they are to the flow.

    Raises:
        InputError: there are no pairs, or files do not belong together.
    """

    def __init__(self, folder: Path, palette: Palette, ids: str = "", ambiguous: Sequence[int] = ()) -> None:
        self.palette, self.pairs, self.ambiguous = palette, find_pairs(folder), list(ambiguous)
        self.ids, self.usual = ids, "" if ids else usual_ids(self.pairs, palette)

    def read(self, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        """Photo (H, W, 3) and class ids (H, W) at their own size, as annotated. Raises InputError."""
        return read_pair(pair, self.palette, self.ids, self.usual)

    def labelled(self, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        """`read`, with ids to be learned, or UNCOUNTED. Raises InputError."""
        photo, mask = self.read(pair)
        if self.ambiguous:
            return photo, np.where(np.isin(mask, [*self.ambiguous, UNLABELLED]), np.uint8(UNCOUNTED), mask)
        return photo, self.palette.paintable(mask)

    def pixels(self, pairs: Sequence[Pair]) -> np.ndarray:
        """Pixels per pair and class index, (N, n) int64."""
        n, rows = len(self.palette.classes), []
        for pair in pairs:
            rows.append(np.bincount(self.palette.index(self.labelled(pair)[1]).ravel(), minlength=n))
        return np.stack(rows)


class UnlabelledPhotos:
    """Photos without masks, and what a reader sees in them where it is certain.

    Args:
        folders: of photos.
        reader: says what they show.
        certain: the probability from which it is believed.
    """

    def __init__(self, folders: Sequence[Path], palette: Palette, reader: Reader, certain: float) -> None:
        self.files = [file for folder in folders for file in pictures_in(folder)]
        self.palette, self.reader, self.certain = palette, reader, certain

    def read(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Photo (H, W, 3) and class ids (h, w) at the reader's resolution, UNCOUNTED where it is not certain."""
        photo = read_photo(self.files[number])
        probability, best = probabilities(self.reader, [photo], self.palette, mirror=True)[0].max(0)
        ids = self.palette.ids[best.numpy()]
        return photo, np.where(probability.numpy() < self.certain, np.uint8(UNCOUNTED), ids)


@dataclass(frozen=True)
class ReaderBatch:
    photos: torch.Tensor  # (B, 3, H, W) in [-1, 1]
    labels: torch.Tensor  # (B, H/2, W/2) class indices, VOID where no loss counts


def ready(
    photo: np.ndarray,
    mask: np.ndarray,
    size: tuple[int, int],
    palette: Palette,
    rng: np.random.Generator,
    how: Augmentation,
) -> tuple[np.ndarray, np.ndarray]:
    """A pair squeezed to (width, height), changed at random: photo (H, W, 3), class indices (H/2, W/2) int64."""
    photo = squeezed(photo, size[1], size[0])
    mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST_EXACT)
    photo, mask = augment(photo, mask, palette, rng, how)
    return degraded(photo, rng), indices(mask[::STRIDE, ::STRIDE], palette)


def indices(mask: np.ndarray, palette: Palette) -> np.ndarray:
    """Class ids -> class indices int64, VOID where the id is UNCOUNTED."""
    void = mask == UNCOUNTED
    return np.where(void, VOID, palette.index(np.where(void, palette.ids[0], mask)).astype(np.int64))


def degraded(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A photo as poor cameras and programs leave it, half of the time: grey, small, noisy, or compressed."""
    h, w = photo.shape[:2]
    if rng.random() < 0.06:
        photo = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    if rng.random() < 0.25:
        share = rng.uniform(0.35, 0.9)
        small = cv2.resize(photo, (round(w * share), round(h * share)), interpolation=cv2.INTER_AREA)
        photo = cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(2, 12), photo.shape)
        photo = (photo + noise).clip(0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))]
        photo = np.asarray(cv2.imdecode(cv2.imencode(".jpg", photo, quality)[1], cv2.IMREAD_COLOR))
    return photo
