"""The state of all processes of a run, read from checkpoints and written into them: what fails becomes a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

from accelerate import Accelerator
from accelerate.utils import gather_object
from safetensors import SafetensorError

from ..errors import InputError
from .checkpoints import NEW, keep_checkpoint, progress_of

# of a full or failing disk: torch raises RuntimeError, write_atomically InputError
WRITE_ERRORS = (OSError, RuntimeError, SafetensorError, InputError)


def load_state(accelerator: Accelerator, checkpoint: Path) -> tuple[int, float]:
    """Take over a run's state -> its step, and the seconds that it took.

    Raises:
        InputError: it cannot be loaded, though its files are whole.
    """
    try:
        accelerator.load_state(str(checkpoint))
    except Exception as error:  # of any type, for files are of several libraries
        raise InputError(
            f"the checkpoint in {checkpoint} cannot be loaded ({first_line(error)}); delete the folder to start again, "
            "or choose another out"
        ) from None
    progress = progress_of(checkpoint) or {}
    return progress["step"], progress["seconds"]


def save_state(accelerator: Accelerator, out: Path, progress: dict[str, float]) -> str:
    """Write the state of all processes -> "", or why it could not be written; the checkpoints before are left then."""
    reason = ""
    accelerator.wait_for_everyone()
    try:
        if accelerator.is_main_process:
            shutil.rmtree(out / NEW, ignore_errors=True)
        accelerator.wait_for_everyone()
        accelerator.save_state(str(out / NEW))
    except WRITE_ERRORS as error:
        reason = reason_of(error)
    # each process writes a file of its own, before the folder is renamed
    reason = next(filter(None, gather_object([reason])), "")
    if accelerator.is_main_process:
        try:
            if not reason:
                keep_checkpoint(out, progress)
        except WRITE_ERRORS as error:
            reason = reason_of(error)
        if reason:
            shutil.rmtree(out / NEW, ignore_errors=True)  # the space that it takes is what lacks
    return reason


def reason_of(error: Exception) -> str:
    """What kept a file from being written. A RuntimeError of another kind is raised again."""
    text = first_line(error)
    if isinstance(error, RuntimeError) and "writ" not in text and "PytorchStream" not in str(error):
        raise error
    return getattr(error, "strerror", None) or text


def first_line(error: Exception) -> str:
    """The first line of a library's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
