"""A clip to share: the photo becomes its layout and comes back, in three seconds and less than three megabytes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np

from semflow_core.pictures.animations import write_frames

FPS = 12.0
HOLD, MOVE = 6, 12  # pictures at each end, and on each way: 36 of them are three seconds
MAX_BYTES = 3_000_000
LARGEST = {"gif": 400, "webp": 512, "mp4": 512}  # rows: a GIF of 512 is too large near t = 1, where colours are noise
SMALLEST = 128
QUALITY = 90  # of a WebP: every pixel as it is would leave a third of the pixels, and take twice the time


def there_and_back(moments: np.ndarray) -> np.ndarray:
    """Moments (N, H, W, 3) uint8 from photo to layout -> the pictures of the clip, (36, H, W, 3) uint8.

    Between two moments one fades into the next.
    """
    way = np.linspace(0, len(moments) - 1, MOVE + 2)[1:-1]
    places = np.concatenate([np.zeros(HOLD), way, np.full(HOLD, len(moments) - 1.0), way[::-1]])
    below = np.minimum(places.astype(int), len(moments) - 2)
    share = (places - below)[:, None, None, None]
    return np.rint((1 - share) * moments[below] + share * moments[below + 1]).astype(np.uint8)


def clip_file(pictures: np.ndarray, kind: str) -> bytes:
    """A clip as a file of a kind (gif, webp, mp4), as large as `MAX_BYTES` allow."""
    height = min(LARGEST[kind], pictures.shape[1])
    while True:
        width = 2 * round(pictures.shape[2] * height / pictures.shape[1] / 2)
        small = np.stack([cv2.resize(p, (width, height), interpolation=cv2.INTER_AREA) for p in pictures])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"clip.{kind}"
            write_frames(path, small, FPS, QUALITY)
            data = path.read_bytes()
        if len(data) <= MAX_BYTES or height <= SMALLEST:
            return data
        # a file grows with its pixels: one more try is enough as a rule
        height = max(SMALLEST, 2 * int(0.45 * height * (MAX_BYTES / len(data)) ** 0.5))


def side_by_side(layout: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Layout colours (h, w, 3) and photo (H, W, 3) in one picture of the photo's height, uint8."""
    height, width = photo.shape[:2]
    return np.concatenate([cv2.resize(layout, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), photo], 1)
