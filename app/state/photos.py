"""Pictures between files, canvas and browser: crop to the canvas, and travel as data URLs."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from PIL import Image

from semflow_core.pictures.align import Aligned

MAX_HEIGHT = 1024  # rows of an opened photo: it travels to the browser with every edit
# margin (`Segmentation.margin`) from which a pixel's class is clear: of two classes alone, one is three times as likely
CERTAIN = 0.75
DOUBT_COLORS = np.array([[255, 214, 64], [255, 122, 24], [226, 32, 32]], np.float32)  # margin CERTAIN, half of it, 0


def centre_crop(picture: np.ndarray, aspect: float) -> np.ndarray:
    """The largest centred part of (H, W, ...) whose width over height is `aspect` (to a pixel)."""
    height, width = picture.shape[:2]
    w, h = min(width, max(1, round(height * aspect))), min(height, max(1, round(width / aspect)))
    top, left = (height - h) // 2, (width - w) // 2
    return picture[top : top + h, left : left + w]


def shape_photo(framed: Aligned, aspect: float) -> tuple[np.ndarray, Aligned, bool]:
    """A photo's crop -> its centred part of the canvas's shape, the way back, and whether something was cropped away.

    A photo keeps its own pixels up to `MAX_HEIGHT` rows: edits leave the untouched ones as they are.
    """
    crop = framed.crop
    part = centre_crop(crop, aspect)
    way = framed.part(part, (crop.shape[0] - part.shape[0]) // 2, (crop.shape[1] - part.shape[1]) // 2)
    height = min(part.shape[0], MAX_HEIGHT)
    if height < part.shape[0]:
        part = cv2.resize(part, (round(height * aspect), height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(part), way, abs(crop.shape[1] / crop.shape[0] - aspect) > 0.01


def fit_photo(photo: np.ndarray, width: int, height: int) -> tuple[np.ndarray, bool]:
    """(H, W, 3) uint8 -> (height, width, 3) uint8, and whether something was cropped away."""
    part = centre_crop(photo, width / height)
    shrinks = part.shape[0] > height
    fitted = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return fitted, part.shape != photo.shape


def fit_layout(labels: np.ndarray, width: int, height: int) -> tuple[np.ndarray, bool]:
    """Class ids (H, W) -> (height, width), by nearest neighbour, and whether something was cropped away."""
    part = centre_crop(labels, width / height)
    fitted = cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return fitted, part.shape != labels.shape


def png_bytes(picture: np.ndarray) -> bytes:
    """RGB (H, W, 3), RGBA (H, W, 4) or grey (H, W) uint8 as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def data_url(data: bytes, kind: str) -> str:
    """Bytes of a MIME type as a URL that needs no file on the server."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def underlay_url(photo: np.ndarray) -> str:
    """The URL of a photo under the canvas: JPEG, because no pixel of it is computed with."""
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=90)
    return data_url(buffer.getvalue(), "image/jpeg")


def doubt_url(margin: np.ndarray) -> str:
    """The URL of an overlay where a layout is uncertain: red where what was read is unlikely.

    Args:
        margin: (H, W) float32 in 0..1 (`Segmentation.margin`); from `CERTAIN` on the overlay is transparent.
    """
    doubt = np.clip(1 - margin / CERTAIN, 0, 1)
    shade = np.stack([np.interp(doubt, (0, 0.5, 1), DOUBT_COLORS[:, i]) for i in range(3)], -1)
    alpha = 220 * np.minimum(1, 2 * doubt)
    return data_url(png_bytes(np.dstack([shade, alpha]).astype(np.uint8)), "image/png")


def difference(photo: np.ndarray, differs: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """A faded photo with `colours` where `differs` (H, W) bool; all of one size, uint8 RGB."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None] // 2 + 110
    return np.where(differs[..., None], colours, grey).astype(np.uint8)
