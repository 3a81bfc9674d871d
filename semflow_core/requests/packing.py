"""Layouts and photos as text: "W,H;base64(zlib(ids))" and base64 PNG."""

from __future__ import annotations

import base64
import io
import zlib

import numpy as np
from PIL import Image

from ..errors import InputError
from ..pictures.files import check_size


def pack_labels(labels: np.ndarray) -> str:
    """Class ids (H, W) uint8 -> "W,H;base64(zlib(ids))"."""
    h, w = labels.shape
    return f"{w},{h};" + base64.b64encode(zlib.compress(np.ascontiguousarray(labels, np.uint8).tobytes(), 6)).decode()


def unpack_labels(text: str) -> np.ndarray:
    """The inverse of `pack_labels`; inflates no more than the stated size.

    Raises:
        InputError: the text is not a packed layout or its size is out of bounds.
    """
    try:
        size, data = text.split(";", 1)
        w, h = (int(n) for n in size.split(","))
    except ValueError:
        raise InputError("the layout is not in the form 'W,H;base64'") from None
    check_size(w, h, "layout")
    try:
        inflate = zlib.decompressobj()
        raw = inflate.decompress(base64.b64decode(data, validate=True), w * h + 1)
    except (ValueError, zlib.error):  # binascii's error is a ValueError, so is text that is not ASCII
        raise InputError("the layout's data is damaged; it must be base64 of zlib-compressed ids") from None
    if len(raw) != w * h:
        raise InputError(f"the layout's data does not hold {w}x{h} ids")
    return np.frombuffer(raw, np.uint8).reshape(h, w).copy()


def pack_photo(photo: np.ndarray) -> str:
    """RGB (H, W, 3) uint8 -> base64 PNG."""
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode()


def unpack_photo(text: str) -> np.ndarray:
    """The inverse of `pack_photo`.

    Raises:
        InputError: the text is not a base64 PNG, or its size is out of bounds.
    """
    try:
        image = Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"])
        check_size(*image.size, "photo")
        return np.asarray(image.convert("RGB"))
    except InputError:
        raise
    except Exception:  # Pillow's decoders raise what they like at damaged files
        raise InputError("the photo is not a base64-coded PNG") from None
