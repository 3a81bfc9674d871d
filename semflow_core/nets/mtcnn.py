"""Faces and their landmarks in a photo: MTCNN (Zhang et al. 2016, arXiv:1604.02878).

Three small networks, each on the boxes that the one before passed on: P over a pyramid of the whole photo,
R and O at boxes of 24 and 48 pixels; O also gives eyes, nose and mouth corners. No installable package brings such a
detector without clashing with our own requirements (docs/photos.md compares them), so its 2 MB of weights are shipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from ..assets import asset

WEIGHTS = asset("face_detector/mtcnn.safetensors")

WORK_SIDE = 640  # larger photos are shrunk to this: a face worth a crop of its own is still large enough
SMALLEST = 40  # side in pixels of the smallest face looked for, after shrinking
PYRAMID = 0.709  # ratio of one size of the pyramid to the one before: half the area
SURE = (0.6, 0.7, 0.9)  # what P, R and O must give; the authors' but for the last, 0.7


@dataclass(frozen=True)
class Face:
    box: np.ndarray  # (4,) left, top, right, bottom in the photo's pixels
    points: np.ndarray  # (5, 2) x, y: the eye on the picture's left, the other eye, nose, the mouth's two corners

    @property
    def side(self) -> float:
        return float(self.box[2] - self.box[0])


@torch.inference_mode()
def find_faces(photo: np.ndarray) -> list[Face]:
    """Every face in RGB (H, W, 3) uint8, the largest first; upright to about 30 degrees either way."""
    scale = min(1.0, WORK_SIDE / max(photo.shape[:2]))
    if scale < 1:
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    boxes = _square(_propose(photo))
    if len(boxes):
        boxes = _square(_refine(photo, boxes))
    if not len(boxes):
        return []
    probability, shift, points = _onet(_patches(photo, boxes, 48))
    sure = probability > SURE[2]
    probability, shift, points, boxes = probability[sure], shift[sure], points[sure], boxes[sure]
    corner, extent = boxes[:, None, :2], boxes[:, None, 2:] - boxes[:, None, :2]
    points = corner + extent * np.stack([points[:, :5], points[:, 5:]], axis=-1)  # (n, 5, 2)
    boxes = boxes + shift * _sides(boxes)
    keep = _suppress(boxes, probability, 0.7, of_smaller=True)
    faces = [Face(boxes[i] / scale, points[i] / scale) for i in keep]
    return sorted(faces, key=lambda face: -face.side)


# ---- the three stages: boxes are (n, 4) float32 left, top, right, bottom -------------------------------------------


def _propose(photo: np.ndarray) -> np.ndarray:
    """P over the pyramid: each of its outputs stands for a 12-pixel window, two pixels from the next."""
    height, width = photo.shape[:2]
    boxes, scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
    scale = 12 / SMALLEST
    while min(height, width) * scale >= 12:
        size = int(np.ceil(width * scale)), int(np.ceil(height * scale))
        probability, shift = _pnet(_input(cv2.resize(photo, size, interpolation=cv2.INTER_AREA)[None]))
        y, x = np.nonzero(probability[0] >= SURE[0])
        corner = 2 * np.stack([x, y], -1)
        windows = (np.concatenate([corner, corner + 12], -1) / scale).astype(np.float32)
        score = probability[0, y, x]
        keep = _suppress(windows, score, 0.5)
        boxes.append((windows + shift[0, :, y, x] * _sides(windows))[keep])
        scores.append(score[keep])
        scale *= PYRAMID
    windows = np.concatenate(boxes)
    return windows[_suppress(windows, np.concatenate(scores), 0.7)]


def _refine(photo: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    probability, shift = _rnet(_patches(photo, boxes, 24))
    sure = probability > SURE[1]
    boxes, shift = boxes[sure], shift[sure]
    keep = _suppress(boxes, probability[sure], 0.7)
    return (boxes + shift * _sides(boxes))[keep]


def _patches(photo: np.ndarray, boxes: np.ndarray, size: int) -> torch.Tensor:
    """The boxes' contents (n, 3, size, size); black where a box leaves the photo."""
    patches = np.zeros((len(boxes), size, size, 3), np.uint8)
    height, width = photo.shape[:2]
    for patch, (left, top, right, bottom) in zip(patches, np.rint(boxes).astype(int)):
        inside = photo[max(top, 0) : bottom, max(left, 0) : right]
        around = max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0)
        if inside.size:
            whole = cv2.copyMakeBorder(inside, *around, cv2.BORDER_CONSTANT)
            patch[:] = cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA)
    return _input(patches)


def _input(pictures: np.ndarray) -> torch.Tensor:
    return (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() - 127.5) / 128


def _sides(boxes: np.ndarray) -> np.ndarray:
    """Width, height, width, height: the unit of the corners' corrections."""
    return np.tile(boxes[:, 2:] - boxes[:, :2], 2)


def _square(boxes: np.ndarray) -> np.ndarray:
    """The squares around the boxes' centres, as large as the longer side."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _suppress(boxes: np.ndarray, scores: np.ndarray, most: float, of_smaller: bool = False) -> list[int]:
    """Best first, the boxes that overlap no better one by more than `most` of their union (or of the smaller one)."""
    keep: list[int] = []
    order = np.argsort(-scores)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    while len(order):
        best, order = order[0], order[1:]
        keep.append(int(best))
        extent = np.minimum(boxes[best, 2:], boxes[order, 2:]) - np.maximum(boxes[best, :2], boxes[order, :2])
        common = np.prod(extent.clip(0), axis=1)
        whole = np.minimum(area[best], area[order]) if of_smaller else area[best] + area[order] - common
        order = order[common <= most * whole]
    return keep


# ---- the networks ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _weights() -> dict[str, torch.Tensor]:
    return load_file(WEIGHTS)


def _conv(x: torch.Tensor, name: str) -> torch.Tensor:
    """Convolution and PReLU."""
    w = _weights()
    x = F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"])
    return F.prelu(x, w[name.replace("conv", "prelu") + ".weight"])


def _dense(x: torch.Tensor, name: str) -> torch.Tensor:
    return F.linear(x, _weights()[f"{name}.weight"], _weights()[f"{name}.bias"])


def _flat(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 3, 2, 1).flatten(1)  # the weights' order: width, height, channels


def _pnet(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(B, 3, H, W) -> probability (B, h, w), corrections (B, 4, h, w)."""
    w = _weights()
    x = F.max_pool2d(_conv(x, "pnet.conv1"), 2, 2, ceil_mode=True)
    x = _conv(_conv(x, "pnet.conv2"), "pnet.conv3")
    face = F.conv2d(x, w["pnet.conv4_1.weight"], w["pnet.conv4_1.bias"]).softmax(1)[:, 1]
    return face.numpy(), F.conv2d(x, w["pnet.conv4_2.weight"], w["pnet.conv4_2.bias"]).numpy()


def _rnet(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(B, 3, 24, 24) -> probability (B,), corrections (B, 4)."""
    x = F.max_pool2d(_conv(x, "rnet.conv1"), 3, 2, ceil_mode=True)
    x = F.max_pool2d(_conv(x, "rnet.conv2"), 3, 2, ceil_mode=True)
    x = F.prelu(_dense(_flat(_conv(x, "rnet.conv3")), "rnet.dense4"), _weights()["rnet.prelu4.weight"])
    return _dense(x, "rnet.dense5_1").softmax(1)[:, 1].numpy(), _dense(x, "rnet.dense5_2").numpy()


def _onet(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(B, 3, 48, 48) -> probability (B,), corrections (B, 4), landmarks (B, 10): five x, then five y."""
    x = F.max_pool2d(_conv(x, "onet.conv1"), 3, 2, ceil_mode=True)
    x = F.max_pool2d(_conv(x, "onet.conv2"), 3, 2, ceil_mode=True)
    x = F.max_pool2d(_conv(x, "onet.conv3"), 2, 2, ceil_mode=True)
    x = F.prelu(_dense(_flat(_conv(x, "onet.conv4")), "onet.dense5"), _weights()["onet.prelu5.weight"])
    face = _dense(x, "onet.dense6_1").softmax(1)[:, 1].numpy()
    return face, _dense(x, "onet.dense6_2").numpy(), _dense(x, "onet.dense6_3").numpy()
