"""The folder of what visitors send and get: this user's own, looked at when the app starts."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from semflow_core.errors import InputError

VARIABLE = "GRADIO_TEMP_DIR"
NEEDED = 50 * 2**20  # bytes that must be free when the app starts
ANOTHER = f"name another folder in the variable {VARIABLE}"


def prepare_folder() -> Path:
    """Make the folder, name it in GRADIO_TEMP_DIR, and let everything temporary go there.

    Raises:
        InputError: it cannot be made or written to, belongs to somebody else, or its disk is full.
    """
    folder = Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else _of_this_user()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(2**16))
    except OSError as error:
        raise InputError(f"the temporary folder {folder} cannot be written to ({error.strerror}); {ANOTHER}") from None
    free = shutil.disk_usage(folder).free
    if free < NEEDED:
        raise InputError(
            f"the temporary folder {folder} has {free // 2**20} MB left and needs {NEEDED // 2**20}; free some, "
            f"or {ANOTHER}"
        )
    folder = folder.resolve()
    os.environ[VARIABLE] = tempfile.tempdir = str(folder)
    return folder


def _of_this_user() -> Path:
    """The folder that is taken where none is named: below the system's, named after the user."""
    wished = os.environ.get("TMPDIR")
    try:
        system = Path(tempfile.gettempdir())
    except FileNotFoundError:
        raise InputError(f"there is no temporary folder that can be written to; {ANOTHER}") from None
    if wished and Path(wished).resolve() != system.resolve():
        print(f"app.py: warning: {wished} (TMPDIR) cannot be written to; {system} is used", file=sys.stderr)
    folder = system / (f"semflow-studio-{os.getuid()}" if hasattr(os, "getuid") else "semflow-studio")
    if folder.is_symlink() or (folder.exists() and hasattr(os, "getuid") and folder.stat().st_uid != os.getuid()):
        raise InputError(f"the temporary folder {folder} belongs to somebody else; {ANOTHER}")
    return folder
