"""What a file is, by its first bytes: what the studio opens, and what is said of everything else."""

from __future__ import annotations

import re
from pathlib import Path

from semflow_core.pictures.files import READABLE

PICTURE, PROJECT, ARCHIVE = "picture", "project", "zip archive"  # what the studio opens
HEAD = 512  # bytes of a file that tell what it is
# names that systems leave in folders
LITTER = re.compile(r"(?i)\.(?!\.?$).*|__MACOSX|thumbs\.db|desktop\.ini|ehthumbs.*\.db")

# the start of a file -> what it is. The first that fits counts.
_STARTS: tuple[tuple[bytes, str], ...] = (
    (rb"\xff\xd8\xff", PICTURE),  # JPEG
    (rb"\x89PNG\r\n\x1a\n", PICTURE),
    (rb"GIF8[79]a", PICTURE),
    (rb"RIFF....WEBP", PICTURE),
    (rb"BM.{4}\0\0\0\0", PICTURE),
    (rb"II\*\0|MM\0\*", PICTURE),  # TIFF
    (rb"P[1-6]\s", PICTURE),  # PPM
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", PICTURE),  # JPEG 2000
    (rb"....ftyp(avi[fs]|hei[cxms]|hev[cxms]|mif1|msf1)", PICTURE),  # AVIF, HEIC
    (rb"....ftyp|\x1a\x45\xdf\xa3|RIFF....AVI |\0\0\x01[\xb3\xba]", "a video"),
    (rb"ID3|OggS|fLaC|RIFF....WAVE|\xff[\xfb\xf3]", "a sound"),
    (rb"PK\x03\x04|PK\x05\x06", ARCHIVE),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!", "an archive that is no zip"),
    (rb"%PDF", "a PDF"),
    (rb"%!PS", "a PostScript drawing"),
    (rb"8BPS", "a Photoshop file"),
    (rb"gimp xcf", "a GIMP file"),
    (rb"\x93NUMPY", "a NumPy array"),
    (rb"(?i:\[InternetShortcut\])", "a link to a page"),
    (rb"(?is)\s*(<\?xml.*?)?(<!--.*?-->\s*)?(<!doctype svg.*?)?<svg", "an SVG drawing"),
    (rb"(?is)\s*(<!doctype html|<html)", "a web page"),
    (rb"\s*[{\[]", PROJECT),
    (rb"(?s:.{8})\{\"", "a file of weights"),  # safetensors: the length of its JSON first
)
_KINDS = tuple((re.compile(start, re.DOTALL), kind) for start, kind in _STARTS)
OPENED = f"open a photo or layout ({READABLE}), a project, or a zip of one"


def kind_of(head: bytes, name: str) -> str:
    """PICTURE, PROJECT, ARCHIVE, what else a file is ("a PDF"), or "" where nobody knows.

    Args:
        head: its first bytes, HEAD or more where it has them.
        name: its name, which counts only where the bytes say nothing.
    """
    for start, kind in _KINDS:
        if start.match(head):
            return kind
    text = re.sub(rb"\0|^[\xff\xfe\xef\xbb\xbf]+", b"", head)  # UTF-16, marks
    if text.lstrip()[:1] in (b"{", b"[") or name.lower().endswith(".json"):
        return PROJECT
    return ""


def kind_of_file(file: Path) -> str:
    """`kind_of` a file; "" where it cannot be read."""
    try:
        with file.open("rb") as stream:
            return kind_of(stream.read(HEAD), file.name)
    except OSError:
        return ""


def is_litter(name: str) -> bool:
    """Whether a path within a folder or archive is what a system left there: hidden files, caches of icons."""
    return any(LITTER.fullmatch(part) for part in name.replace("\\", "/").split("/") if part)
