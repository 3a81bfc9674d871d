"""A face anywhere in a photo, cut out the way CelebA-HQ's crops are, and its layout put back.

The oriented square is that of CelebA-HQ (Karras et al. 2018, appendix C) and FFHQ: centred a tenth of the way from the
eyes to the mouth, upright to the face, its side the larger of 4 eye distances and 3.6 eye-mouth distances. On the
training crops themselves it gives back the whole picture: `python -m benchmarks.alignment` prints how nearly.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..method.palette import Palette
from ..nets.mtcnn import find_faces

# The farthest corner of a face's square from the photo's own, in sides, up to which a photo counts as a crop already.
# What is nearer is the detector's error, not the photo's: `benchmarks/alignment.py` counts crops left alone.
ALREADY = 0.12
SQUARE = 0.02  # and its sides differ by no more than this share
LOOK = 256  # side of the crop in which the landmarks are found once more
SMALLEST, LARGEST = 64, 2048  # side of the crop in pixels: the photo's own resolution between these


@dataclass(frozen=True)
class Aligned:
    """A square crop and the way back."""

    crop: np.ndarray  # (S, S, 3) uint8, the whole photo where that is a crop already, or a part of either
    matrix: np.ndarray  # (2, 3) float64: a point of the photo -> the crop, where pixel i reaches from i to i + 1
    shape: tuple[int, int]  # height and width of the photo
    faces: int  # how many were found
    note: str  # for the user, one sentence; empty if the photo was taken as it is without a doubt

    @property
    def changed(self) -> bool:
        """Whether the crop is not simply the photo."""
        return not np.array_equal(self.matrix, np.eye(2, 3))

    def back(self, labels: np.ndarray, outside: int) -> np.ndarray:
        """Class ids of the crop, at its size or any other -> (H, W) of the photo, by nearest neighbour.

        Args:
            outside: the id of pixels that the crop does not show, which nobody has looked at.
        """
        if not self.changed:
            return labels
        scale = labels.shape[0] / self.crop.shape[0]
        return cv2.warpAffine(
            labels,
            _between_centres(self.matrix * scale),
            self.shape[::-1],
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=outside,
        )

    def put_back(self, photo: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """The photo with what changed in its crop. Its other pixels are its own, to the bit.

        Args:
            photo: (H, W, 3) uint8, of which this is the crop.
            before, after: (h, w, 3) uint8, the crop at any size, unchanged and changed.
        """
        if not self.changed and before.shape == photo.shape:
            return after
        scale = before.shape[0] / self.crop.shape[0]
        matrix, size = _between_centres(self.matrix * scale), self.shape[::-1]
        differs = (before != after).any(-1).astype(np.float32)
        share = cv2.warpAffine(differs, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)[..., None]
        new = cv2.warpAffine(
            after, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        return np.where(share > 0, np.rint(share * new + (1 - share) * photo), photo).astype(np.uint8)

    def part(self, crop: np.ndarray, top: int, left: int) -> Aligned:
        """The same way for a part of the crop."""
        move = np.array([[1.0, 0, -left], [0, 1.0, -top], [0, 0, 1]])
        matrix = (move @ np.vstack([self.matrix, [0, 0, 1]]))[:2]
        return Aligned(crop, matrix, self.shape, self.faces, self.note)


def is_of_faces(palette: Palette) -> bool:
    """Whether a label set is of faces, so that its models want aligned crops: it tells the two eyes apart."""
    return {"l_eye", "r_eye"} <= {c.name for c in palette.classes}


def whole(photo: np.ndarray) -> Aligned:
    """The photo as it is, for models that want no faces."""
    return Aligned(photo, np.eye(2, 3), (photo.shape[0], photo.shape[1]), 0, "")


def align(photo: np.ndarray) -> Aligned:
    """Find the largest face in RGB (H, W, 3) uint8 and cut it out.

    Without a face it is the centred square; a photo that is framed like a training crop stays as it is.
    """
    height, width = photo.shape[:2]
    faces = find_faces(photo)
    if not faces:
        side = min(height, width)
        if side == max(height, width):
            return Aligned(photo, np.eye(2, 3), (height, width), 0, "No face was found, so all of the photo was taken.")
        left, top = (width - side) // 2, (height - side) // 2
        crop, matrix = photo[top : top + side, left : left + side], np.array([[1.0, 0, -left], [0, 1.0, -top]])
        return Aligned(crop, matrix, (height, width), 0, "No face was found, so the centre of the photo was taken.")
    corners = _look_again(photo, oriented_square(faces[0].points))
    if _is_framed(corners, height, width):
        return Aligned(photo, np.eye(2, 3), (height, width), len(faces), "")
    note = "The face was cut out of the photo."
    if len(faces) > 1:
        note = f"{len(faces)} faces were found, and the largest was cut out of the photo."
    return Aligned(*_cut(photo, corners), (height, width), len(faces), note)


def oriented_square(points: np.ndarray) -> np.ndarray:
    """MTCNN's landmarks (5, 2) -> the crop's top left, top right and bottom left corner in the photo, (3, 2)."""
    eyes, mouth = points[:2].mean(0), points[3:].mean(0)
    apart, down = points[1] - points[0], mouth - eyes
    right = apart + (down[1], -down[0])  # both say which way is upright; a turned head falsifies one of them
    right *= max(4.0 * np.hypot(*apart), 3.6 * np.hypot(*down)) / np.hypot(*right)
    bottom = np.array([-right[1], right[0]])
    corner = eyes + 0.1 * down - (right + bottom) / 2
    return np.stack([corner, corner + right, corner + bottom])


def _look_again(photo: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The corners once more, from the landmarks in the upright crop, which are the better ones."""
    crop, matrix = _cut(photo, corners, LOOK)
    faces = find_faces(crop)
    if not faces:
        return corners
    middle = min(faces, key=lambda face: np.hypot(*(face.points.mean(0) - LOOK / 2)))
    found = oriented_square(middle.points)
    return (found - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T


def _is_framed(corners: np.ndarray, height: int, width: int) -> bool:
    own = np.array([[0, 0], [width, 0], [0, height], [width, height]])
    corners = np.vstack([corners, corners[1] + corners[2] - corners[0]])
    side = max(height, width)
    near = np.hypot(*(corners - own).T).max() <= ALREADY * side
    return near and abs(height - width) <= SQUARE * side


def _cut(photo: np.ndarray, corners: np.ndarray, size: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The square with these corners and the matrix to it, (2, 3); beyond the photo's edge lies its mirror image.

    Args:
        size: the crop's side in pixels; 0 keeps the photo's resolution.
    """
    side = float(np.hypot(*(corners[1] - corners[0])))
    size = size or int(np.clip(round(side), SMALLEST, LARGEST))
    target = np.array([[0, 0], [size, 0], [0, size]], np.float32)
    matrix = cv2.getAffineTransform(corners.astype(np.float32), target)
    shrink = min(1.0, size / side)  # first, and by area: bilinear sampling skips pixels
    small = photo if shrink == 1 else cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    from_small = matrix @ np.diag([photo.shape[1] / small.shape[1], photo.shape[0] / small.shape[0], 1.0])
    crop = cv2.warpAffine(
        small, _between_centres(from_small), (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return crop, matrix


def _between_centres(matrix: np.ndarray) -> np.ndarray:
    """The same map for OpenCV, to which a pixel's centre is a whole number."""
    matrix = matrix.copy()
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return matrix
