"""Values that nobody expects: the material of crafted requests, files, names and configurations."""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

SCRIPT = "<img src=x onerror=\"document.title='XSS'\"><script>document.title='XSS'</script>"
NAMES = (
    "../../../etc/passwd",
    "/etc/passwd",
    "..\\..\\x",
    "a\x00b",
    "%2e%2e/%2e%2e/etc/passwd",
    "con.png",
    "é\u202egnp.exe",
    "x" * 5000,
    SCRIPT,
    "",
    ".",
    "\n\r\nSet-Cookie: a=b",
)


def cases_of(request: pytest.FixtureRequest) -> int:
    """How many cases a run has: the option `--hostile`."""
    return int(request.config.getoption("--hostile") or 0)


def odd(r: random.Random, depth: int = 0) -> Any:
    """Any JSON value, most of them wrong wherever they stand."""
    simple: list[Any] = [
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        -(2**63),
        float(r.randrange(10**6)),
        "",
        "faces",
        SCRIPT,
        "NaN",
        "x" * r.randrange(3000),
        r.choice(NAMES),
        "\ud83d\ude00",
        "1,1;AAAA",
        f"{r.randrange(10**5)},{r.randrange(10**5)};" + "A" * r.randrange(100),
        {"path": r.choice(NAMES), "meta": {"_type": "gradio.FileData"}},
        {"url": "http://127.0.0.1:1/x", "meta": {"_type": "gradio.FileData"}},
        {"url": "data:image/png;base64,AAAA", "meta": {"_type": "gradio.FileData"}},
        {"path": None, "url": None, "meta": {"_type": "gradio.FileData"}},
    ]
    if depth < 3 and r.random() < 0.2:
        return [odd(r, depth + 1) for _ in range(r.randrange(5))]
    if depth < 3 and r.random() < 0.2:
        return {str(odd(r, 3))[:50]: odd(r, depth + 1) for _ in range(r.randrange(4))}
    return r.choice(simple)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes = b"", bits: int = 8, kind: int = 2) -> bytes:
    """A PNG that says what size it is, whatever its data."""
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def picture(r: random.Random) -> bytes:
    """A picture file of a format that is read."""
    size = r.choice([(16, 16), (64, 48), (17, 99)])
    mode = r.choice(["L", "RGB", "P", "RGBA", "1", "LA"])
    image = Image.fromarray(np.frombuffer(r.randbytes(size[0] * size[1] * 3), np.uint8).reshape(*size, 3)).convert(mode)
    out = io.BytesIO()
    image.save(out, "PNG") if mode in ("RGBA", "LA", "P", "1") else image.save(out, r.choice(["PNG", "JPEG", "BMP"]))
    return out.getvalue()


def damaged(r: random.Random) -> bytes:
    """A file that is not what it seems to be."""
    whole = bytearray(picture(r))
    kind = r.randrange(9)
    if kind == 0:
        return bytes(whole[: r.randrange(len(whole))])
    if kind == 1:
        for _ in range(r.randrange(1, 30)):
            whole[r.randrange(len(whole))] = r.randrange(256)
        return bytes(whole)
    if kind == 2:
        return png(r.choice([0, 1, 2**31 - 1, 60000]), r.choice([0, 1, 2**31 - 1, 60000]))
    if kind == 3:
        return png(64, 64, b"\0" * r.randrange(10**5), r.choice([1, 2, 8, 16, 7]), r.randrange(8))
    if kind == 4:
        return r.randbytes(r.randrange(2000))
    if kind == 5:
        return f"<svg xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</svg>".encode()
    if kind == 6:
        return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(/etc/passwd) run\n"
    if kind == 7:
        return b"GIF89a" + r.randbytes(300)
    return json.dumps(odd(r)).encode(errors="replace")
