"""Pictures between files, canvas and browser: crop to the canvas, and travel as data URLs."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from PIL import Image


def centre_crop(picture: np.ndarray, aspect: float) -> np.ndarray:
    """The largest centred part of (H, W, ...) whose width over height is `aspect` (to a pixel)."""
    height, width = picture.shape[:2]
    w, h = min(width, max(1, round(height * aspect))), min(height, max(1, round(width / aspect)))
    top, left = (height - h) // 2, (width - w) // 2
    return picture[top : top + h, left : left + w]


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
    """RGB (H, W, 3) uint8 as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def data_url(data: bytes, kind: str) -> str:
    """Bytes of a MIME type as a URL that needs no file on the server."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def underlay_url(photo: np.ndarray) -> str:
    """A photo to lie under the canvas: JPEG, because it is only looked at."""
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=90)
    return data_url(buffer.getvalue(), "image/jpeg")
