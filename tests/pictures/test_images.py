from __future__ import annotations

import io
import os
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image, ImageSequence

from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import load_palette, palette_names
from semflow_core.pictures.animations import write_frames
from semflow_core.pictures.files import check_writable, write_atomically
from semflow_core.pictures.layouts import is_layout, read_layout, write_layout
from semflow_core.pictures.photos import read_photo, write_photo

FACES = load_palette("celebamask_hq")


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that states its size and holds no pixel: reading it can only succeed as far as the header."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


# ---- photos ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_photos_are_read_exactly(photo: np.ndarray, format: str) -> None:
    assert np.array_equal(read_photo(encoded(Image.fromarray(photo), format)), photo)


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_lossy_photos_are_read_nearly(photo: np.ndarray, format: str) -> None:
    read = read_photo(encoded(Image.fromarray(photo), format, quality=95))
    assert np.abs(read.astype(int) - photo).mean() < 4


def test_a_photo_is_read_from_a_path_too(photo: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(photo).save(tmp_path / "a.png")
    assert np.array_equal(read_photo(tmp_path / "a.png"), photo)
    read_photo(str(tmp_path / "a.png"))[0, 0] = 0  # writable: callers may draw on it


@pytest.mark.parametrize(
    "orientation, undo",
    [
        (1, lambda a: a),
        (2, np.fliplr),
        (3, lambda a: np.rot90(a, 2)),
        (6, lambda a: np.rot90(a, -1)),
        (8, np.rot90),
    ],
)
def test_the_cameras_rotation_is_applied(photo: np.ndarray, orientation: int, undo) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = read_photo(encoded(Image.fromarray(photo), "PNG", exif=exif))
    assert np.array_equal(read, undo(photo))


def test_transparency_lies_on_white(photo: np.ndarray) -> None:
    alpha = np.full(photo.shape[:2], 255, np.uint8)
    alpha[:20] = 0
    alpha[20:30] = 128
    read = read_photo(encoded(Image.fromarray(np.dstack([photo, alpha]))))
    assert (read[:20] == 255).all()
    assert np.array_equal(read[30:], photo[30:])
    half = photo[20:30] * (128 / 255) + 255 * (127 / 255)
    assert np.abs(read[20:30] - half).max() <= 1


def test_a_palette_pictures_transparent_colour_is_white() -> None:
    image = Image.fromarray(np.repeat([[0, 1]], 16, axis=0).repeat(8, axis=1).astype(np.uint8))
    image.putpalette([255, 0, 0, 0, 0, 255])
    read = read_photo(encoded(image, transparency=0))
    assert (read[:, :8] == 255).all() and (read[:, 8:] == [0, 0, 255]).all()


@pytest.mark.parametrize("mode", ["L", "LA", "1", "CMYK", "YCbCr", "P", "RGBA"])
def test_every_mode_becomes_rgb(photo: np.ndarray, mode: str) -> None:
    format = {"CMYK": "TIFF", "YCbCr": "JPEG"}.get(mode, "PNG")
    read = read_photo(encoded(Image.fromarray(photo).convert(mode), format))
    assert read.shape == photo.shape and read.dtype == np.uint8


def test_cmyk_jpegs_keep_their_colours(photo: np.ndarray) -> None:
    read = read_photo(encoded(Image.fromarray(photo).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(read.astype(int) - photo).mean() < 10


def test_sixteen_bits_become_eight(photo: np.ndarray) -> None:
    grey = photo[..., 0]
    read = read_photo(encoded(Image.fromarray(grey.astype(np.uint16) * 257)))
    assert np.array_equal(read, np.dstack([grey] * 3))
    color = cv2.imencode(".png", photo[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    assert np.array_equal(read_photo(color), photo)


def test_floating_point_photos_are_refused() -> None:
    with pytest.raises(InputError, match="floating-point"):
        read_photo(encoded(Image.fromarray(np.zeros((16, 16), np.float32)), "TIFF"))


def test_damaged_exif_does_not_cost_the_picture(photo: np.ndarray) -> None:
    assert np.array_equal(read_photo(encoded(Image.fromarray(photo), "PNG", exif=b"Exif\0\0nonsense")), photo)


GOOD = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)))


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "is not a picture"),
        (b"hello", "is not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "is not a picture"),
        (GOOD[:20], "is not a picture"),
        (GOOD[: len(GOOD) // 2], "damaged or cut off"),
        (GOOD[:100] + b"\0" * 50 + GOOD[150:], "damaged or cut off"),
        (encoded(Image.new("RGB", (1, 1))), "1x1 pixels; both sides must be at least 16"),
        (encoded(Image.new("RGB", (15, 64))), "15x64 pixels"),
        (png_header(10_000, 10_000), "10000x10000 pixels; the most is"),  # warned of by Pillow
        (png_header(20_000, 20_000), "more pixels than can be handled"),  # refused by Pillow
        (png_header(9_000, 100), "9000x100 pixels; the most is 8192 a side"),
    ],
    ids=[
        "empty",
        "text",
        "postscript",
        "half-a-header",
        "cut-off",
        "damaged",
        "1x1",
        "narrow",
        "100-megapixels",
        "400-megapixels",
        "wide",
    ],
)
def test_bad_photos_are_refused_with_one_sentence_and_no_warning(data: bytes, words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError, match=words) as caught:
            read_photo(data)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file .*gone.png"):
        read_photo(tmp_path / "gone.png")
    with pytest.raises(InputError, match="the photo .* cannot be read: Is a directory"):
        read_photo(tmp_path)


# ---- layouts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", palette_names())
def test_a_layout_survives_writing_and_reading(name: str, tmp_path: Path) -> None:
    palette = load_palette(name)
    labels = palette.ids[np.arange(18 * 20) % len(palette.ids)].reshape(18, 20)
    write_layout(tmp_path / "a.png", labels, palette)
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), labels), "pixel values are ids"
        assert np.array_equal(np.asarray(image.convert("RGB")), palette.colorize(labels))
    assert np.array_equal(read_layout(tmp_path / "a.png", palette), labels)


@pytest.mark.parametrize("name", palette_names())
def test_every_display_colour_and_anchor_is_its_class(name: str) -> None:
    palette = load_palette(name)
    book = Codebook(palette, 6, 50)
    labels = np.repeat(palette.ids[:, None], 16, axis=1)  # (n, 16): one row a class
    anchors = book.encode(labels[None])[0].permute(1, 2, 0).numpy().astype(np.uint8)
    assert np.array_equal(read_layout(encoded(Image.fromarray(palette.colorize(labels))), palette, book), labels)
    assert np.array_equal(read_layout(encoded(Image.fromarray(anchors)), palette, book), labels)


def test_grey_values_are_ids(face_layout: np.ndarray) -> None:
    for layout in (face_layout, face_layout.astype(np.uint16)):
        assert np.array_equal(read_layout(encoded(Image.fromarray(layout)), FACES), face_layout)


@pytest.mark.parametrize("quality, subsampling", [(95, 0), (90, 2), (75, 2)])
def test_a_jpegs_noise_is_forgiven(face_layout: np.ndarray, quality: int, subsampling: int) -> None:
    large = np.kron(face_layout, np.ones((8, 8), np.uint8))
    jpeg = encoded(Image.fromarray(FACES.colorize(large)), "JPEG", quality=quality, subsampling=subsampling)
    assert (read_layout(jpeg, FACES) == large).mean() > 0.97


@pytest.mark.parametrize("name", palette_names())
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_photo_is_no_layout_of_any_palette(photo: np.ndarray, name: str, format: str) -> None:
    """171 colours leave no colour far away; what gives a photo away is that it has no flat areas."""
    noisy = photo // 2 + np.random.default_rng(0).integers(0, 128, photo.shape, dtype=np.uint8)
    for picture in (photo, noisy):
        data = encoded(Image.fromarray(picture), format)
        assert not is_layout(data, load_palette(name))
        with pytest.raises(InputError, match=f"colours that are no class of {name}"):
            read_layout(data, load_palette(name))


def test_transparent_pixels_are_the_background(face_layout: np.ndarray) -> None:
    alpha = np.full(face_layout.shape, 255, np.uint8)
    alpha[:, :24] = 0
    read = read_layout(encoded(Image.fromarray(np.dstack([FACES.colorize(face_layout), alpha]))), FACES)
    assert (read[:, :24] == FACES.background).all()
    assert np.array_equal(read[:, 24:], face_layout[:, 24:])


def test_wrong_layouts_are_refused(photo: np.ndarray, face_layout: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"no class of celebamask_hq: 19, 200; its ids are 0-18"):
        read_layout(encoded(Image.fromarray(np.array([[19, 200]] * 16).repeat(8, 1).astype(np.uint8))), FACES)
    with pytest.raises(InputError, match="16-bit ids up to 300"):
        read_layout(encoded(Image.fromarray(np.full((16, 16), 300, np.uint16))), FACES)
    with pytest.raises(InputError, match="colours that are no class of celebamask_hq"):
        read_layout(encoded(Image.fromarray(photo)), FACES)
    with pytest.raises(InputError, match="colours that are no class"):
        read_layout(encoded(Image.fromarray(face_layout), "JPEG"), FACES)  # grey, but not exact
    with pytest.raises(InputError, match="the layout file is 1x1 pixels"):
        read_layout(encoded(Image.new("L", (1, 1))), FACES)


def test_a_layout_of_two_percent_foreign_colours_is_refused(face_layout: np.ndarray) -> None:
    painted = FACES.colorize(face_layout)
    painted[:1] = (0, 255, 255)  # one row of 48
    with pytest.raises(InputError, match="on 2 % of its pixels far from any"):
        read_layout(encoded(Image.fromarray(painted)), FACES)


def test_layouts_and_photos_are_told_apart(face_layout: np.ndarray, photo: np.ndarray) -> None:
    wrong_ids = np.full((16, 16), 99, np.uint8)  # is complained about as a layout, not animated as a photo
    for layout in (
        Image.fromarray(face_layout),
        Image.fromarray(FACES.colorize(face_layout)),
        Image.fromarray(wrong_ids),
    ):
        assert is_layout(encoded(layout), FACES)
    for picture in (
        Image.fromarray(photo),
        Image.fromarray(photo[..., 1]).convert("L"),
        Image.fromarray(photo).quantize(64),
    ):
        assert not is_layout(encoded(picture), FACES)


# ---- writing -----------------------------------------------------------------------------------------------


def test_writing_makes_folders_and_replaces_files(photo: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "a.png"
    write_photo(path, 255 - photo)
    write_photo(path, photo)
    assert np.array_equal(read_photo(path), photo)
    assert os.listdir(path.parent) == ["a.png"], "no temporary file is left"


def test_who_reads_the_old_file_keeps_it(photo: np.ndarray, tmp_path: Path) -> None:
    """A file is put in place whole: overwriting it in place would change it under its readers."""
    write_photo(tmp_path / "a.png", photo)
    with open(tmp_path / "a.png", "rb") as reader:
        write_photo(tmp_path / "a.png", 255 - photo)
        assert np.array_equal(read_photo(reader.read()), photo)
    assert np.array_equal(read_photo(tmp_path / "a.png"), 255 - photo)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError("no space left on device")

    with pytest.raises(InputError, match="cannot be written: no space left"):
        write_atomically(path, fail)
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.png"]


def test_an_unwritable_place_is_refused(photo: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot be written to"):
            check_writable(folder)
        with pytest.raises(InputError, match="cannot be written"):
            write_photo(folder / "a.png", photo)
        with pytest.raises(InputError, match="cannot be written"):
            write_frames(folder / "frames", photo[None])
    check_writable(tmp_path / "not" / "there" / "yet")
    assert os.listdir(tmp_path) == ["file"], "checking makes nothing"


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root, as in containers, has every permission
    with pytest.raises(InputError, match="cannot be written to"):
        check_writable(tmp_path)


def test_an_unknown_suffix_is_refused(photo: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown file extension"):
        write_photo(tmp_path / "a.xyz", photo)
    with pytest.raises(InputError, match=r"not as \.avi"):
        write_frames(tmp_path / "a.avi", photo[None])
    assert not os.listdir(tmp_path)


@pytest.fixture
def frames(photo: np.ndarray) -> np.ndarray:
    """(7, 40, 56, 3): a photo that darkens."""
    return np.stack([photo // (i + 1) for i in range(7)])


@pytest.mark.parametrize("suffix, tolerance", [(".gif", 12), (".webp", 0)])
def test_animations_by_pillow(frames: np.ndarray, tmp_path: Path, suffix: str, tolerance: float) -> None:
    write_frames(tmp_path / f"a{suffix}", frames, fps=10)
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert len(list(ImageSequence.Iterator(image))) == 7 and image.info["loop"] == 0
        for i, frame in enumerate(frames):
            image.seek(i)
            assert np.abs(np.asarray(image.convert("RGB")).astype(int) - frame).mean() <= tolerance
            assert image.info["duration"] == 100


def test_animations_as_mp4(frames: np.ndarray, tmp_path: Path) -> None:
    write_frames(tmp_path / "a.mp4", frames, fps=10)
    with av.open(str(tmp_path / "a.mp4")) as container:
        (stream,) = container.streams.video
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p"), "what browsers play"
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "plays before it is all there"
    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    read = []
    while (got := capture.read())[0]:
        read.append(got[1][..., ::-1])
    assert np.stack(read).shape == frames.shape
    assert np.abs(np.stack(read).astype(int) - frames).mean() < 12


def test_a_video_of_odd_sides_loses_one_row_and_column(frames: np.ndarray, tmp_path: Path) -> None:
    write_frames(tmp_path / "a.mp4", frames[:, :39, :55], fps=12.5)
    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert capture.read()[1].shape == (38, 54, 3)


def test_animations_as_a_zip(frames: np.ndarray, tmp_path: Path) -> None:
    write_frames(tmp_path / "a.zip", frames)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == [f"{i:03d}.png" for i in range(7)]
        assert np.array_equal(np.stack([read_photo(archive.read(n)) for n in archive.namelist()]), frames)


def test_animations_as_a_folder(frames: np.ndarray, tmp_path: Path) -> None:
    write_frames(tmp_path / "frames", frames)
    names = sorted(os.listdir(tmp_path / "frames"))
    assert names == [f"{i:03d}.png" for i in range(7)]
    assert np.array_equal(np.stack([read_photo(tmp_path / "frames" / n) for n in names]), frames)
    with pytest.raises(InputError, match="is not empty"):
        write_frames(tmp_path / "frames", frames)
    assert os.listdir(tmp_path) == ["frames"]
