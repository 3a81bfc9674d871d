"""Alignment of faces: the crop of a photo that is framed as CelebA-HQ's pictures are, and the way back.

The oriented square is that of CelebA-HQ (Karras et al. 2018, appendix C) and FFHQ: centred a tenth of the way from the
eyes to the mouth, upright to the face, its side the larger of 4 eye distances and 3.6 eye-mouth distances. On a
training crop it gives back the whole picture; `python -m benchmarks.alignment` measures how nearly.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..method.palette import Palette
from ..nets.mtcnn import find_faces
from .strips import rows

# A photo counts as framed already if the corners of its face's square are at most this far from its own, in sides.
# Smaller distances are the detector's error: `benchmarks/alignment.py` counts the training crops that are left alone.
FRAMED = 0.12
SQUARE = 0.02  # largest difference of its width and height, as a share of the larger
REFINED = 256  # side in pixels of the upright crop in which the landmarks are detected a second time
SMALLEST, LARGEST = 64, 2048  # bounds of the crop's side in pixels; between them it is the photo's own resolution


@dataclass(frozen=True)
class Aligned:
    """A square crop and the way back."""

    crop: np.ndarray  # (S, S, 3) uint8; the whole photo, of any shape, where it is framed already
    matrix: np.ndarray  # (2, 3) float64: point of the photo -> point of the crop; pixel i spans i to i + 1
    shape: tuple[int, int]  # height and width of the photo
    faces: int  # number of faces found
    note: str  # one sentence for the user; empty if the photo was surely framed already

    @property
    def changed(self) -> bool:
        """Whether the crop is not simply the photo."""
        return not np.array_equal(self.matrix, np.eye(2, 3))

    def back(self, labels: np.ndarray, outside: int) -> np.ndarray:
        """Class ids of the crop, at its size or any other -> (H, W) of the photo, by nearest neighbour.

        Args:
            outside: the id of the pixels that the crop does not show.
        """
        if not self.changed:
            return labels
        scale = labels.shape[0] / self.crop.shape[0]
        return cv2.warpAffine(
            labels,
            between_centres(self.matrix * scale),
            self.shape[::-1],
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=outside,
        )

    def put_back(self, photo: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """The photo with the changes of its crop. All other pixels stay the same to the bit.

        A part that was neither turned nor scaled goes back where it was. Others are warped one channel at a time and
        blended in strips: 40 megapixels take 160 MB per channel in float32.

        Args:
            photo: (H, W, C) uint8, the photo that the crop is from.
            before, after: (h, w, C) uint8, the crop at any size, unchanged and changed.
        """
        if not self.changed and before.shape == photo.shape:
            return after
        if (corner := self._corner()) is not None and before.shape[:2] == self.crop.shape[:2]:
            result = photo.copy()
            there = result[corner[0] : corner[0] + len(before), corner[1] : corner[1] + before.shape[1]]
            for part in rows(len(before)):
                changed = (before[part] != after[part]).any(-1)
                there[part][changed] = after[part][changed]
            return result
        scale = before.shape[0] / self.crop.shape[0]
        matrix, size = between_centres(self.matrix * scale), self.shape[::-1]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        share = cv2.warpAffine((before != after).any(-1).astype(np.float32), matrix, size, flags=flags)
        parts = [part for part in rows(len(share)) if (share[part] > 0).any()]
        result = photo.copy()
        for c in range(photo.shape[-1]):
            channel = np.ascontiguousarray(after[..., c])
            new = cv2.warpAffine(channel, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
            for part in parts:
                changed = share[part] > 0
                weight = share[part][changed]
                old = photo[part, :, c][changed]
                result[part, :, c][changed] = np.rint(weight * new[part][changed] + (1 - weight) * old)
        return result

    def _corner(self) -> tuple[int, int] | None:
        """Row and column of the photo where its crop begins; None where the crop is turned, scaled or reaches out."""
        column, row = (-self.matrix[:, 2]).round().astype(int).tolist()
        is_moved = np.array_equal(self.matrix, [[1, 0, -column], [0, 1, -row]])
        fits = row + self.crop.shape[0] <= self.shape[0] and column + self.crop.shape[1] <= self.shape[1]
        return (row, column) if is_moved and row >= 0 and column >= 0 and fits else None

    def part(self, crop: np.ndarray, top: int, left: int) -> Aligned:
        """The alignment of a part of the crop: (h, w, 3) uint8 pixels, whose corner is at (top, left) of the crop."""
        move = np.array([[1.0, 0, -left], [0, 1.0, -top], [0, 0, 1]])
        matrix = (move @ np.vstack([self.matrix, [0, 0, 1]]))[:2]
        return Aligned(crop, matrix, self.shape, self.faces, self.note)


def is_of_faces(palette: Palette) -> bool:
    """Whether a label set is of faces, so that its models need aligned crops: it has a class per eye."""
    return {"l_eye", "r_eye"} <= {c.name for c in palette.classes}


def whole(photo: np.ndarray) -> Aligned:
    """The photo as it is, for models of other label sets."""
    return Aligned(photo, np.eye(2, 3), (photo.shape[0], photo.shape[1]), 0, "")


def align(photo: np.ndarray) -> Aligned:
    """Find the largest face in a photo, RGB (H, W, 3) uint8, and cut it out.

    Without a face the crop is the centred square; a photo that is framed like a training crop stays as it is.
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
    corners = _refine(photo, oriented_square(faces[0].points))
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
    right = apart + (down[1], -down[0])  # two estimates of the upright direction; a turned head falsifies one of them
    right *= max(4.0 * np.hypot(*apart), 3.6 * np.hypot(*down)) / np.hypot(*right)
    bottom = np.array([-right[1], right[0]])
    corner = eyes + 0.1 * down - (right + bottom) / 2
    return np.stack([corner, corner + right, corner + bottom])


def _refine(photo: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The corners (3, 2) from the landmarks in the upright crop, which are more precise."""
    crop, matrix = _cut(photo, corners, REFINED)
    faces = find_faces(crop)
    if not faces:
        return corners
    middle = min(faces, key=lambda face: np.hypot(*(face.points.mean(0) - REFINED / 2)))
    refined = oriented_square(middle.points)
    return (refined - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T


def _is_framed(corners: np.ndarray, height: int, width: int) -> bool:
    """Whether the face's square is, but for the detector's error, the whole photo."""
    whole_photo = np.array([[0, 0], [width, 0], [0, height], [width, height]])
    corners = np.vstack([corners, corners[1] + corners[2] - corners[0]])
    side = max(height, width)
    near = np.hypot(*(corners - whole_photo).T).max() <= FRAMED * side
    return near and abs(height - width) <= SQUARE * side


def _cut(photo: np.ndarray, corners: np.ndarray, size: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The square with these corners and the matrix (2, 3) to it; beyond the photo's edge lies its mirror image.

    Args:
        size: the crop's side in pixels; 0 keeps the photo's resolution.
    """
    side = float(np.hypot(*(corners[1] - corners[0])))
    size = size or int(np.clip(round(side), SMALLEST, LARGEST))
    target = np.array([[0, 0], [size, 0], [0, size]], np.float32)
    matrix = cv2.getAffineTransform(corners.astype(np.float32), target)
    shrink = min(1.0, size / side)  # the photo is shrunk by area first: bilinear sampling would skip pixels
    small = photo if shrink == 1 else cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    from_small = matrix @ np.diag([photo.shape[1] / small.shape[1], photo.shape[0] / small.shape[0], 1.0])
    crop = cv2.warpAffine(
        small, between_centres(from_small), (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return crop, matrix


def between_centres(matrix: np.ndarray) -> np.ndarray:
    """The same map in OpenCV's coordinates, where the centres of pixels are whole numbers."""
    matrix = matrix.copy()
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return matrix
