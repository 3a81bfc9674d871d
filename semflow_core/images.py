"""Pictures at the border: photos, layouts and animations, read from and written to files.

Reading turns every kind of picture file into one array or one sentence. Writing is atomic: a file
appears under its name when it is whole, never before.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import uuid
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image, ImageOps

from .codebook import Codebook
from .data.formats import CITYSCAPES_LAST, Colors, known_colors, merge_parts, part_of, same_face, translate
from .errors import InputError
from .palette import Palette
from .request import check_size

# Named, because Pillow also opens formats that start other programs (EPS) or that nobody paints in.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
LOSSY = ("JPEG", "MPO", "WEBP")

# When colours pass for a palette's, in 0..255 units. Measured on 50 layouts saved as JPEG (quality 50 to 90):
# 56 % of the pixels or more stay within 8, of a photo's at most 11 %; 92 % or more stay within 40.
FLAT, FLAT_SHARE = 8.0, 0.4  # areas of one colour, which a photo does not have
NEAR, NEAR_SHARE, NEAR_SHARE_LOSSY = 40.0, 0.99, 0.9  # borders, which JPEG smears
BESIDE = 5  # side of the square in which a pixel between two colours looks for its class
ANIMATION_SUFFIXES = (".gif", ".webp", ".mp4", ".zip")


def read_photo(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Any picture file (or its bytes) as RGB, (H, W, 3) uint8.

    A camera's rotation is applied, transparency lies on white, 16 bits become 8.

    Raises:
        InputError: not a picture, damaged, or its size is out of bounds; sizes are checked before decoding.
    """
    image = _open(source, "photo")
    if image.mode.startswith("I"):  # 16 bits a pixel
        grey = np.clip(np.asarray(image, np.int64) // 257, 0, 255).astype(np.uint8)
        image = Image.fromarray(grey)
    elif image.mode == "F":
        raise InputError(f"the photo {_name(source)} has floating-point pixels; save it with 8 or 16 bits a channel")
    with contextlib.suppress(Exception):  # damaged EXIF is no reason to refuse a whole picture
        image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))


@dataclass(frozen=True)
class Layout:
    labels: np.ndarray  # (H, W) uint8 class ids
    note: str  # what was assumed or could not be read for certain, in sentences; "" if nothing


def read_layout(
    source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None
) -> np.ndarray:
    """The class ids of a layout file or folder of parts, (H, W) uint8: `open_layout` without its note.

    Raises:
        InputError: see `open_layout`.
    """
    return open_layout(source, palette, codebook).labels


def open_layout(
    source: str | os.PathLike[str] | bytes | Sequence[Path], palette: Palette, codebook: Codebook | None = None
) -> Layout:
    """A layout file as class ids, and what was assumed in reading it.

    Grey and palette pictures (modes L and P) hold ids as pixel values, ours or those of `data.formats`. Coloured
    ones hold the palette's display colours or the data set's, or exactly the anchors of `codebook`; the first two may
    be noisy, as a JPEG makes them. Transparent pixels are the palette's background. A folder, or several files, hold
    the parts of one picture (00012_hair.png), each white where its class is.

    Raises:
        InputError: not a picture, out of bounds, ids that are no class, or colours that are no class.
    """
    if isinstance(source, Sequence) and not isinstance(source, (str, bytes)):
        return _read_parts([Path(p) for p in source], palette)
    if not isinstance(source, bytes) and Path(source).is_dir():
        return _read_parts(sorted(Path(source).iterdir()), palette)
    if not isinstance(source, bytes) and part_of(Path(source), palette):
        return _read_parts([Path(source)], palette)
    image = _open(source, "layout")
    if _holds_ids(image):
        ids = np.asarray(image)
        if ids.max() > 255:
            raise InputError(f"the layout {_name(source)} has 16-bit ids up to {ids.max()}; ids are at most 255")
        ids, note = translate(ids.astype(np.uint8), palette, Path(_name(source)).stem)
        try:
            palette.index(ids)
        except InputError as error:
            raise InputError(f"{_name(source)}: {error}") from None
        return Layout(ids, note)
    rgba = np.asarray(image.convert("RGBA"))
    near_share = NEAR_SHARE_LOSSY if image.format in LOSSY else NEAR_SHARE
    ids, uncertain, note = _ids_of_colors(rgba[..., :3], palette, codebook, near_share, _name(source))
    ids[rgba[..., 3] < 128] = palette.background
    if uncertain:
        share = f"{uncertain:,} of its pixels ({100 * uncertain / ids.size:.1f} %)"
        note = f"{note} {share} lie between two colours and took the nearer of the classes beside them.".lstrip()
    return Layout(ids, note)


def is_layout(source: str | os.PathLike[str] | bytes, palette: Palette, codebook: Codebook | None = None) -> bool:
    """Whether a picture file is meant as a layout: few enough different ids, or colours of the palette.

    Raises:
        InputError: not a picture, or its size is out of bounds.
    """
    if not isinstance(source, bytes) and (Path(source).is_dir() or part_of(Path(source), palette)):
        return True
    image = _open(source, "picture")
    if _holds_ids(image):
        # a wrong id must be complained about, so this counts values and does not look at them; label ids are more
        return len(np.unique(np.asarray(image))) <= max(len(palette.classes), CITYSCAPES_LAST + 2)
    try:
        read_layout(source, palette, codebook)
    except InputError:
        return False
    return True


def _read_parts(paths: Sequence[Path], palette: Palette) -> Layout:
    """Part files of one picture; others are left out and named in the note."""
    parts = [p for p in paths if part_of(p, palette)]
    if not parts:
        raise InputError(
            f"none of these files is a part of a layout, which is named as 00012_{palette.classes[-1].name}.png is; "
            "open other pictures one at a time"
        )
    same_face(parts, palette)
    masks: dict[str, np.ndarray] = {}
    for path in parts:
        part = part_of(path, palette)
        assert part is not None
        masks[part[1]] = np.asarray(_open(path, "part").convert("L")) > 127
    others = [p.name for p in paths if p not in parts]
    note = f"Put together from {len(parts)} {'part' if len(parts) == 1 else 'parts'}."
    if others:
        note += f" Left out, being no part: {', '.join(others[:3])}{', …' if others[3:] else ''}."
    return Layout(merge_parts(masks, palette), note)


def _holds_ids(image: Image.Image) -> bool:
    """Whether the pixel values can be ids: one channel, and no JPEG, whose values are not exact."""
    one_channel = image.mode in ("L", "P", "1") or image.mode.startswith("I")
    return one_channel and image.format not in LOSSY


def _ids_of_colors(
    rgb: np.ndarray, palette: Palette, codebook: Codebook | None, near_share: float, name: str
) -> tuple[np.ndarray, int, str]:
    """(H, W, 3) uint8 -> (H, W) uint8 ids, how many pixels lie between two colours, and what was assumed.

    A picture has few colours, so each is looked up once.
    """
    packed = rgb.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    unique, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(packed.shape)
    colors = np.stack([unique >> 16, unique >> 8 & 255, unique & 255], axis=-1).astype(np.float32)  # (m, 3)
    readings = [(known, *_nearest(colors, known.colors.astype(np.float32))) for known in known_colors(palette)]
    known, index, distance, second = min(readings, key=lambda reading: float(reading[2] @ counts))
    if distance.any() and codebook is not None:
        anchor, off, _ = _nearest(colors, codebook.anchors.numpy())
        if not off.any():
            return palette.ids[anchor][inverse], 0, ""
    telling = counts * known.colors[index].any(1) if known.black else counts
    flat = telling[distance <= FLAT].sum() / max(1, telling.sum())
    near = counts[distance <= NEAR].sum() / counts.sum()
    if flat < FLAT_SHARE or near < near_share:
        raise InputError(
            f"the layout {name} has colours that are no class of {palette.name}, "
            f"on {100 * (1 - near):.0f} % of its pixels far from any; "
            "a layout holds class ids as grey values or exactly the palette's colours"
        )
    unsure = (2 * distance > second) | (distance > 2 * FLAT)
    rows = index[inverse]
    if unsure.any():
        _ask_neighbours(rows, unsure[inverse], rgb, known)
    return known.ids[rows], int(counts[unsure].sum()), known.note


def _ask_neighbours(rows: np.ndarray, unsure: np.ndarray, rgb: np.ndarray, known: Colors) -> None:
    """Decide unsure pixels among the colours that lie beside them for certain, in place.

    What JPEG mixes of two colours at a border may be a third's, which is found nowhere near.

    Args:
        rows: (H, W) rows of `known.colors`.
        unsure: (H, W) bool.
    """
    own, best = rows[unsure], np.full(int(unsure.sum()), np.inf, np.float32)
    pixels, square = rgb[unsure].astype(np.float32), np.ones((BESIDE, BESIDE), np.uint8)
    for row in np.unique(rows[~unsure]):
        beside = cv2.dilate(((rows == row) & ~unsure).astype(np.uint8), square)[unsure] > 0
        distance = np.where(beside, ((pixels - known.colors[row]) ** 2).sum(1), np.inf)
        own[distance < best] = row
        best = np.minimum(best, distance)
    rows[unsure] = own


def _nearest(colors: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each of `colors` (m, 3) the nearest row of `table` (n, 3), its distance, and the second nearest's."""
    index = np.empty(len(colors), np.int64)
    distance, second = np.empty((2, len(colors)), np.float32)
    for at in range(0, len(colors), 1 << 16):  # a noisy photo has millions of colours, times 171 classes
        part = colors[at : at + (1 << 16)]
        # |c - t|^2 without |c|^2; float32 is exact, every term is a whole number below 2^24
        d = (table**2).sum(1) - 2 * part @ table.T
        index[at : at + len(part)] = d.argmin(1)
        two = np.sqrt(np.partition(d, 1, axis=1)[:, :2].T + (part**2).sum(1))
        distance[at : at + len(part)], second[at : at + len(part)] = two
    return index, distance, second


def _name(source: str | os.PathLike[str] | bytes) -> str:
    return "file" if isinstance(source, bytes) else Path(source).name


def _open(source: str | os.PathLike[str] | bytes, what: str) -> Image.Image:
    """A decoded picture whose size is in bounds.

    Raises:
        InputError: see `read_photo`.
    """
    name = _name(source)
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
    except Exception:  # a damaged header leads Pillow to any exception there is
        raise InputError(f"{name} is not a picture that can be read (JPEG, PNG, WebP, TIFF, BMP or GIF)") from None
    check_size(*image.size, f"{what} {name}")
    try:
        image.load()
    except Exception:  # as above, for damaged data
        raise InputError(f"the {what} {name} is damaged or cut off") from None
    return image


# ---- writing -----------------------------------------------------------------------------------------------


def check_writable(folder: str | os.PathLike[str]) -> None:
    """Raise InputError unless `folder` exists or can be made, and can be written to. Makes nothing."""
    at = Path(folder).absolute()
    while not at.exists() and at != at.parent:
        at = at.parent
    if not at.is_dir() or not os.access(at, os.W_OK | os.X_OK):
        raise InputError(f"the folder {folder} cannot be written to")


def write_photo(path: str | os.PathLike[str], photo: np.ndarray) -> None:
    """Write RGB (H, W, 3) uint8; the suffix names the format.

    Raises:
        InputError: the folder cannot be written to, or the suffix names no format.
    """
    write_atomically(path, lambda temporary: Image.fromarray(photo).save(temporary))


def write_layout(path: str | os.PathLike[str], labels: np.ndarray, palette: Palette) -> None:
    """Write class ids (H, W) uint8 as a PNG of mode P: ids as pixel values, shown in the palette's colours.

    Raises:
        InputError: the folder cannot be written to.
    """
    image = Image.fromarray(np.ascontiguousarray(labels, np.uint8))
    image.putpalette(palette.color_of_id.tobytes())  # turns mode L into P, all 256 entries
    write_atomically(path, lambda temporary: image.save(temporary, "PNG"))


def write_frames(path: str | os.PathLike[str], frames: np.ndarray, fps: float = 12.0) -> None:
    """Write an animation: .gif, .webp or .mp4, a .zip of PNGs, and without a suffix a folder of them.

    Args:
        frames: (N, H, W, 3) uint8. In .mp4 sides are even: an odd one loses its last row or column.

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
        write_atomically(path, lambda temporary: _write_with_pillow(temporary, frames, fps))


def check_animation_path(path: str | os.PathLike[str]) -> None:
    """Raise InputError unless `write_frames` knows the suffix, and a folder of frames is new or empty."""
    suffix = Path(path).suffix
    if not suffix and Path(path).is_dir() and any(Path(path).iterdir()):
        raise InputError(f"the folder {path} is not empty; frames go into a new or empty one")
    if suffix and suffix.lower() not in ANIMATION_SUFFIXES:
        raise InputError(
            f"an animation is written as {', '.join(ANIMATION_SUFFIXES)} or a folder (no suffix), not as {suffix}"
        )


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


def _write_with_pillow(path: Path, frames: np.ndarray, fps: float) -> None:
    first, *others = [Image.fromarray(f) for f in frames]
    lossless = path.suffix.lower() == ".webp"  # GIF has 256 colours a frame whatever one asks for
    first.save(path, save_all=True, append_images=others, duration=round(1000 / fps), loop=0, lossless=lossless)


def _write_mp4(path: Path, frames: np.ndarray, fps: float) -> None:
    """H.264 with halved colour resolution, the one kind of .mp4 that every browser and phone plays."""
    height, width = (side - side % 2 for side in frames.shape[1:3])
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:  # plays before it is all there
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
    """All frames in a hidden folder first, which then takes the name; a folder of that name must be empty."""
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
