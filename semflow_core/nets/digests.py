"""SHA-256 of the weights' files of a folder, in a file beside them, so that bits that flipped on a disk are noticed.

A safetensors file whose header is whole loads, whatever its numbers are, and paints something. Loading computes the
digests, a small part of its time; a folder without the file, such as one that diffusers wrote, is not checked.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

FILE = "weights.json"


def write_digests(folder: Path) -> None:
    """Note what the weights' files of a folder are."""
    entries = {file.name: _entry(file) for file in sorted(folder.glob("*.safetensors"))}
    (folder / FILE).write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def forget_digests(folder: Path) -> None:
    """Before weights are written: a save that is cut short leaves no digests of other weights."""
    (folder / FILE).unlink(missing_ok=True)


def check_digests(folder: Path) -> None:
    """Refuse weights whose bits are not what they were when they were saved.

    A file of another length was written anew since, or is cut, which safetensors notices.

    Raises:
        ValueError: a file differs, or the list cannot be read.
    """
    if not (folder / FILE).is_file():
        return
    try:
        entries = json.loads((folder / FILE).read_text(encoding="utf-8"))
        same = [name for name, entry in entries.items() if _size(folder / name) == entry["bytes"]]
        wrong = [name for name in same if _entry(folder / name) != entries[name]]
    except (ValueError, AttributeError, KeyError, TypeError, OSError):
        raise ValueError(f"{folder.name}/{FILE}, the list of its weights' digests, is damaged") from None
    if wrong:
        raise ValueError(
            f"{folder.name}/{wrong[0]} is damaged: its bytes are not those that were saved; get it again (or, if it "
            f"was changed on purpose, delete {folder.name}/{FILE})"
        )


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else -1


def _entry(file: Path) -> dict[str, int | str]:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return {"bytes": file.stat().st_size, "sha256": digest.hexdigest()}
