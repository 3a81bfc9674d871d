"""Picture files: opened with bounds on their size, written atomically.

Opening turns every kind of picture file into a picture or one sentence. A written file appears under its name when it
is whole, never before.
"""

from __future__ import annotations

import contextlib
import io
import os
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from ..errors import InputError

# the formats are listed because Pillow also opens ones that start other programs (EPS)
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
MAX_SIDE = 8192  # pixels of a photo or layout
MAX_PIXELS = 40_000_000


def picture_name(source: str | os.PathLike[str] | bytes) -> str:
    """The name by which messages call a picture: its file's, or "file" where only its bytes are there."""
    return "file" if isinstance(source, bytes) else Path(source).name


def open_picture(source: str | os.PathLike[str] | bytes, what: str) -> Image.Image:
    """A decoded picture whose size is in bounds.

    Args:
        source: a file or its bytes.
        what: the picture's part in messages: "photo", "layout".

    Raises:
        InputError: not a picture, damaged, or its size is out of bounds; sizes are checked before decoding.
    """
    name = picture_name(source)
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file {source}") from None
    except OSError as error:
        raise InputError(f"the {what} {name} cannot be read: {error.strerror}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # check_size is stricter
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise InputError(f"the {what} {name} has more pixels than can be handled (40 megapixels)") from None
    except Exception:  # Pillow raises exceptions of any type at a damaged header
        raise InputError(f"{name} is not a picture that can be read (JPEG, PNG, WebP, TIFF, BMP or GIF)") from None
    check_size(*image.size, f"{what} {name}")
    try:
        image.load()
    except Exception:  # as above, for damaged data
        raise InputError(f"the {what} {name} is damaged or cut off") from None
    return image


def check_size(width: int, height: int, what: str) -> None:
    """Raise InputError unless both sides are 16 .. 8192 pixels and the area at most 40 megapixels."""
    if min(width, height) < 16:
        raise InputError(f"the {what} is {width}x{height} pixels; both sides must be at least 16")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        most = f"{MAX_SIDE} per side and {MAX_PIXELS // 10**6} megapixels"
        raise InputError(f"the {what} is {width}x{height} pixels; the most is {most}")


# ---- writing -----------------------------------------------------------------------------------------------


def check_writable(folder: str | os.PathLike[str]) -> None:
    """Raise InputError unless `folder` exists or can be made, and can be written to. Creates nothing."""
    at = Path(folder).absolute()
    while not at.exists() and at != at.parent:
        at = at.parent
    if not at.is_dir() or not os.access(at, os.W_OK | os.X_OK):
        raise InputError(f"the folder {folder} cannot be written to")


def write_atomically(path: str | os.PathLike[str], write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in its place in one step.

    Raises:
        InputError: the folder cannot be made or written to, or the suffix names no picture format.
    """
    path = Path(path)
    temporary = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
    except ValueError as error:  # Pillow: unknown file extension
        raise InputError(f"{path} cannot be written: {error}") from None
    finally:
        with contextlib.suppress(OSError):  # the folder may be what failed
            temporary.unlink(missing_ok=True)
