"""Colour spaces that a file names by numbers (ITU-T H.273, "cICP"), as ICC profiles: AVIF, HEIC and PNG have them."""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

# x and y of red, green and blue; all of these have the white of D65
PRIMARIES = {
    9: ("BT.2020", ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    12: ("Display P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
}
SRGB = (1, 2, 5, 6, 7)  # primaries of sRGB, of none that is known, and of television, which are shown as sRGB's
D65, D50 = (0.3127, 0.3290), (0.9642, 1.0, 0.8249)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # a parametric curve of ICC's type 3
# the camera's curves (BT.709 and its like) are shown by sRGB's, as screens do; PQ and HLG (16, 18) are HDR's
CURVES = {
    **dict.fromkeys((1, 2, 6, 13, 14, 15), (3, SRGB_CURVE)),
    4: (0, (2.2,)),
    5: (0, (2.8,)),
    8: (0, (1.0,)),
}


def numbers_of(data: bytes, format: str) -> tuple[int, int] | None:
    """Primaries and transfer curve that a file names; None where it names none.

    Args:
        data: the file.
        format: Pillow's name of it.
    """
    if format == "PNG":
        at = data.find(b"cICP", 0, max(0, data.find(b"IDAT")))
        return (data[at + 4], data[at + 5]) if at > 0 and len(data) > at + 5 else None
    if format in ("AVIF", "HEIF"):
        at = data.find(b"colrnclx", 0, max(0, data.find(b"mdat")))
        return struct.unpack(">HH", data[at + 8 : at + 12]) if at > 0 and len(data) > at + 12 else None
    return None


def is_srgb(primaries: int, transfer: int) -> bool:
    """Whether these numbers mean what is shown without them."""
    return primaries in SRGB and transfer in CURVES and CURVES[transfer] == (3, SRGB_CURVE)


@lru_cache(maxsize=16)
def profile_of(primaries: int, transfer: int) -> bytes | None:
    """An ICC profile for these numbers; None for sRGB's own, and for those that have none here (HDR)."""
    if primaries not in PRIMARIES or transfer not in CURVES:
        return None
    name, xy = PRIMARIES[primaries]
    kind, values = CURVES[transfer]
    curve = b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(map(_fixed, values))
    columns = _to_d50(xy).T
    tags = {
        b"desc": _text(name),
        b"cprt": _text("none"),
        b"wtpt": b"XYZ \0\0\0\0" + b"".join(map(_fixed, D50)),
        **{
            tag: b"XYZ \0\0\0\0" + b"".join(map(_fixed, column))
            for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns)
        },
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        table += tag + struct.pack(">II", at + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(">I4xI4s4s4s12x4s28x", at + len(body), 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return (head + b"".join(map(_fixed, D50))).ljust(128, b"\0") + table + body


def _to_d50(xy: tuple[tuple[float, float], ...]) -> np.ndarray:
    """(3, 3): linear RGB of these primaries to XYZ under D50."""
    columns = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in xy]).T
    white = np.array([D65[0] / D65[1], 1.0, (1 - D65[0] - D65[1]) / D65[1]])
    to_xyz = columns * np.linalg.solve(columns, white)
    adapt = np.linalg.inv(BRADFORD) @ np.diag((BRADFORD @ np.array(D50)) / (BRADFORD @ white)) @ BRADFORD
    return adapt @ to_xyz


def _fixed(value: float) -> bytes:
    """A number of ICC's, with 16 bits after the point."""
    return struct.pack(">i", round(float(value) * 65536))


def _text(text: str) -> bytes:
    """A text of ICC's, in English."""
    data = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", len(data), 28) + data
