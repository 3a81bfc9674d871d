"""Two pictures in one: an edit let into its photo, and regions brought to the mean colours that were asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from ..method.appearance import Rgb
from .files import LARGE
from .strips import enlarged, parts_of

CORE = 1.5  # px of 256: blur of the border between the network's picture and the photo's own
PASSES = 4  # iterations of `to_means`
REACH = 16  # px of 256: shadows and contours that belong to a changed region reach so far beyond it


def recolor(
    photo: np.ndarray, old: np.ndarray, new: np.ndarray, regions: Sequence[tuple[np.ndarray, Rgb]]
) -> tuple[np.ndarray, np.ndarray]:
    """Give regions of a photo other mean colours, and leave their detail: the change between two syntheses is added.

    Both are of the photo's own layout and noise and differ in those regions' offsets only, so what they differ in is
    colour and light. How it falls over a region is the model's; its mean is set to what was asked for.

    Args:
        photo: (H, W, 3) uint8.
        old, new: the syntheses with the photo's own offsets and with those asked for, of one size.
        regions: (where, colour): (h, w) bool of any size, and the mean that it is to have, R, G, B in 0..255.

    Returns:
        the photo (H, W, 3) uint8 and the share of the change that was let through (H, W) uint8, 255 for all of it.
    """
    if photo.shape[0] * photo.shape[1] > LARGE:
        return _recolor_large(photo, old, new, regions)
    mixed, share = _recolored(photo, *[cv2.resize(p, photo.shape[1::-1]) for p in (old, new)], regions=regions)
    return mixed.round().clip(0, 255).astype(np.uint8), _in_bytes(share)


def _recolor_large(
    photo: np.ndarray, old: np.ndarray, new: np.ndarray, regions: Sequence[tuple[np.ndarray, Rgb]]
) -> tuple[np.ndarray, np.ndarray]:
    """What is added is computed of a smaller photo, and enlarged in strips: 40 megapixels in float32 take 480 MB."""
    shape = photo.shape[:2]
    shrink = math.sqrt(LARGE / (shape[0] * shape[1]))
    size = max(1, int(shape[1] * shrink)), max(1, int(shape[0] * shrink))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    mixed, small_share = _recolored(small, *[cv2.resize(p, size) for p in (old, new)], regions=regions)
    result, share = photo.copy(), np.empty(shape, np.uint8)
    for part in parts_of(photo):
        share[part] = _in_bytes(enlarged(small_share, part, shape))
    for c in range(3):
        added = mixed[..., c] - small[..., c]
        for part in parts_of(photo):
            result[part][..., c] = (photo[part][..., c] + enlarged(added, part, shape)).round().clip(0, 255)
    return result, share


def _recolored(
    photo: np.ndarray, old: np.ndarray, new: np.ndarray, regions: Sequence[tuple[np.ndarray, Rgb]]
) -> tuple[np.ndarray, np.ndarray]:
    """The photo (H, W, 3) float32, not rounded, and the share, of two syntheses of its size."""
    change = new.astype(np.float32) - old
    shift, everywhere = mean_shift(photo + change, regions)
    inside = cv2.distanceTransform(everywhere, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ramp = max(1, round(2 * CORE * len(photo) / 256))
    # a lip that is narrower than two ramps has its full colour in its middle
    middle = cv2.dilate(inside, np.ones((2 * ramp + 1, 2 * ramp + 1), np.uint8))
    share = np.minimum(inside / np.clip(middle, 1, ramp), 1)
    return photo + share[..., None] * (change + shift), share


def to_means(photo: np.ndarray, regions: Sequence[tuple[np.ndarray, Rgb]]) -> np.ndarray:
    """Give regions of a synthesised photo the mean colours that were asked for; borders stay as soft as they are.

    A thin region has most of its pixels on soft borders, and a bright one is cut off at 255: what either leaves is made
    up for, which brings a mean to within a few levels, if not beyond what pixels can be.

    Args:
        photo: (H, W, 3) uint8.
        regions: as in `recolor`.
    """
    if not regions:
        return photo
    picture = photo.astype(np.float32)
    for _ in range(PASSES):
        shift, everywhere = mean_shift(picture, regions)
        weight = cv2.GaussianBlur(everywhere.astype(np.float32), (0, 0), CORE * len(photo) / 256)
        picture = (picture + weight[..., None] * shift).clip(0, 255)
    return picture.round().astype(np.uint8)


def mean_shift(picture: np.ndarray, regions: Sequence[tuple[np.ndarray, Rgb]]) -> tuple[np.ndarray, np.ndarray]:
    """What brings each region to its mean colour.

    Args:
        picture: (H, W, 3) float32.
        regions: (where, colour), see `recolor`.

    Returns:
        the shift (H, W, 3) float32, without seams where two regions meet, and where it holds (H, W) uint8, 0 or 1.
    """
    height, width = picture.shape[:2]
    shift, everywhere = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.uint8)
    for where, color in regions:
        # at the picture's own size: outside a pixel is the photo's own to the bit
        region = cv2.resize(where.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST_EXACT) > 0
        if region.any():  # it may be too thin for a photo that is smaller than the model's square
            everywhere |= region
            shift[region] = np.array(color, np.float32) - picture[region].mean(0)
    sigma = CORE * height / 256
    weight = cv2.GaussianBlur(everywhere.astype(np.float32), (0, 0), sigma)[..., None]
    return cv2.GaussianBlur(shift, (0, 0), sigma) / np.maximum(weight, 1e-3), everywhere


def composite(
    photo: np.ndarray, own: np.ndarray, edited: np.ndarray, where: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Let an edit into a photo only where the layout changed, and a feathered margin around it.

    In the margin the change is added to the photo, whose detail (what the autoencoder loses) stays; in the changed
    region itself that detail would be a ghost of what was there, and the decoded picture replaces it.

    Args:
        photo: (H, W, 3) uint8.
        own, edited: the decoded latents of the photo as it is and as it was edited, of one size, which may be smaller.
        where: (h, w) bool of any size, the pixels whose class changed.

    Returns:
        the composed photo (H, W, 3) uint8 and the share of the change that was let through (H, W) uint8, 255 for all
        of it.
    """
    scale = where.shape[0] / 256
    away = cv2.distanceTransform((~where).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # no edit, no distance to one: OpenCV then gives a large number, and nothing is let through
    wide = np.clip(1 - away / (REACH * scale), 0, 1)
    core = cv2.GaussianBlur(where.astype(np.float32), (0, 0), CORE * scale)
    shape = photo.shape[:2]
    result, share = photo.copy(), np.empty(shape, np.uint8)
    planes = [(_plane(edited, c) - _plane(own, c), _plane(edited, c)) for c in range(3)]
    for part in parts_of(photo):
        through, within = enlarged(wide, part, shape), enlarged(core, part, shape)
        share[part] = _in_bytes(through)
        if not (through.any() or within.any()):
            continue
        for c, (change, replacement) in enumerate(planes):
            base = photo[part][..., c] + through * enlarged(change, part, shape)
            mixed = base + within * (enlarged(replacement, part, shape) - base)
            result[part][..., c] = mixed.round().clip(0, 255)
    return result, share


def _plane(picture: np.ndarray, channel: int) -> np.ndarray:
    """One channel of (H, W, 3) uint8 as (H, W) float32."""
    return picture[..., channel].astype(np.float32)


def _in_bytes(share: np.ndarray) -> np.ndarray:
    """0..1 float32 -> 0..255 uint8, which is 0 only where nothing is let through."""
    return np.ceil(255 * share).astype(np.uint8)
