"""Files that the tests of several modules read."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from semflow_core.method.palette import Palette


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that states its size and holds no pixel: reading it can only succeed as far as the header."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def save(path: Path, labels: np.ndarray) -> Path:
    Image.fromarray(labels.astype(np.uint8)).save(path)
    return path


def rows(ids: list[int]) -> np.ndarray:
    """A label map with one row an id, at least 16 rows."""
    return np.repeat(np.resize(ids, max(16, len(ids)))[:, None], 20, axis=1).astype(np.uint8)


def street() -> np.ndarray:
    """A street drawn with rectangles, (48, 96) uint8 train ids: sky, buildings, trees, cars, road, a void bonnet."""
    labels = np.full((48, 96), 2, np.uint8)
    labels[:18, 30:66] = 10  # sky
    labels[6:26, 60:80] = 8  # vegetation
    labels[26:] = 0  # road
    labels[26:32, :14] = labels[26:32, 82:] = 1  # sidewalk
    labels[20:31, 18:34] = 13  # car
    labels[18:31, 84:87] = 11  # person
    labels[10:26, 70:71] = 5  # pole
    labels[44:] = 255
    return labels


def foreign(labels: np.ndarray, palette: Palette, key: str) -> np.ndarray:
    """A layout in the ids of another tool."""
    convention = next(c for c in palette.foreign.ids if c.key == key)
    values = np.zeros(labels.shape, np.int64)
    for value, class_id in convention.classes:
        values[labels == class_id] = value
    return values


def grey(values: np.ndarray) -> bytes:
    return encoded(Image.fromarray(values.astype(np.uint8)))
