"""The note that pictures carry in their files: what made them, with which model and seed, and what they are for."""

from __future__ import annotations

import struct
import zlib

PNG_HEAD = 33  # bytes: the signature and the chunk IHDR, after which others may stand
GIF_END = b"\x3b"


def note_of(model: str, seed: int | None) -> str:
    """The note of a picture; `seed` is None for a photo that no seed has painted."""
    painted = "" if seed is None else f", seed {seed}"
    return f"Made with SemFlow Studio: model {model}{painted}. Licence: for research only."


def with_note(data: bytes, note: str) -> bytes:
    """A PNG or GIF with a note as its comment; other files as they are.

    Args:
        note: Latin-1 text, of at most 255 characters.
    """
    text = note.encode("latin-1", "replace")[:255]
    if data.startswith(b"\x89PNG"):
        body = b"tEXt" + b"Comment\0" + text
        note_chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return data[:PNG_HEAD] + note_chunk + data[PNG_HEAD:]
    if data.startswith(b"GIF8") and data.endswith(GIF_END):
        return data[:-1] + b"\x21\xfe" + bytes([len(text)]) + text + b"\0" + GIF_END
    return data
