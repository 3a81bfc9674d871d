"""Temporary files, deleted while the studio runs: old ones, and the oldest where there are too many bytes of them.

Gradio deletes those that it remembers; what a visitor left who vanished in the middle of an upload, and empty folders,
it does not.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from .limits import FILE_SECONDS, MAX_TEMPORARY, SWEEP_SECONDS, YOUNG_SECONDS


def sweep(folder: Path, age: float = FILE_SECONDS, most: int = MAX_TEMPORARY, young: float = YOUNG_SECONDS) -> int:
    """Delete what is older than `age` seconds; then, oldest first, until `most` bytes are left; then empty folders.

    Args:
        young: seconds for which a file is not deleted for its size: somebody may be about to use it.

    Returns:
        bytes that are left.
    """
    now, files, folders = time.time(), [], []
    for root, _, names in os.walk(folder, topdown=False):  # links are not followed
        for path in (Path(root, name) for name in names):
            with suppress(OSError):
                status = path.lstat()
                files.append((max(status.st_mtime, status.st_ctime), status.st_size, path))
        with suppress(OSError):
            folders.append((Path(root), os.stat(root).st_mtime))  # before files in it are removed, which makes it new
    left = sum(size for _, size, _ in files)
    for when, size, path in sorted(files, key=lambda file: file[0]):
        if now - when > age or (left > most and now - when > young):
            with suppress(OSError):
                path.unlink()
                left -= size
    for path, when in folders:
        with suppress(OSError):
            if path != folder and now - when > young:
                path.rmdir()  # only an empty one goes
    return left


def keep_swept(folder: Path, every: float = SWEEP_SECONDS) -> threading.Event:
    """Sweep a folder from now on, in a thread; setting the event that comes back ends it."""
    stopped = threading.Event()

    def run() -> None:
        while not stopped.wait(every):
            with suppress(OSError):
                sweep(folder)

    threading.Thread(target=run, name="sweep", daemon=True).start()
    return stopped
