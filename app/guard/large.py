"""Large photos, one at a time: each may take some hundred megabytes, so a second one waits until the first is done."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from PIL import Image

from semflow_core.pictures.files import readable_formats

from .limits import LARGE_PHOTO
from .visits import VISIT, Gone

_one = threading.Semaphore(1)


def pixels_of(file: str | Path) -> int:
    """Pixels of a picture file by its header; 0 where it is none that can be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=readable_formats()) as image:
                return image.width * image.height
    except Exception:  # whoever reads it says what is wrong with it
        return 0


def room_for(files: Sequence[str | Path]) -> AbstractContextManager[None]:
    """While pictures are worked with; those that are large together wait for others that are.

    Raises:
        Gone: the visitor left while waiting.
    """
    return room(sum(map(pixels_of, files)))


@contextmanager
def room(pixels: int) -> Iterator[None]:
    """As `room_for`, for so many pixels."""
    if pixels <= LARGE_PHOTO:
        yield
        return
    while not _one.acquire(timeout=0.5):
        if not VISIT.get().alive():
            raise Gone
    try:
        yield
    finally:
        _one.release()
