"""Files for the visitor: {name, url}, of which the page makes a download (page.DOWNLOAD_JS)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from semflow_core.method.palette import Palette
from semflow_core.pictures.layouts import write_layout

from .notes import with_note
from .photos import data_url, png_bytes

Download = dict[str, str]


def download(name: str, data: bytes, kind: str) -> Download:
    """Bytes of a MIME type."""
    return {"name": name, "url": data_url(data, kind)}


def png_download(name: str, picture: np.ndarray, note: str = "") -> Download:
    """RGB (H, W, 3) uint8 as a PNG, with a note in its file (`notes.note_of`)."""
    data = png_bytes(picture)
    return download(name, with_note(data, note) if note else data, "image/png")


def layout_download(labels: np.ndarray, palette: Palette) -> Download:
    """Class ids (H, W) as an index PNG in the palette's colours."""
    with tempfile.TemporaryDirectory() as folder:
        write_layout(Path(folder) / "layout.png", labels, palette)
        return download("layout.png", (Path(folder) / "layout.png").read_bytes(), "image/png")
