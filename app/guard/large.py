"""Large photos, one at a time: each may take some hundred megabytes, so a second one waits until the first is done."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO

from PIL import Image

from semflow_core.errors import InputError
from semflow_core.pictures.files import readable_formats

from ..state.archives import DAMAGED, open_archive
from ..state.kinds import is_litter
from .limits import LARGE_PHOTO, MAX_FILE
from .visits import VISIT, Gone

_one = threading.Semaphore(1)


def pixels_of(file: str | Path) -> int:
    """Pixels of a picture file by its header, or of all pictures in a zip; 0 where there is none that can be read."""
    return sum(_pictures_in(Path(file))) if str(file).lower().endswith(".zip") else _pixels(file)


def _pixels(file: str | Path | IO[bytes]) -> int:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=readable_formats()) as image:
                return image.width * image.height
    except Exception:  # whoever reads it says what is wrong with it
        return 0


def _pictures_in(file: Path) -> Iterator[int]:
    """Pixels of each picture in a zip, until they are large together; nothing of a zip that cannot be read."""
    total = 0
    with suppress(InputError, *DAMAGED), open_archive(file) as archive:
        for member in archive.infolist():
            if total > LARGE_PHOTO:
                return
            if member.file_size <= MAX_FILE and not is_litter(member.filename):
                with archive.open(member) as stream:
                    pixels = _pixels(stream)
                total += pixels
                yield pixels


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
