"""Animations, written as GIF, WebP, MP4, a zip or a folder of PNGs."""

from __future__ import annotations

import io
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from ..errors import InputError
from .files import write_atomically

ANIMATION_SUFFIXES = (".gif", ".webp", ".mp4", ".zip")


def write_frames(
    path: str | os.PathLike[str], frames: np.ndarray, fps: float = 12.0, quality: int | None = None
) -> None:
    """Write an animation: .gif, .webp or .mp4, a .zip of PNGs, and without a suffix a folder of them.

    Args:
        frames: (N, H, W, 3) uint8. In .mp4 sides are even: an odd one loses its last row or column.
        quality: of a .webp, in [0, 100], None for every pixel as it is. Other suffixes have one of their own.

    Raises:
        InputError: another suffix, or the place cannot be written to.
    """
    path = Path(path)
    check_animation_path(path)
    if path.suffix == "":
        _write_folder(path, frames)
    elif path.suffix.lower() == ".mp4":
        write_atomically(path, lambda temporary: _write_mp4(temporary, frames, fps))
    elif path.suffix.lower() == ".zip":
        write_atomically(path, lambda temporary: _write_zip(temporary, frames))
    else:
        write_atomically(path, lambda temporary: _write_with_pillow(temporary, frames, fps, quality))


def check_animation_path(path: str | os.PathLike[str]) -> None:
    """Raise InputError unless `write_frames` supports the suffix, and a folder of frames is new or empty."""
    suffix = Path(path).suffix
    if not suffix and Path(path).is_dir() and any(Path(path).iterdir()):
        raise InputError(f"the folder {path} is not empty; frames go into a new or empty one")
    if suffix and suffix.lower() not in ANIMATION_SUFFIXES:
        raise InputError(
            f"an animation is written as {', '.join(ANIMATION_SUFFIXES)} or a folder (no suffix), not as {suffix}"
        )


def _write_with_pillow(path: Path, frames: np.ndarray, fps: float, quality: int | None) -> None:
    is_gif = path.suffix.lower() == ".gif"
    first, *others = _with_256_colors(frames) if is_gif else [Image.fromarray(f) for f in frames]
    how: dict[str, Any] = {} if is_gif else {"lossless": True} if quality is None else {"quality": quality, "method": 2}
    first.save(path, save_all=True, append_images=others, duration=round(1000 / fps), loop=0, **how)


def _with_256_colors(frames: np.ndarray) -> Iterator[Image.Image]:
    """Frames with colours of their own, as GIF has them; what an animation shows again is converted once."""
    known: dict[bytes, Image.Image] = {}
    for frame in frames:
        if (key := frame.tobytes()) not in known:
            known[key] = Image.fromarray(frame).convert("P", palette=Image.Palette.ADAPTIVE)
        yield known[key]


def _write_mp4(path: Path, frames: np.ndarray, fps: float) -> None:
    """H.264 with halved colour resolution, the one kind of .mp4 that every browser and phone plays."""
    height, width = (side - side % 2 for side in frames.shape[1:3])
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:  # it plays before it is loaded whole
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000), options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _write_zip(path: Path, frames: np.ndarray) -> None:
    with zipfile.ZipFile(path, "w") as archive:  # stored: PNGs are compressed already
        for i, frame in enumerate(frames):
            buffer = io.BytesIO()
            Image.fromarray(frame).save(buffer, "PNG")
            archive.writestr(f"{i:03d}.png", buffer.getvalue())


def _write_folder(path: Path, frames: np.ndarray) -> None:
    """Write all frames to a hidden folder first, which then takes the name; a folder of that name must be empty."""
    if path.is_dir() and any(path.iterdir()):
        raise InputError(f"the folder {path} is not empty; frames are written to a new or empty one")
    temporary = path.with_name(f".{uuid.uuid4().hex}")
    try:
        temporary.mkdir(parents=True)
        for i, frame in enumerate(frames):
            Image.fromarray(frame).save(temporary / f"{i:03d}.png")
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
