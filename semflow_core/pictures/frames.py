"""The part of a whole photo that a model works on, and where a layout of that photo lies in it.

A model of faces works on the aligned face (`align`), other models on the whole photo. A layout may be of the whole
photo, as `segment` writes it, or of the part, as the studio's canvas shows it: its shape says which.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import InputError
from ..method.palette import Palette
from .align import Aligned, align, between_centres, is_of_faces, whole

SAME_SHAPE = 0.02  # largest difference of two ratios of width to height: sizes are whole numbers, often rounded


def part_for(photo: np.ndarray, palette: Palette, aligned: bool = True) -> Aligned:
    """The part of a photo (H, W, 3) uint8 that a model with these classes works on.

    Args:
        aligned: False takes the whole photo for models of faces, too.
    """
    return align(photo) if aligned and is_of_faces(palette) else whole(photo)


def layout_in_part(labels: np.ndarray, part: Aligned, name: str) -> tuple[np.ndarray, str]:
    """The layout (h, w) of a photo, as its part shows it, and a sentence if it was taken for the part's.

    Raises:
        InputError: it has neither the photo's shape nor the part's.
    """
    if _alike(labels.shape, part.shape):
        return (_cut(labels, part) if part.changed else labels), ""
    if part.changed and _alike(labels.shape, part.crop.shape):
        return labels, "It has the shape of the part that was cut out of the photo, and was taken for its layout."
    (height, width), (h, w) = part.shape, labels.shape
    also = ", or that of the part that is cut out of it" if part.changed else ""
    across = "; it seems to lie across" if _alike((w, h), part.shape) else ""
    raise InputError(
        f"the layout {name} is {w}x{h} pixels and its photo {width}x{height}; it must have the photo's shape"
        f"{also}{across}"
    )


def _alike(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two pictures have one ratio of width to height."""
    return abs(np.log(one[1] / one[0]) - np.log(other[1] / other[0])) <= SAME_SHAPE


def _cut(labels: np.ndarray, part: Aligned) -> np.ndarray:
    """Class ids of the whole photo, at any size -> those of its part, mirrored beyond the edge as the part is."""
    height, width = part.shape
    scale = np.diag([width / labels.shape[1], height / labels.shape[0], 1.0])
    size = part.crop.shape[1::-1]
    return cv2.warpAffine(
        labels,
        between_centres(part.matrix @ scale),
        size,
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REFLECT,
    )
