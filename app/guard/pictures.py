"""Pictures in Gradio's cache, which are files named by their content: visits that see the same picture have one file.

Gradio writes such a file anew, in place, whenever somebody gets its picture; who reads it at that moment gets half of
it, and the browser shows a broken picture. Here a file that is there is used as it is, and a new one appears whole.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gradio import processing_utils
from PIL import Image

from semflow_core.pictures.files import write_atomically


def save_picture(img: Image.Image, cache_dir: str, name: str = "image", format: str = "webp") -> str:
    """The path of a picture's file in a cache, as `gradio.processing_utils.save_pil_to_cache`.

    Raises:
        WriteError: it cannot be written.
    """
    data = processing_utils.encode_pil_to_bytes(img, format)
    path = Path(cache_dir, processing_utils.hash_bytes(data), f"{name}.{format}").resolve()
    with suppress(OSError):
        os.utime(path)  # young again, for the sweep
        if path.stat().st_size == len(data):
            return str(path)
    write_atomically(path, lambda temporary: temporary.write_bytes(data))
    return str(path)


def write_whole() -> None:
    """Let all of Gradio's components save their pictures so."""
    processing_utils.save_pil_to_cache = save_picture
